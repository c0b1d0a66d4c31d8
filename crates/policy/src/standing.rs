//! Who may apply in which capacity, and why not: minors, wards, the deceased, heirs by the Civil Code's order.

use crate::heirs::leads_to_the_deceased;
use crate::rules::rows::{Dated, HeirRow, MajorityRow, Outcome, RepresentativeRow};
use crate::{Capacity, Cite, Kinship, People, Rules, Text, Violation, taiwan};
use jiff::civil::Date;

impl Rules {
    /// The order of an heir by Civil Code 1138; 0 is beside any order (the spouse, 1144). `None`: not an heir by law.
    pub(crate) fn heir_order(&self, on: Date, kinship: Kinship) -> Option<u8> {
        self.heir_row(on, kinship).map(|h| h.order)
    }

    pub(crate) fn heir_row(&self, on: Date, kinship: Kinship) -> Option<&HeirRow> {
        self.heirs.iter().find(|h| h.kinship.get_ref().kinship() == kinship && h.validity().holds_on(on))
    }

    /// Whether somebody born then is a minor on a day (A23). `None`: the birthday is not known.
    pub fn is_minor(&self, born: Option<Date>, on: Date) -> Option<bool> {
        let born = born?;
        Some(taiwan::age_on(born, on)? < self.age_of_majority(on))
    }

    /// Every reason why the people of the case may not apply as they do.
    pub(crate) fn standing_violations(&self, on: Date, people: &People) -> Vec<Violation> {
        let rows = self.in_force(&self.standing, on);
        let majority: &MajorityRow = self.majority_row(on);
        let minor = self.is_minor(people.patient_born, on);
        let refused = |code: &str, field: &str, text: &Text| {
            let cite = if text.zh.contains("{years}") { &majority.cite } else { &rows.cite };
            let text = text.put("years", majority.years.get_ref());
            vec![violation(code, field, text, cite.get_ref().cite())]
        };
        let living = !people.patient_deceased;
        match people.capacity {
            Capacity::Patient | Capacity::LegalRepresentative if people.patient_deceased => {
                refused("patient-deceased", "people.capacity", &rows.deceased)
            }
            Capacity::Patient if people.patient_under_guardianship => {
                refused("ward-cannot-apply-alone", "people.capacity", &rows.ward_alone)
            }
            Capacity::Patient if minor == Some(true) => {
                refused("minor-cannot-apply-alone", "people.capacity", &rows.minor_alone)
            }
            Capacity::LegalRepresentative if minor == Some(false) && !people.patient_under_guardianship => {
                refused("patient-is-of-age", "people.capacity", &rows.adult_represented)
            }
            Capacity::LegalRepresentative => {
                let row = self.representative(on, people).filter(|r| !r.represents);
                let why_not = |r: &RepresentativeRow| {
                    let (text, cite) = (r.text.clone(), r.cite.get_ref().cite());
                    violation("not-a-representative", "people.representation", text, cite)
                };
                row.map(why_not).into_iter().collect()
            }
            Capacity::Patient => Vec::new(),
            Capacity::Heir if living => refused("patient-living", "people.patient_deceased", &rows.living),
            Capacity::Heir => match people.kinship.map(|k| self.heir_order(on, k)) {
                Some(None) => refused("not-an-heir", "people.kinship", &rows.not_an_heir),
                Some(Some(order)) if order > 1 && people.earlier_heir_lives == Some(true) => {
                    refused("earlier-heir-lives", "people.earlier_heir_lives", &rows.earlier_heir)
                }
                Some(Some(_)) => self.heir_violations(on, people),
                None => Vec::new(),
            },
        }
    }

    /// Why the relatives named leave the applicant without the right.
    fn heir_violations(&self, on: Date, people: &People) -> Vec<Violation> {
        let mut found = Vec::new();
        let relatives = people.relatives.iter().enumerate();
        let lines = relatives.map(|(i, r)| (format!("people.relatives[{i}].child_of"), Some(r.kinship), r.child_of));
        let own = ("people.child_of".to_owned(), people.kinship, people.child_of);
        for (field, kinship, child_of) in lines.chain([own]) {
            let descends = kinship == Some(Kinship::Descendant) && leads_to_the_deceased(&people.relatives, child_of);
            if child_of.is_some() && !descends {
                let text = Text::new(
                    "僅直系血親卑親屬填寫：名單中的另一位直系血親卑親屬（自 0 起算），且不得循環。",
                    "Only for a descendant: another descendant of the list, counted from 0, and never in a circle.",
                );
                found.push(Violation { code: "no-such-relative".to_owned(), field, text, cite: None });
            }
        }
        if !found.is_empty() {
            return found;
        }
        if let Some((outcome, row)) = self.inheritance(on, people).filter(|(outcome, _)| !outcome.inherits()) {
            let code = match outcome {
                Outcome::EarlierOrder => "earlier-heir-lives",
                Outcome::NearerDegree => "nearer-degree-lives",
                Outcome::LineRenounced => "line-renounced",
                Outcome::Spouse
                | Outcome::Nearest
                | Outcome::Representing
                | Outcome::NextDegree
                | Outcome::LaterOrder => "inherits",
            };
            found.push(violation(code, "people.relatives", row.text.clone(), row.cite.get_ref().cite()));
        }
        found
    }
}

fn violation(code: &str, field: &str, text: Text, cite: Cite) -> Violation {
    Violation { code: code.to_owned(), field: field.to_owned(), text, cite: Some(cite) }
}
