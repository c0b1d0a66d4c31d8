//! One server per SQLite file.

use crate::StoreError;
use crate::db::Db;
use std::fs::{File, OpenOptions, TryLockError};

/// Held by the one server; letting it go lets another start. The kernel lets it go when the process dies.
#[derive(Debug)]
pub struct ServerLock {
    _file: Option<File>,
}

pub(crate) fn lock_server(db: &Db) -> Result<ServerLock, StoreError> {
    let Db::Sqlite { path, .. } = db else { return Ok(ServerLock { _file: None }) };
    let mut name = path.clone().into_os_string();
    name.push(".server-lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&name);
    let file = file.map_err(StoreError::file("could not open the lock", &name))?;
    match file.try_lock() {
        Ok(()) => Ok(ServerLock { _file: Some(file) }),
        Err(TryLockError::WouldBlock) => Err(StoreError::AnotherServer(path.clone())),
        Err(TryLockError::Error(source)) => Err(StoreError::file("could not lock", &name)(source)),
    }
}
