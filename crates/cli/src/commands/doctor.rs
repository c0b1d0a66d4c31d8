//! `filmdesk doctor`: what is in order, what is not, and who does what about it.

use crate::commands::{serve, work};
use crate::config::Config;
use crate::desk::{self, store_config};
use crate::exit::Failed;
use crate::{demo, hospital};
use clap::Args;
use filmdesk_instance::{Refusal, Source};
use filmdesk_policy::Rules;
use filmdesk_store::{AuditVerdict, Store};
use rustix::fs::statvfs;
use serde_json::json;
use std::path::Path;

/// How to look.
#[derive(Clone, Debug, Args)]
pub struct DoctorArgs {
    /// A demonstration desk: its sample archive, when no other is configured
    #[arg(long)]
    demo: bool,
    /// One JSON object a finding
    #[arg(long)]
    json: bool,
}

/// One thing that was looked at.
struct Finding {
    subject: String,
    /// What is in order, or what is not and what to do.
    said: Result<String, String>,
}

fn finding(subject: impl Into<String>, said: Result<String, String>) -> Finding {
    Finding { subject: subject.into(), said }
}

/// Looks at everything; exit code 3 when something is not in order.
pub async fn run(mut config: Config, args: &DoctorArgs) -> Result<(), Failed> {
    if args.demo {
        demo::configure(&mut config);
    }
    let mut findings = vec![finding("configuration", Ok("can be read".to_owned())), rules(&config)];
    findings
        .extend([room("state", &config.state, 0), room("spool", &config.spool.folder, config.spool.keep_free_bytes)]);
    findings.extend(serve::certificates(&config).into_iter().map(|(table, ends)| {
        let said = ends.map(|ends| format!("valid until {ends}")).map_err(|error| error.to_string());
        finding(format!("certificate of [{table}]"), said)
    }));
    findings.extend(store(&config).await);
    findings.push(inspectors(&config).await);
    findings.extend(archives(&config).await);
    for Finding { subject, said } in &findings {
        let (ok, text) = match said {
            Ok(text) => (true, text),
            Err(text) => (false, text),
        };
        match args.json {
            true => println!("{}", json!({ "subject": subject, "ok": ok, "said": text })),
            false => println!("{} {subject}: {text}", if ok { "ok     " } else { "NOT OK " }),
        }
    }
    let n = findings.iter().filter(|f| f.said.is_err()).count();
    if n == 0 { Ok(()) } else { Err(Failed::partly(format!("{n} things are not in order"))) }
}

/// The rules: which they are, or every mistake in them with file, line and remedy.
fn rules(config: &Config) -> Finding {
    let said = hospital::rules(config).map_err(|mistakes| mistakes.to_string());
    let which = |r: Rules| format!("{}, calendar {}, {}", r.hospital().id, r.calendar_version(), &r.hash()[..12]);
    finding("rules", said.map(which))
}

fn room(subject: &str, folder: &Path, keep_free: u64) -> Finding {
    // A folder that will be made lies where its nearest parent is.
    let there = folder.ancestors().find(|path| path.is_dir()).unwrap_or(Path::new("."));
    let said = match statvfs(there) {
        Err(error) => Err(format!("{}: {error}; check the path and its permissions", folder.display())),
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let text = format!("{}, {} GiB free", folder.display(), free >> 30);
            if free >= keep_free { Ok(text) } else { Err(format!("{text}: make room, or lower `keep_free_bytes`")) }
        }
    };
    finding(subject, said)
}

async fn store(config: &Config) -> Vec<Finding> {
    let at = match store_config(config) {
        Ok(at) => at,
        Err(_) => return vec![finding("database", Err("its URL cannot be read; check `database_file`".to_owned()))],
    };
    let store = match Store::open(&at).await {
        Ok(store) => store,
        Err(error) => return vec![finding("database", Err(error.to_string()))],
    };
    let trail = match store.verify_audit().await {
        Ok(AuditVerdict::Whole(head)) => {
            Ok(format!("whole, {} rows, head {}", head.seq, &head.hash[..12.min(head.hash.len())]))
        }
        Ok(AuditVerdict::Broken { seq, what }) => {
            Err(format!("broken near row {seq}: {what}; compare it with a backup"))
        }
        Err(error) => Err(error.to_string()),
    };
    let staff = match store.users().await {
        Ok(users) if users.is_empty() => {
            Err("nobody can sign in: `filmdesk user add LOGIN --role supervisor`".to_owned())
        }
        Ok(users) => Ok(format!("{} accounts", users.len())),
        Err(error) => Err(error.to_string()),
    };
    let demonstration = matches!(desk::demo_offset(&store).await, Ok(Some(_)));
    let kind = if demonstration { "a demonstration desk's" } else { "a real desk's" };
    vec![finding("database", Ok(format!("answers; {kind}"))), finding("audit trail", trail), finding("staff", staff)]
}

/// A child starts, keeps its limits, and refuses what is no DICOM.
async fn inspectors(config: &Config) -> Finding {
    let inspector = work::inspector(config);
    let answer = tokio::task::spawn_blocking(move || inspector.inspect(&[Source::file("/dev/null")]).pop()).await;
    let said = match answer {
        Ok(Some(Err(Refusal::InspectorUnavailable { message }))) => {
            Err(format!("a child cannot be started: {message}; check the limits in [worker]"))
        }
        Ok(Some(Err(Refusal::InspectorDied | Refusal::InspectorTimedOut { .. }))) => {
            Err("a child started and died; raise inspector_memory_bytes in [worker]".to_owned())
        }
        Ok(Some(_)) => Ok("children start and answer".to_owned()),
        Ok(None) | Err(_) => Err("no answer; look at the log".to_owned()),
    };
    finding("inspectors", said)
}

async fn archives(config: &Config) -> Vec<Finding> {
    let archives = match work::archives(config, &work::inspector(config)) {
        Ok(archives) if archives.is_empty() => {
            return vec![finding("archives", Err("none is configured: add an [[archive]]".to_owned()))];
        }
        Ok(archives) => archives,
        Err(failed) => return vec![finding("archives", Err(failed.to_string()))],
    };
    let mut findings = Vec::new();
    for archive in archives {
        let said = match archive.echo().await {
            Err(error) => Err(format!("{error}. {}", error.next())),
            Ok(report) => {
                let missing: Vec<String> = report
                    .offers
                    .iter()
                    .filter(|offer| offer.needed && !offer.offered)
                    .map(|offer| {
                        format!(
                            "{} is not offered: {}",
                            offer.service,
                            offer.advice.as_deref().unwrap_or("ask its administrator")
                        )
                    })
                    .collect();
                let mut reached = format!("{} answered in {} ms", report.reached, report.took.as_millis());
                // What its side must know of us, also when all is well today: nobody can ask it.
                for offer in report.offers.iter().filter(|offer| offer.needed && offer.offered) {
                    reached += &offer.advice.iter().map(|advice| format!(". {advice}")).collect::<String>();
                }
                if missing.is_empty() { Ok(reached) } else { Err(format!("{reached}, but {}", missing.join("; "))) }
            }
        };
        findings.push(finding(format!("archive {}", archive.name()), said));
    }
    findings
}
