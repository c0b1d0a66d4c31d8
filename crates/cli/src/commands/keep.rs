//! `filmdesk migrate`, `backup` and `restore`: the store over the years.

use crate::config::Config;
use crate::desk::{private_folder, store_config};
use crate::exit::Failed;
use clap::Args;
use filmdesk_store::Store;
use std::path::PathBuf;

/// Where a backup goes, or comes from.
#[derive(Clone, Debug, Args)]
pub struct BackupArgs {
    /// A folder that does not exist yet
    folder: PathBuf,
}

/// Which backup.
#[derive(Clone, Debug, Args)]
pub struct RestoreArgs {
    /// A folder that `filmdesk backup` made
    folder: PathBuf,
}

/// Brings the schema to this version.
pub async fn migrate(config: &Config) -> Result<(), Failed> {
    private_folder(&config.state)?;
    let migrated = Store::migrate(&store_config(config)?).await?;
    match migrated.from == migrated.to {
        true => println!("the schema is at version {} already", migrated.to),
        false => println!("the schema went from version {} to {}", migrated.from, migrated.to),
    }
    Ok(())
}

/// Makes a consistent backup while the desk runs.
pub async fn backup(config: &Config, args: &BackupArgs) -> Result<(), Failed> {
    let store = Store::open(&store_config(config)?).await?;
    store.backup(&args.folder).await?;
    println!("backed up to {}; the images an archive still has are not in it", args.folder.display());
    Ok(())
}

/// Brings a backup back into an empty store.
pub async fn restore(config: &Config, args: &RestoreArgs) -> Result<(), Failed> {
    private_folder(&config.state)?;
    Store::restore(&args.folder, &store_config(config)?).await?;
    println!("restored from {}; `filmdesk doctor` looks it over", args.folder.display());
    Ok(())
}
