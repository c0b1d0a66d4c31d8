//! Small named values, such as the demonstration desk's clock.

use crate::audit::clean;
use crate::db::{read, within};
use crate::{Store, StoreError};

impl Store {
    /// The setting of that name.
    ///
    /// # Errors
    /// The database failed.
    pub async fn get_setting(&self, name: &str) -> Result<Option<String>, StoreError> {
        let select = "SELECT value FROM setting WHERE name = $1";
        let row: Option<(String,)> =
            read!(self.db(), pool => sqlx::query_as(select).bind(name).fetch_optional(pool).await?);
        Ok(row.map(|(value,)| value))
    }

    /// Sets it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn put_setting(&self, name: &str, value: &str) -> Result<(), StoreError> {
        let put = "INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET value = $2";
        let mut tx = self.db().begin().await?;
        within!(&mut tx, c => sqlx::query(put).bind(name).bind(clean(value)).execute(c).await.map(drop))?;
        Ok(tx.commit().await?)
    }
}
