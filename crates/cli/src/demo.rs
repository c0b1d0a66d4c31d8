//! The demonstration desk: a Tuesday morning, invented patients, two accounts.

use crate::clock::{DemoClock, RealClock, WRITTEN_DOWN_EVERY, demo_start};
use crate::config::Config;
use crate::desk::{DEMO_OFFSET, demo_offset};
use crate::exit::Failed;
use filmdesk_archive::{ArchiveConfig, ArchiveKind};
use filmdesk_desk::{Clock, Role};
use filmdesk_policy::Rules;
use filmdesk_store::{Actor, Store};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// When the demonstration clock last showed something.
const SHOWN: &str = "demo.clock.shown";

/// The accounts, and the role of each.
const ACCOUNTS: [(&str, Role, &str); 2] =
    [("clerk", Role::Clerk, "示範承辦人 Demo clerk"), ("supervisor", Role::Supervisor, "示範主管 Demo supervisor")];

/// The sample archive, when no other is configured.
pub fn configure(config: &mut Config) {
    if config.archive.is_empty() {
        let kind = ArchiveKind::Folder { path: archive_folder(config) };
        config.archive.push(ArchiveConfig { name: "sample".to_owned(), kind });
    }
}

fn archive_folder(config: &Config) -> PathBuf {
    config.state.join("archive")
}

/// Sets the clock going, where it was or on the next open Tuesday, and writes down its offset for the workers.
///
/// # Errors
/// The store holds a real desk's applications, or the calendar has no open Tuesday left.
pub async fn start_clock(store: &Store, rules: &Rules) -> Result<DemoClock, Failed> {
    let before = demo_offset(store).await?;
    if before.is_none() && !store.stage_counts().await?.is_empty() {
        return Err(Failed::usage(
            "this store has a real desk's applications in it: give the demonstration a `state` folder of its own",
        ));
    }
    let shown = store.get_setting(SHOWN).await?;
    let last: Option<Timestamp> =
        shown.map(|text| text.parse()).transpose().map_err(|e| Failed::new(format!("{SHOWN}: {e}")))?;
    let real = RealClock.now();
    let overlay = store.overlay().await?;
    let starts = demo_start(rules, &overlay, last, real).map_err(|e| Failed::usage(e.to_string()))?;
    // Whole seconds, rounded up: the clock must not show a moment before the last.
    let offset = starts.duration_since(real).as_secs() + 1;
    store.put_setting(SHOWN, &starts.to_string()).await?;
    store.put_setting(DEMO_OFFSET, &offset.to_string()).await?;
    Ok(DemoClock::new(jiff::SignedDuration::from_secs(offset)))
}

/// Writes down what the clock shows, for the next start; runs until dropped.
pub async fn write_clock_down(store: Store, clock: DemoClock) {
    let every = std::time::Duration::try_from(WRITTEN_DOWN_EVERY).unwrap_or(std::time::Duration::from_secs(10));
    loop {
        tokio::time::sleep(every).await;
        if let Err(error) = store.put_setting(SHOWN, &clock.now().to_string()).await {
            tracing::warn!(%error, "the demonstration clock could not be written down");
        }
    }
}

/// Makes the sample archive if it is not there; says so.
pub async fn write_samples(config: &Config, clock: &DemoClock, zone: &TimeZone) -> Result<(), Failed> {
    let folder = archive_folder(config);
    let uses_it = config.archive.iter().any(|a| matches!(&a.kind, ArchiveKind::Folder { path } if *path == folder));
    if !uses_it || folder.is_dir() {
        return Ok(());
    }
    println!("Making the sample archive (invented patients, about 220 MB) …");
    let today = clock.now().to_zoned(zone.clone()).date();
    let partial = folder.with_extension("partial");
    let written = tokio::task::spawn_blocking(move || {
        if partial.is_dir() {
            fs::remove_dir_all(&partial)?;
        }
        filmdesk_testkit::samples::write_sample_archive(&partial, today)?;
        fs::rename(&partial, &folder)
    });
    let written = written.await.map_err(|e| Failed::new(format!("the sample archive: {e}")))?;
    written.map_err(|e| Failed::new(format!("the sample archive could not be written: {e}; make room in `state`")))
}

/// Makes the accounts if they are not there, with passwords nobody else knows.
pub async fn make_accounts(config: &Config, store: &Store, clock: &DemoClock) -> Result<(), Failed> {
    let file = sign_in_file(config);
    if file.is_file() && !store.users().await?.is_empty() {
        return Ok(());
    }
    let mut lines = String::new();
    for (login, role, display) in ACCOUNTS {
        let password = new_password();
        let hash = filmdesk_web::password::hash(password.clone()).await.map_err(|e| Failed::new(e.to_string()))?;
        if store.user_by_login(login).await?.is_some() {
            store.change_user(login, Some(&hash), None, None, Actor::Desk, clock.now()).await?;
        } else {
            store.create_user(login, &hash, role, display, Actor::Desk, clock.now()).await?;
        }
        lines.push_str(&format!("{login:12} {password}\n"));
    }
    write_private(&file, &lines).map_err(|e| Failed::new(format!("{}: {e}", file.display())))
}

/// Where the passwords of the demonstration are.
pub fn sign_in_file(config: &Config) -> PathBuf {
    config.state.join("sign-in.txt")
}

/// Sixteen characters that are easy to type.
pub fn new_password() -> String {
    const CHARACTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789-";
    let drawn = (0..16).map(|_| CHARACTERS[rand::random_range(0..31)] as char);
    drawn.collect()
}

/// Writes a file that only this account can read.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let _ = fs::remove_file(path);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())
}
