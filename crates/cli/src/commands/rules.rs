//! `filmdesk rules check`: is this rules folder right, and does it answer its cases as expected?
//! `filmdesk rules diff`: which cases would change under another choice of a reading, or under another folder?

use crate::config::Config;
use crate::exit::Failed;
use crate::hospital::{self, CaseTable};
use clap::{Args, Subcommand};
use filmdesk_policy::Rules;
use filmdesk_policy::cases::{Case, CaseChange, case_changes, run_case, run_study, unproved_lines};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// What to do with the rules.
#[derive(Clone, Debug, Subcommand)]
pub enum RulesCommand {
    /// Check the configured rules, or those in FOLDER, and run their cases
    Check(CheckArgs),
    /// Show which cases change under other choices of readings, before adopting them; exit code 3 when any does
    Diff(DiffArgs),
}

/// What to check.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// The rules to check instead of the configured ones
    folder: Option<PathBuf>,
    /// Run every case file (*.toml) in this folder instead of those in FOLDER/cases
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
}

/// What to compare.
#[derive(Clone, Debug, Args)]
pub struct DiffArgs {
    /// The rules before: this folder instead of the configured rules
    folder: Option<PathBuf>,
    /// A reading and the choice to try, such as A08=full-tariff; repeat for more
    #[arg(long = "set", value_name = "READING=CHOICE", required_unless_present = "to")]
    set: Vec<String>,
    /// The rules after: another folder, such as an edited copy
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,
    /// Compare every case file (*.toml) in this folder instead of those in FOLDER/cases
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
    /// The differences as JSON
    #[arg(long)]
    json: bool,
}

/// Runs it.
pub fn run(config: &Config, command: &RulesCommand) -> Result<(), Failed> {
    match command {
        RulesCommand::Check(args) => check(config, args),
        RulesCommand::Diff(args) => diff(config, args),
    }
}

fn rules(config: &Config, folder: Option<&Path>) -> Result<Rules, Failed> {
    folder.map_or_else(|| hospital::rules(config), hospital::rules_in)
}

fn cases(config: &Config, folder: Option<&Path>, cases: Option<&Path>) -> Result<CaseTable, Failed> {
    let found = cases.map_or_else(|| hospital::cases(config, folder), hospital::cases_in)?;
    match (cases, found.0.is_empty()) {
        (Some(folder), true) => Err(Failed::usage(format!("there is no case in {}", folder.display()))),
        (Some(_) | None, _) => Ok(found),
    }
}

fn check(config: &Config, args: &CheckArgs) -> Result<(), Failed> {
    let folder = args.folder.as_deref();
    let rules = rules(config, folder)?;
    let hospital = rules.hospital();
    println!("{}: {} record kinds, rules {}", hospital.id, rules.record_kinds().len(), &rules.hash()[..12]);
    let (cases, studies) = cases(config, folder, args.cases.as_deref())?;
    if cases.is_empty() {
        println!("there is no case: write some into a folder `cases` beside the rules");
        return Ok(());
    }
    let failures: Vec<String> = cases.iter().filter_map(|case| failure(&rules, case)).collect();
    println!("{} of {} cases answer as expected", cases.len() - failures.len(), cases.len());
    if !failures.is_empty() {
        return Err(Failed::partly(format!("{} cases differ:\n  {}", failures.len(), failures.join("\n  "))));
    }
    let wrong: Vec<String> = studies.iter().filter_map(|study| run_study(&rules, study)).collect();
    println!("{} of {} studies are classified as expected", studies.len() - wrong.len(), studies.len());
    if !wrong.is_empty() {
        return Err(Failed::partly(format!("{} studies differ:\n  {}", wrong.len(), wrong.join("\n  "))));
    }
    if args.cases.is_none() {
        let unproved = unproved_lines(&rules, &hospital::texts(config, folder)?.files, &cases);
        if !unproved.is_empty() {
            return Err(hospital::mistakes(&unproved, "the lines of the page"));
        }
        println!("{} lines of the page, each with its rows and cases", rules.page().len());
    }
    Ok(())
}

fn failure(rules: &Rules, case: &Case) -> Option<String> {
    let differences = run_case(rules, case).differences;
    let place = format!("{}:{}: {}", case.file, case.line, case.name);
    (!differences.is_empty()).then(|| format!("{place}\n    {}", differences.join("\n    ")))
}

/// `A08=full-tariff` as the reading and its choice.
///
/// # Errors
/// It is written otherwise.
pub fn choice(written: &str) -> Result<(&str, &str), Failed> {
    let parts = written.split_once('=').map(|(id, choice)| (id.trim(), choice.trim()));
    parts.filter(|(id, choice)| !id.is_empty() && !choice.is_empty()).ok_or_else(|| {
        Failed::usage(format!("{written:?} is no choice: write a reading and its choice, such as A08=full-tariff"))
    })
}

fn diff(config: &Config, args: &DiffArgs) -> Result<(), Failed> {
    let before = rules(config, args.folder.as_deref())?;
    let after = args.to.as_deref().map_or_else(|| Ok(before.clone()), hospital::rules_in)?;
    let set = args.set.iter().map(|s| choice(s)).collect::<Result<Vec<_>, _>>()?;
    let after = after.with_choices(&set).map_err(Failed::usage)?;
    let (cases, _) = cases(config, args.folder.as_deref(), args.cases.as_deref())?;
    if cases.is_empty() {
        return Err(Failed::usage("there is no case to compare: write some, or name a folder with --cases"));
    }
    let changes = case_changes(&before, &after, &cases);
    if args.json {
        println!("{}", as_json(&before, &after, &set, cases.len(), &changes));
    } else {
        print(&before, &after, cases.len(), &changes);
    }
    match changes.len() {
        0 => Ok(()),
        n => Err(Failed::partly(format!("{n} of {} cases change", cases.len()))),
    }
}

fn print(before: &Rules, after: &Rules, cases: usize, changes: &[CaseChange]) {
    for new in after.readings() {
        match before.reading(&new.id) {
            Some(old) if old.chosen != new.chosen => {
                println!("{}: {} → {}  {}", new.id, old.chosen, new.chosen, new.text().en);
            }
            Some(_) | None => {}
        }
    }
    println!("{} of {cases} cases change", changes.len());
    for case in changes {
        println!("{}: {}", case.file, case.name);
        for part in &case.changes {
            println!("    {}: {} → {}", part.key, shown(&part.before), shown(&part.after));
        }
    }
}

/// A value as a clerk reads it: texts without quotes, lists with semicolons.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) if list.is_empty() => "none".to_owned(),
        Value::Array(list) => list.iter().map(shown).collect::<Vec<_>>().join("; "),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

fn as_json(before: &Rules, after: &Rules, set: &[(&str, &str)], cases: usize, changes: &[CaseChange]) -> Value {
    let part = |c: &filmdesk_policy::cases::Changed| json!({ "key": c.key, "before": c.before, "after": c.after });
    let case = |c: &CaseChange| json!({ "file": c.file, "name": c.name, "changes": c.changes.iter().map(part).collect::<Vec<_>>() });
    let set: serde_json::Map<String, Value> = set.iter().map(|(id, c)| ((*id).to_owned(), Value::from(*c))).collect();
    json!({
        "before": before.hash(),
        "after": after.hash(),
        "set": set,
        "cases": cases,
        "changed": changes.iter().map(case).collect::<Vec<_>>(),
    })
}
