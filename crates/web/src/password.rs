//! Argon2id, off the request threads and a few at a time, so that a flood of sign-ins cannot take the desk's memory.

use argon2::{Argon2, PasswordHasher, PasswordVerifier};
use std::sync::{Arc, LazyLock};
use tokio::sync::Semaphore;

/// How many passwords are hashed at once; 19 MiB each.
const AT_ONCE: usize = 2;

static TURN: LazyLock<Arc<Semaphore>> = LazyLock::new(|| Arc::new(Semaphore::new(AT_ONCE)));

/// A hash that no password has, so that an unknown login costs the same time as a known one.
static NOBODY: LazyLock<Option<String>> =
    LazyLock::new(|| Argon2::default().hash_password(&rand::random::<[u8; 32]>()).ok().map(|h| h.to_string()));

/// Why no hash could be made.
#[derive(Debug, thiserror::Error)]
#[error("the password could not be hashed: {0}")]
pub struct PasswordError(String);

/// The PHC string of `password` with a salt of its own (`$argon2id$v=19$…`).
///
/// # Errors
/// When the operating system gives no randomness or no memory.
pub fn hash_now(password: &str) -> Result<String, PasswordError> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|e| PasswordError(e.to_string()))
}

/// [`hash_now`] without blocking the caller's thread.
///
/// # Errors
/// As [`hash_now`].
pub async fn hash(password: String) -> Result<String, PasswordError> {
    blocking(move || hash_now(&password)).await?
}

/// Whether `password` is the one `stored` was made from. `None`: there is no such account, and the answer is no after
/// the same work.
///
/// # Errors
/// When the work could not be done at all.
pub async fn verify(password: String, stored: Option<String>) -> Result<bool, PasswordError> {
    blocking(move || {
        let known = stored.is_some();
        let Some(stored) = stored.or_else(|| NOBODY.clone()) else { return false };
        Argon2::default().verify_password(password.as_bytes(), stored.as_str()).is_ok() && known
    })
    .await
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, PasswordError> {
    let turn = TURN.clone().acquire_owned().await.map_err(|e| PasswordError(e.to_string()))?;
    tokio::task::spawn_blocking(move || {
        let _turn = turn;
        work()
    })
    .await
    .map_err(|e| PasswordError(e.to_string()))
}
