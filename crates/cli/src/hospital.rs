//! The hospital's rules as a command finds them: a folder of the configuration, or those built in.

use crate::config::Config;
use crate::exit::Failed;
use filmdesk_policy::cases::{Case, StudyCase, parse_cases, parse_studies};
use filmdesk_policy::{RuleFault, RuleFiles, Rules};
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

/// The rules built in.
const BUILT_IN: [(&str, &str); 8] = [
    ("hospital.toml", include_str!("../../../rules/ntuh/hospital.toml")),
    ("record-kinds.toml", include_str!("../../../rules/ntuh/record-kinds.toml")),
    ("fees.toml", include_str!("../../../rules/ntuh/fees.toml")),
    ("documents.toml", include_str!("../../../rules/ntuh/documents.toml")),
    ("schedule.toml", include_str!("../../../rules/ntuh/schedule.toml")),
    ("calendar.toml", include_str!("../../../rules/ntuh/calendar.toml")),
    ("readings.toml", include_str!("../../../rules/ntuh/readings.toml")),
    ("page.toml", include_str!("../../../rules/ntuh/page.toml")),
];

/// The cases built in.
const BUILT_IN_CASES: [(&str, &str); 12] = [
    ("ages.toml", include_str!("../../../rules/ntuh/cases/ages.toml")),
    ("calendar.toml", include_str!("../../../rules/ntuh/cases/calendar.toml")),
    ("fees.toml", include_str!("../../../rules/ntuh/cases/fees.toml")),
    ("heirs.toml", include_str!("../../../rules/ntuh/cases/heirs.toml")),
    ("hours.toml", include_str!("../../../rules/ntuh/cases/hours.toml")),
    ("items.toml", include_str!("../../../rules/ntuh/cases/items.toml")),
    ("papers.toml", include_str!("../../../rules/ntuh/cases/papers.toml")),
    ("refused.toml", include_str!("../../../rules/ntuh/cases/refused.toml")),
    ("routing.toml", include_str!("../../../rules/ntuh/cases/routing.toml")),
    ("scenarios.toml", include_str!("../../../rules/ntuh/cases/scenarios.toml")),
    ("studies.toml", include_str!("../../../rules/ntuh/cases/studies.toml")),
    ("waiting.toml", include_str!("../../../rules/ntuh/cases/waiting.toml")),
];

/// The texts of a rules folder: the one named, the configured one, or those built in.
///
/// # Errors
/// The folder or a file in it cannot be read.
pub fn texts(config: &Config, folder: Option<&Path>) -> Result<RuleFiles, Failed> {
    match folder.or(config.rules_folder()) {
        Some(folder) => folder_texts(folder),
        None => Ok(RuleFiles::from_folder_texts(BUILT_IN)),
    }
}

/// What case files hold: situations with what must come of them, and studies with what they are classified to.
pub type CaseTable = (Vec<Case>, Vec<StudyCase>);

/// The cases beside a rules folder (in its `cases`), as [`texts`] finds it; none when there is no such folder.
///
/// # Errors
/// A file cannot be read, or holds a case that is none: with line and remedy.
pub fn cases(config: &Config, folder: Option<&Path>) -> Result<CaseTable, Failed> {
    match folder.or(config.rules_folder()) {
        Some(folder) if folder.join("cases").is_dir() => cases_in(&folder.join("cases")),
        Some(_) => Ok(CaseTable::default()),
        None => parsed(&RuleFiles::from_folder_texts(BUILT_IN_CASES), "the cases built in"),
    }
}

/// Every case file in a folder.
///
/// # Errors
/// As [`cases`].
pub fn cases_in(folder: &Path) -> Result<CaseTable, Failed> {
    parsed(&folder_texts(folder)?, &folder.display().to_string())
}

fn parsed(texts: &RuleFiles, place: &str) -> Result<CaseTable, Failed> {
    let (mut cases, mut studies) = CaseTable::default();
    for (name, text) in &texts.files {
        cases.extend(parse_cases(name, text).map_err(|faults| mistakes(&faults, place))?);
        studies.extend(parse_studies(name, text).map_err(|faults| mistakes(&faults, place))?);
    }
    Ok((cases, studies))
}

/// Mistakes, each with file, line, column and remedy.
pub fn mistakes(faults: &[RuleFault], place: &str) -> Failed {
    let lines: Vec<String> = faults.iter().map(|fault| format!("  {fault}")).collect();
    Failed::usage(format!("{} mistakes in {place}:\n{}", faults.len(), lines.join("\n")))
}

/// The rules a process works by: replaced as a whole when they are read again.
#[derive(Clone)]
pub struct InForce(Arc<RwLock<Arc<Rules>>>);

impl InForce {
    /// These, until others are taken up.
    pub fn new(rules: Arc<Rules>) -> InForce {
        InForce(Arc::new(RwLock::new(rules)))
    }

    /// As they are now; who asks keeps them to the end of what they do.
    pub fn get(&self) -> Arc<Rules> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Reads the configured rules again. What is wrong with them is told, and the old ones stay.
    ///
    /// # Errors
    /// Every mistake with file, line, column and remedy; or the time zone is another, which needs a restart.
    pub fn read_again(&self, config: &Config) -> Result<Arc<Rules>, Failed> {
        let new = rules(config)?;
        let before = self.get();
        let (old, now) = (&before.hospital().time_zone, &new.hospital().time_zone);
        if old != now {
            return Err(Failed::usage(format!(
                "the time zone was {old} and would be {now}: restart the desk for that"
            )));
        }
        let new = Arc::new(new);
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&new);
        Ok(new)
    }
}

/// The rules as configured.
///
/// # Errors
/// Every mistake in them, each with file, line, column and remedy.
pub fn rules(config: &Config) -> Result<Rules, Failed> {
    match config.rules_folder() {
        Some(folder) => rules_in(folder),
        None => load(&RuleFiles::from_folder_texts(BUILT_IN), "the rules built in"),
    }
}

/// The rules in a folder.
///
/// # Errors
/// As [`rules`].
pub fn rules_in(folder: &Path) -> Result<Rules, Failed> {
    load(&folder_texts(folder)?, &folder.display().to_string())
}

/// The texts of the TOML files directly in `folder`.
///
/// # Errors
/// The folder or a file in it cannot be read.
pub fn folder_texts(folder: &Path) -> Result<RuleFiles, Failed> {
    let problem = |what: String| Failed::usage(format!("the rules in {}: {what}; correct `rules`", folder.display()));
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|e| problem(e.to_string()))? {
        let path = entry.map_err(|e| problem(e.to_string()))?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            texts
                .push((name, std::fs::read_to_string(&path).map_err(|e| problem(format!("{}: {e}", path.display())))?));
        }
    }
    Ok(RuleFiles::from_folder_texts(texts))
}

fn load(texts: &RuleFiles, place: &str) -> Result<Rules, Failed> {
    Rules::load(texts).map_err(|faults| mistakes(&faults, place))
}
