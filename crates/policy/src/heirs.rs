//! Who inherits, by the Civil Code's order (1138, 1139, 1140, 1144, 1176), and who represents a minor or a ward (1086,
//! 1055, 1098, 1113): two small solvers that also say why not. What they say is in rows of `documents.toml`.

use crate::rules::rows::{Dated, InheritanceRow, Outcome, RepresentativeRow, Represented};
use crate::{Fate, Kinship, People, Reason, Relative, Representation, Rules};
use jiff::civil::Date;

/// The relatives of a case with the applicant as the last of them.
struct Family<'a> {
    rules: &'a Rules,
    on: Date,
    members: Vec<Relative>,
}

/// What stands between a descendant and the deceased, and what came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Line {
    /// Everybody between died before or lost the right: this one stands in their place.
    Open,
    /// Somebody between lives, and inherits in the first place.
    NearerLives,
    /// Somebody between renounced.
    Renounced,
}

impl Rules {
    /// What the order of heirs says about the applicant, with the row that says it. `None`: not known how related, or
    /// no heir by law ([`Rules::heir_order`]).
    pub(crate) fn inheritance(&self, on: Date, people: &People) -> Option<(Outcome, &InheritanceRow)> {
        let kinship = people.kinship?;
        self.heir_order(on, kinship)?;
        let mut members = people.relatives.clone();
        members.push(Relative { kinship, fate: Fate::Lives, child_of: people.child_of });
        let outcome = Family { rules: self, on, members }.outcome(people.relatives.len());
        let row = self.inheritance.iter().find(|r| *r.outcome.get_ref() == outcome && r.validity().holds_on(on));
        row.map(|row| (outcome, row))
    }

    /// What the law says about this representative of a minor or a ward. `None`: not asked in what right.
    pub(crate) fn representative(&self, on: Date, people: &People) -> Option<&RepresentativeRow> {
        let right: Representation = people.representation?;
        let of = if people.patient_under_guardianship { Represented::Ward } else { Represented::Minor };
        self.representatives
            .iter()
            .find(|r| r.of == of && r.relation.representation() == right && r.validity().holds_on(on))
    }

    /// In what right the applicant applies, as the answer says it.
    pub(crate) fn standing_reasons(&self, on: Date, people: &People) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if let (crate::Capacity::Heir, Some((outcome, row))) = (people.capacity, self.inheritance(on, people))
            && outcome.inherits()
        {
            reasons.push(Reason {
                rule: row.id.get_ref().clone(),
                text: row.text.fill("heir", self.heir_text(on, people.kinship)),
                cite: row.cite.get_ref().cite(),
                reading: Some("A25".to_owned()),
            });
        }
        if let (crate::Capacity::LegalRepresentative, Some(row)) = (people.capacity, self.representative(on, people))
            && row.represents
        {
            let (text, cite) = (row.text.clone(), row.cite.get_ref().cite());
            reasons.push(Reason { rule: row.id.get_ref().clone(), text, cite, reading: None });
        }
        reasons
    }

    fn heir_text(&self, on: Date, kinship: Option<Kinship>) -> &crate::Text {
        let row = kinship.and_then(|kinship| self.heir_row(on, kinship));
        row.map_or_else(|| &self.in_force(&self.standing, on).not_an_heir, |h| &h.text)
    }
}

impl Family<'_> {
    fn outcome(&self, applicant: usize) -> Outcome {
        let kinship = self.members[applicant].kinship;
        let order = self.rules.heir_order(self.on, kinship).unwrap_or(0);
        match order {
            0 => Outcome::Spouse,
            _ if (1..order).any(|earlier| self.has_heirs(earlier)) => Outcome::EarlierOrder,
            1 => self.among_descendants(applicant),
            _ => Outcome::LaterOrder,
        }
    }

    /// Whether anybody of an order inherits.
    fn has_heirs(&self, order: u8) -> bool {
        let of_order = |i: &usize| self.rules.heir_order(self.on, self.members[*i].kinship) == Some(order);
        (0..self.members.len()).filter(of_order).any(|i| self.members[i].fate == Fate::Lives)
    }

    fn among_descendants(&self, applicant: usize) -> Outcome {
        match self.line(applicant) {
            Line::NearerLives => Outcome::NearerDegree,
            Line::Open if self.members[applicant].child_of.is_none() => Outcome::Nearest,
            Line::Open => Outcome::Representing,
            // 1176: only where nobody of a nearer degree is left does the next degree inherit.
            Line::Renounced if self.nearer_than(applicant) => Outcome::LineRenounced,
            Line::Renounced => Outcome::NextDegree,
        }
    }

    /// From a descendant up to the deceased.
    fn line(&self, of: usize) -> Line {
        let mut found = Line::Open;
        let mut above = self.members[of].child_of;
        // As many steps as members: a circle ends, and the check of the form names it.
        for _ in 0..self.members.len() {
            let Some(parent) = above.and_then(|i| self.members.get(i)) else { break };
            match parent.fate {
                Fate::Lives => return Line::NearerLives,
                Fate::Renounced => found = Line::Renounced,
                Fate::DiedBefore | Fate::LostRight => {}
            }
            above = parent.child_of;
        }
        found
    }

    /// Whether a descendant of a nearer degree inherits, or stands in for one who would.
    fn nearer_than(&self, applicant: usize) -> bool {
        let degree = self.degree(applicant);
        let inherits = |i: usize| {
            let m = &self.members[i];
            let descends = self.rules.heir_order(self.on, m.kinship) == Some(1);
            descends && m.fate == Fate::Lives && self.line(i) == Line::Open
        };
        (0..self.members.len()).any(|i| i != applicant && inherits(i) && self.root_degree(i) < degree)
    }

    /// 1 for a child, 2 for a grandchild, …
    fn degree(&self, of: usize) -> usize {
        let mut above = self.members[of].child_of;
        let mut degree = 1;
        while let Some(parent) = above.and_then(|i| self.members.get(i)).filter(|_| degree <= self.members.len()) {
            degree += 1;
            above = parent.child_of;
        }
        degree
    }

    /// The degree whose share somebody takes: who stands in for a child takes a child's share.
    fn root_degree(&self, of: usize) -> usize {
        match self.line(of) {
            Line::Open => 1,
            Line::NearerLives | Line::Renounced => self.degree(of),
        }
    }
}

/// Whether a `child_of` names a descendant of the list and leads to the deceased without a circle.
pub(crate) fn leads_to_the_deceased(relatives: &[Relative], start: Option<usize>) -> bool {
    let mut above = start;
    for _ in 0..=relatives.len() {
        let Some(i) = above else { return true };
        match relatives.get(i) {
            Some(r) if r.kinship == Kinship::Descendant => above = r.child_of,
            Some(_) | None => return false,
        }
    }
    false
}
