//! The desk opened from its configuration: rules, store, clock; what every command that touches it needs.

use crate::clock::{DemoClock, RealClock};
use crate::config::Config;
use crate::exit::Failed;
use crate::hospital;
use filmdesk_desk::Clock;
use filmdesk_policy::Rules;
use filmdesk_store::{Store, StoreConfig};
use jiff::SignedDuration;
use jiff::tz::TimeZone;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

/// Setting of a store that belongs to a demonstration desk: what its clock adds to the real time, in seconds.
pub const DEMO_OFFSET: &str = "demo.clock.offset-seconds";

/// An open desk.
pub struct Desk {
    /// Everything that is kept.
    pub store: Store,
    /// The hospital's rules.
    pub rules: Arc<Rules>,
    /// The hospital's time zone.
    pub zone: TimeZone,
    /// The desk's clock: the real one, or the demonstration's.
    pub clock: Arc<dyn Clock>,
}

/// Where the store is, by the configuration.
pub fn store_config(config: &Config) -> Result<StoreConfig, Failed> {
    Ok(StoreConfig { url: config.database_url()?, blobs: config.blobs.folder.clone() })
}

/// Opens the desk as it stands.
pub async fn open(config: &Config) -> Result<Desk, Failed> {
    let rules = hospital::rules(config)?;
    let store = Store::open(&store_config(config)?).await?;
    let offset = demo_offset(&store).await?;
    let clock: Arc<dyn Clock> = match offset {
        Some(offset) => Arc::new(DemoClock::new(offset)),
        None => Arc::new(RealClock),
    };
    Ok(Desk { store, zone: zone(&rules)?, rules: Arc::new(rules), clock })
}

/// The hospital's time zone.
pub fn zone(rules: &Rules) -> Result<TimeZone, Failed> {
    let name = &rules.hospital().time_zone;
    TimeZone::get(name).map_err(|e| Failed::usage(format!("hospital.toml: the time zone {name:?}: {e}")))
}

/// What the clock of a demonstration desk adds; `None`: a real desk.
pub async fn demo_offset(store: &Store) -> Result<Option<SignedDuration>, Failed> {
    let text = store.get_setting(DEMO_OFFSET).await?;
    let seconds =
        text.map(|text| text.parse().map_err(|_| Failed::new(format!("the setting {DEMO_OFFSET} is {text:?}"))));
    Ok(seconds.transpose()?.map(SignedDuration::from_secs))
}

/// Makes a folder that only this account may enter.
pub fn private_folder(folder: &Path) -> Result<(), Failed> {
    let problem =
        |e: std::io::Error| Failed::new(format!("{}: {e}; check `state` and its permissions", folder.display()));
    if !folder.is_dir() {
        std::fs::create_dir_all(folder).map_err(problem)?;
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o700)).map_err(problem)?;
    }
    Ok(())
}
