//! Archive facts → catalogue item, by rows of `record-kinds.toml`; what staff decided once is remembered and wins.

use crate::rules::rows::ClassifyRow;
use crate::{Overlay, RecordKindId, Rules, StudyFacts};

impl Rules {
    /// The catalogue item of a study. Remembered classifications first (A21), then the first row whose every field
    /// fits. `None`: staff classify it once.
    pub fn classify(&self, overlay: &Overlay, facts: &StudyFacts) -> Option<RecordKindId> {
        let facts = normalised(facts);
        let remembered = overlay.classifications.iter().rev().find(|(known, _)| normalised(known) == facts);
        if let Some((_, kind)) = remembered {
            return Some(kind.clone());
        }
        let unit = self.performing_unit(&facts);
        self.classify.iter().find(|row| fits(row, &facts, unit)).map(|row| RecordKindId(row.kind.get_ref().clone()))
    }

    /// The unit that performed a study, by the words of `hospital.toml` in its department attribute (A19).
    pub fn performing_unit(&self, facts: &StudyFacts) -> Option<&str> {
        let department = facts.department.to_lowercase();
        let unit = self.hospital.units.iter().find(|u| u.words.iter().any(|w| department.contains(w.as_str())));
        unit.map(|u| u.id.as_str())
    }
}

/// Lower case, trimmed, modalities sorted: the archive's order and capitals carry no meaning.
fn normalised(facts: &StudyFacts) -> StudyFacts {
    let tidy = |s: &str| s.trim().to_lowercase();
    let mut modalities: Vec<String> = facts.modalities.iter().map(|m| m.trim().to_uppercase()).collect();
    modalities.sort();
    modalities.dedup();
    StudyFacts {
        modalities,
        description: tidy(&facts.description),
        body_part: tidy(&facts.body_part),
        station: tidy(&facts.station),
        department: tidy(&facts.department),
    }
}

fn fits(row: &ClassifyRow, facts: &StudyFacts, unit: Option<&str>) -> bool {
    let has = |wanted: &[String]| wanted.iter().any(|m| facts.modalities.contains(m));
    let found = |words: &[String], fields: &[&str]| {
        words.is_empty() || words.iter().any(|w| fields.iter().any(|f| f.contains(w.as_str())))
    };
    let everywhere = [facts.description.as_str(), &facts.body_part, &facts.station, &facts.department];
    (row.modalities.is_empty() || has(&row.modalities))
        && !has(&row.without)
        && found(&row.words, &everywhere)
        && found(&row.body_part, &[&facts.body_part])
        && found(&row.station, &[&facts.station])
        && row.unit.as_ref().is_none_or(|wanted| unit == Some(wanted.get_ref().as_str()))
}
