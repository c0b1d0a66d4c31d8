//! Who must bring what: the requirement row of the case, each paper swapped for what stands in its place.

use crate::rules::rows::{Dated, DocumentRow, Outcome, RequirementRow, SwapRow, SwapWhen};
use crate::rules::switches::{EarlierHeirs, Visitor};
use crate::{Capacity, People, Reason, RequiredDocument, Rules, Whose};
use jiff::civil::Date;

impl Rules {
    /// The row of a paper on a day.
    fn paper(&self, id: &str, on: Date) -> Option<&DocumentRow> {
        self.documents.iter().find(|d| d.id.get_ref() == id && d.validity().holds_on(on))
    }

    /// The papers of a case, in the order of its row. `psychiatry`: any examination ordered by Psychiatry or made
    /// while admitted to it (A16).
    pub(crate) fn papers(&self, on: Date, people: &People, psychiatry: bool) -> Vec<RequiredDocument> {
        let Some(row) = self.requirements.iter().find(|r| requirement_fits(r, on, people)) else { return Vec::new() };
        let mut papers: Vec<RequiredDocument> = Vec::with_capacity(row.documents.len() + 1);
        for id in &row.documents {
            let document = self.paper(id.get_ref(), on).map(|d| self.swapped(d, on, people, psychiatry));
            papers.extend(document.map(required));
        }
        if self.needs_proof_of_earlier_heirs(on, people) {
            papers.extend(
                self.paper(self.in_force(&self.standing, on).earlier_heir_document.get_ref(), on).map(required),
            );
        }
        papers
    }

    fn swapped<'a>(
        &'a self,
        document: &'a DocumentRow,
        on: Date,
        people: &People,
        psychiatry: bool,
    ) -> &'a DocumentRow {
        let foreign = match document.of {
            Whose::Patient => people.patient_foreign && !people.patient_deceased,
            Whose::Applicant => people.applicant_foreign,
            Whose::Agent => people.agent_foreign,
        };
        let visitor = match self.switches.visitor {
            Visitor::Passport => people.without_residence && document.of != Whose::Agent,
            Visitor::Literal => false,
        };
        let fits = |s: &&SwapRow| {
            let when = s.when.is_none_or(|w| match w {
                SwapWhen::Visitor => foreign && visitor,
                SwapWhen::Foreign => foreign,
                SwapWhen::Psychiatry => psychiatry,
            });
            when && s.switch.as_ref().is_none_or(|s| self.holds(s.get_ref()))
        };
        let with = document.swap.iter().find(fits).and_then(|s| self.paper(s.with.get_ref(), on));
        with.unwrap_or(document)
    }

    /// A25: an heir of a later order, or one who stands in another's place, proves that every earlier one is absent or
    /// has renounced.
    fn needs_proof_of_earlier_heirs(&self, on: Date, people: &People) -> bool {
        let order = people.kinship.and_then(|k| self.heir_order(on, k)).unwrap_or(0);
        let in_place_of_another = self.inheritance(on, people).is_some_and(|(outcome, _)| match outcome {
            Outcome::Representing | Outcome::NextDegree => true,
            Outcome::Spouse
            | Outcome::Nearest
            | Outcome::LaterOrder
            | Outcome::EarlierOrder
            | Outcome::NearerDegree
            | Outcome::LineRenounced => false,
        });
        let asked = match self.switches.earlier_heirs {
            EarlierHeirs::AskProof => true,
            EarlierHeirs::Off => false,
        };
        let heir = people.capacity == Capacity::Heir && people.earlier_heir_lives != Some(true);
        asked && heir && (order > 1 || in_place_of_another)
    }
}

fn requirement_fits(row: &RequirementRow, on: Date, people: &People) -> bool {
    row.capacity.capacity() == people.capacity
        && row.agent == people.agent
        && row.ward.is_none_or(|w| w == people.patient_under_guardianship)
        && row.validity().holds_on(on)
}

fn required(row: &DocumentRow) -> RequiredDocument {
    RequiredDocument {
        id: row.id.get_ref().clone(),
        text: row.text.clone(),
        original: row.original,
        alternatives: row.alternatives.clone(),
        why: Reason {
            rule: format!("documents.{}", row.id.get_ref()),
            text: row.why.clone(),
            cite: row.cite.get_ref().cite(),
            reading: row.reading.as_ref().map(|r| r.get_ref().clone()),
        },
    }
}
