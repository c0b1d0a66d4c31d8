//! `filmdesk rules check`: is this rules folder right, and does it answer its cases as expected?

use crate::config::Config;
use crate::exit::Failed;
use crate::hospital;
use clap::{Args, Subcommand};
use filmdesk_policy::Rules;
use filmdesk_policy::cases::{parse_cases, run_case};
use std::path::{Path, PathBuf};

/// What to do with the rules.
#[derive(Clone, Debug, Subcommand)]
pub enum RulesCommand {
    /// Check the configured rules, or those in FOLDER, and run case files
    Check(CheckArgs),
}

/// What to check.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// The rules to check instead of the configured ones
    folder: Option<PathBuf>,
    /// Run every case file (*.toml) in this folder as well
    #[arg(long, value_name = "DIR")]
    cases: Option<PathBuf>,
}

/// Runs it.
pub fn run(config: &Config, command: &RulesCommand) -> Result<(), Failed> {
    let RulesCommand::Check(args) = command;
    let rules = match &args.folder {
        Some(folder) => hospital::rules_in(folder)?,
        None => hospital::rules(config)?,
    };
    let hospital = rules.hospital();
    println!("{}: {} record kinds, rules {}", hospital.id, rules.record_kinds().len(), &rules.hash()[..12]);
    args.cases.as_deref().map_or(Ok(()), |folder| run_cases(&rules, folder))
}

fn run_cases(rules: &Rules, folder: &Path) -> Result<(), Failed> {
    let texts = hospital::folder_texts(folder)?;
    let (mut n, mut failures) = (0, Vec::new());
    for (name, text) in &texts.files {
        let cases = parse_cases(name, text).map_err(|faults| {
            let lines: Vec<String> = faults.iter().map(|fault| format!("  {fault}")).collect();
            Failed::usage(format!("the cases in {}:\n{}", folder.display(), lines.join("\n")))
        })?;
        for case in &cases {
            n += 1;
            let differences = run_case(rules, case).differences;
            if !differences.is_empty() {
                failures.push(format!(
                    "{}:{}: {}\n    {}",
                    case.file,
                    case.line,
                    case.name,
                    differences.join("\n    ")
                ));
            }
        }
    }
    if n == 0 {
        return Err(Failed::usage(format!("there is no case in {}", folder.display())));
    }
    println!("{} of {n} cases answer as expected", n - failures.len());
    if failures.is_empty() {
        Ok(())
    } else {
        Err(Failed::partly(format!("{} cases differ:\n  {}", failures.len(), failures.join("\n  "))))
    }
}
