//! Who may apply in which capacity, and why not: minors, wards, the deceased, heirs by the Civil Code's order.

use crate::rules::rows::MajorityRow;
use crate::{Capacity, Kinship, People, Rules, Text, Violation, taiwan};
use jiff::civil::Date;

impl Rules {
    /// The order of an heir by Civil Code 1138; 0 is beside any order (the spouse, 1144). `None`: not an heir by law.
    pub fn heir_order(&self, kinship: Kinship) -> Option<u8> {
        self.heirs.iter().find(|h| h.kinship.get_ref().kinship() == kinship).map(|h| h.order)
    }

    /// Whether somebody born then is a minor on a day (A23). `None`: the birthday is not known.
    pub fn is_minor(&self, born: Option<Date>, on: Date) -> Option<bool> {
        let born = born?;
        Some(taiwan::age_on(born, on)? < self.age_of_majority(on))
    }

    /// Every reason why the people of the case may not apply as they do.
    pub(crate) fn standing_violations(&self, on: Date, people: &People) -> Vec<Violation> {
        let rows = &self.standing;
        let majority: &MajorityRow = self.majority_row(on);
        let minor = self.is_minor(people.patient_born, on);
        let mut found = Vec::new();
        let mut refuse = |code: &str, field: &str, text: Text| {
            let cite = if text.zh.contains("{years}") { &majority.cite } else { &rows.cite };
            found.push(Violation {
                code: code.to_owned(),
                field: field.to_owned(),
                text: text.put("years", majority.years.get_ref()),
                cite: Some(cite.get_ref().cite()),
            });
        };
        let living = !people.patient_deceased;
        match people.capacity {
            Capacity::Patient | Capacity::LegalRepresentative if people.patient_deceased => {
                refuse("patient-deceased", "people.capacity", rows.deceased.clone());
            }
            Capacity::Patient if people.patient_under_guardianship => {
                refuse("ward-cannot-apply-alone", "people.capacity", rows.ward_alone.clone());
            }
            Capacity::Patient if minor == Some(true) => {
                refuse("minor-cannot-apply-alone", "people.capacity", rows.minor_alone.clone());
            }
            Capacity::LegalRepresentative if minor == Some(false) && !people.patient_under_guardianship => {
                refuse("patient-is-of-age", "people.capacity", rows.adult_represented.clone());
            }
            Capacity::Patient | Capacity::LegalRepresentative => {}
            Capacity::Heir if living => refuse("patient-living", "people.patient_deceased", rows.living.clone()),
            Capacity::Heir => match people.kinship.map(|k| self.heir_order(k)) {
                Some(None) => refuse("not-an-heir", "people.kinship", rows.not_an_heir.clone()),
                Some(Some(order)) if order > 1 && people.earlier_heir_lives == Some(true) => {
                    refuse("earlier-heir-lives", "people.earlier_heir_lives", rows.earlier_heir.clone());
                }
                Some(Some(_)) | None => {}
            },
        }
        found
    }
}
