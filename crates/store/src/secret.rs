//! The store's own secret, and the code on the slip that comes from it.

use crate::StoreError;
use crate::db::{Db, read, within};
use filmdesk_desk::ApplicationNumber;
use rand::TryRngCore;
use sha2::{Digest, Sha256};

/// Characters of a status code: the ones of an application number.
const ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// 32 random bytes that never leave the database.
pub(crate) struct Secret([u8; 32]);

impl Secret {
    pub(crate) async fn make_if_missing(db: &Db) -> Result<(), StoreError> {
        let mut bytes = [0; 32];
        rand::rngs::OsRng.try_fill_bytes(&mut bytes).map_err(|error| sqlx::Error::Configuration(Box::new(error)))?;
        let insert = "INSERT INTO secret (name, value) VALUES ('status-code', $1) ON CONFLICT DO NOTHING";
        let mut tx = db.begin().await?;
        within!(&mut tx, c => sqlx::query(insert).bind(hex::encode(bytes)).execute(c).await.map(drop))?;
        Ok(tx.commit().await?)
    }

    pub(crate) async fn load(db: &Db) -> Result<Secret, StoreError> {
        let select = "SELECT value FROM secret WHERE name = 'status-code'";
        let row: Option<(String,)> = read!(db, pool => sqlx::query_as(select).fetch_optional(pool).await?);
        let unreadable = || StoreError::Unreadable {
            what: "secret".into(),
            path: "status-code".into(),
            expected: "32 hexadecimal bytes".into(),
        };
        let bytes = hex::decode(row.ok_or_else(unreadable)?.0).map_err(|_| unreadable())?;
        Ok(Secret(bytes.try_into().map_err(|_| unreadable())?))
    }

    /// Four characters: 20 bits of an HMAC-SHA256 (RFC 2104) of the number.
    pub(crate) fn status_code(&self, number: &ApplicationNumber) -> String {
        let pad = |with: u8| {
            let mut block = [with; 64];
            block.iter_mut().zip(self.0).for_each(|(block, key)| *block ^= key);
            block
        };
        let inner = Sha256::new().chain_update(pad(0x36)).chain_update(b"status-code:").chain_update(number.compact());
        let mac = Sha256::new().chain_update(pad(0x5c)).chain_update(inner.finalize()).finalize();
        mac[..4].iter().map(|byte| char::from(ALPHABET[usize::from(byte & 31)])).collect()
    }

    pub(crate) fn is_status_code(&self, number: &ApplicationNumber, typed: &str) -> bool {
        let typed = typed.chars().filter(|c| !c.is_whitespace() && *c != '-').flat_map(char::to_uppercase);
        let mut typed: Vec<u32> = typed.take(5).map(u32::from).collect();
        let length_differs = typed.len() != 4;
        typed.resize(4, 0);
        let differing = self.status_code(number).chars().zip(typed).fold(0, |sum, (a, b)| sum | (u32::from(a) ^ b));
        !length_differs && differing == 0
    }
}

/// SHA-256 as hexadecimal: how tokens and documents are kept.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
