//! The studies of a case file: what an archive says of one, and the item it is classified to.

use super::file::parsed;
use crate::rules::line_and_column;
use crate::{Overlay, RuleFault, Rules, StudyFacts};
use serde::Deserialize;
use toml::Spanned;

/// One `[[study]]` of a case file.
#[derive(Clone, Debug)]
pub struct StudyCase {
    /// The file, such as `studies.toml`.
    pub file: String,
    /// The line of its facts, from 1.
    pub line: usize,
    /// What the archive says.
    pub facts: StudyFacts,
    /// The item it is classified to; `none`: staff classify it.
    pub kind: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StudyRow {
    is: Spanned<FactsRow>,
    kind: String,
}

#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct FactsRow {
    modalities: Vec<String>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    body_part: String,
    #[serde(default)]
    station: String,
    #[serde(default)]
    department: String,
}

/// Reads the studies of a case file.
///
/// # Errors
/// What does not fit, with line and remedy.
pub fn parse_studies(file: &str, text: &str) -> Result<Vec<StudyCase>, Vec<RuleFault>> {
    let study = |row: StudyRow| {
        let line = line_and_column(text, row.is.span().start).0;
        let FactsRow { modalities, description, body_part, station, department } = row.is.into_inner();
        let facts = StudyFacts { modalities, description, body_part, station, department };
        StudyCase { file: file.to_owned(), line, facts, kind: row.kind }
    };
    Ok(parsed(file, text)?.study.into_iter().map(study).collect())
}

/// Classifies a study; what differs, with its place.
pub fn run_study(rules: &Rules, study: &StudyCase) -> Option<String> {
    let found = rules.classify(&Overlay::default(), &study.facts).map_or("none".to_owned(), |kind| kind.0);
    let StudyCase { file, line, kind, .. } = study;
    (found != *kind).then(|| format!("{file}:{line}: expected {kind}, found {found}"))
}
