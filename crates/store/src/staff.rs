//! Accounts of staff and their sessions.

use crate::audit::{append, clean, instant, read_instant, take_head};
use crate::db::{Tx, read, within};
use crate::{Actor, AuditEntry, Store, StoreError};
use filmdesk_desk::{Action, Role, StaffId};
use jiff::Timestamp;

/// An account of a member of staff.
#[derive(Clone, PartialEq, Eq)]
pub struct User {
    /// What they sign in with, lower case; also their id in documents and the audit trail.
    pub login: StaffId,
    /// Their name on the pages.
    pub display: String,
    /// What they may do.
    pub role: Role,
    /// Argon2id hash as a PHC string.
    pub password_hash: String,
    /// They may not sign in.
    pub disabled: bool,
}

impl std::fmt::Debug for User {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("User").field("login", &self.login).field("role", &self.role).finish_non_exhaustive()
    }
}

/// A signed-in member of staff.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who.
    pub user: User,
    /// Since when: for the absolute limit.
    pub created_at: Timestamp,
    /// Last used: for the idle limit.
    pub seen_at: Timestamp,
}

type Row = (String, String, String, String, i64);

impl Store {
    /// Creates an account. `by` is who does it.
    ///
    /// # Errors
    /// [`StoreError::Exists`] for a taken login.
    pub async fn create_user(
        &self,
        login: &str,
        password_hash: &str,
        role: Role,
        display: &str,
        by: Actor,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let login = plain(login);
        let mut tx = self.db().begin().await?;
        let head = take_head(&mut tx).await?;
        let insert = "INSERT INTO staff (login, display, role, password_hash, disabled, changed_at) \
                      VALUES ($1, $2, $3, $4, 0, $5) ON CONFLICT DO NOTHING RETURNING login";
        let row: Option<(String,)> = within!(&mut tx, c => sqlx::query_as(insert).bind(&login).bind(clean(display))
            .bind(role.name()).bind(password_hash).bind(instant(at)).fetch_optional(c).await)?;
        if row.is_none() {
            return Err(StoreError::Exists(format!("account {login}")));
        }
        let detail = format!("created {login} as {}", role.name());
        let written =
            append(&mut tx, head, &AuditEntry::new(at, by, Action::ManageStaff.name()).detail(detail), None).await?;
        Ok(crate::audit::commit(self.db(), tx, &written).await?)
    }

    /// Changes password, role or access of an account (`None`: as it is) and ends all its sessions in the same transaction.
    ///
    /// # Errors
    /// [`StoreError::Missing`] for an unknown login.
    pub async fn change_user(
        &self,
        login: &str,
        password_hash: Option<&str>,
        role: Option<Role>,
        disabled: Option<bool>,
        by: Actor,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let login = plain(login);
        let mut tx = self.db().begin().await?;
        let head = take_head(&mut tx).await?;
        let update = "UPDATE staff SET password_hash = COALESCE($2, password_hash), role = COALESCE($3, role), \
                      disabled = COALESCE($4, disabled), changed_at = $5 WHERE login = $1 RETURNING login";
        let row: Option<(String,)> = within!(&mut tx, c => sqlx::query_as(update).bind(&login).bind(password_hash)
            .bind(role.map(Role::name)).bind(disabled.map(i64::from)).bind(instant(at)).fetch_optional(c).await)?;
        if row.is_none() {
            return Err(StoreError::Missing(format!("account {login}")));
        }
        end_all(&mut tx, &login).await?;
        let said = [
            password_hash.map(|_| "password".to_owned()),
            role.map(|role| format!("role {}", role.name())),
            disabled.map(|disabled| if disabled { "disabled".to_owned() } else { "enabled".to_owned() }),
        ];
        let detail = format!("{login}: {}", said.into_iter().flatten().collect::<Vec<_>>().join(", "));
        let written =
            append(&mut tx, head, &AuditEntry::new(at, by, Action::ManageStaff.name()).detail(detail), None).await?;
        Ok(crate::audit::commit(self.db(), tx, &written).await?)
    }

    /// The account of that login.
    ///
    /// # Errors
    /// The database failed.
    pub async fn user_by_login(&self, login: &str) -> Result<Option<User>, StoreError> {
        let select = "SELECT login, display, role, password_hash, disabled FROM staff WHERE login = $1";
        let row: Option<Row> =
            read!(self.db(), pool => sqlx::query_as(select).bind(plain(login)).fetch_optional(pool).await?);
        row.map(read_user).transpose()
    }

    /// Every account, by login.
    ///
    /// # Errors
    /// The database failed.
    pub async fn users(&self) -> Result<Vec<User>, StoreError> {
        let select = "SELECT login, display, role, password_hash, disabled FROM staff ORDER BY login";
        let rows: Vec<Row> = read!(self.db(), pool => sqlx::query_as(select).fetch_all(pool).await?);
        rows.into_iter().map(read_user).collect()
    }

    /// Opens a session for an account that may sign in. `token_hash` is the hexadecimal SHA-256 of the cookie.
    ///
    /// # Errors
    /// [`StoreError::Missing`] when the account is unknown or disabled.
    pub async fn create_session(&self, token_hash: &str, login: &StaffId, at: Timestamp) -> Result<(), StoreError> {
        let insert = "INSERT INTO session (token_hash, login, created_at, seen_at) \
                      SELECT $1, login, $3, $3 FROM staff WHERE login = $2 AND disabled = 0 RETURNING login";
        let mut tx = self.db().begin().await?;
        let head = take_head(&mut tx).await?;
        let row: Option<(String,)> = within!(&mut tx, c => sqlx::query_as(insert).bind(token_hash).bind(&login.0)
            .bind(instant(at)).fetch_optional(c).await)?;
        if row.is_none() {
            return Err(StoreError::Missing(format!("account {} that may sign in", login.0)));
        }
        let written = append(&mut tx, head, &AuditEntry::new(at, Actor::Staff(login.clone()), "sign-in"), None).await?;
        Ok(crate::audit::commit(self.db(), tx, &written).await?)
    }

    /// The session of that cookie, unless its account is disabled. Its age is for the caller to judge.
    ///
    /// # Errors
    /// The database failed.
    pub async fn session(&self, token_hash: &str) -> Result<Option<Session>, StoreError> {
        let select = "SELECT s.login, s.display, s.role, s.password_hash, s.disabled, session.created_at, session.seen_at \
                      FROM session JOIN staff s ON s.login = session.login \
                      WHERE session.token_hash = $1 AND s.disabled = 0";
        type Joined = (String, String, String, String, i64, String, String);
        let row: Option<Joined> =
            read!(self.db(), pool => sqlx::query_as(select).bind(token_hash).fetch_optional(pool).await?);
        row.map(|(login, display, role, password_hash, disabled, created_at, seen_at)| {
            Ok(Session {
                user: read_user((login, display, role, password_hash, disabled))?,
                created_at: read_instant("session", &created_at)?,
                seen_at: read_instant("session", &seen_at)?,
            })
        })
        .transpose()
    }

    /// Notes that a session was used. Written at most once a minute, so that reading pages stays reading.
    ///
    /// # Errors
    /// The database failed.
    pub async fn touch_session(&self, token_hash: &str, session: &Session, at: Timestamp) -> Result<(), StoreError> {
        if at.duration_since(session.seen_at).as_secs() < 60 {
            return Ok(());
        }
        let update = "UPDATE session SET seen_at = $2 WHERE token_hash = $1";
        let mut tx = self.db().begin().await?;
        within!(&mut tx, c => sqlx::query(update).bind(token_hash).bind(instant(at)).execute(c).await.map(drop))?;
        Ok(tx.commit().await?)
    }

    /// Ends one session: signing out.
    ///
    /// # Errors
    /// The database failed.
    pub async fn end_session(&self, token_hash: &str) -> Result<(), StoreError> {
        let mut tx = self.db().begin().await?;
        let delete = "DELETE FROM session WHERE token_hash = $1";
        within!(&mut tx, c => sqlx::query(delete).bind(token_hash).execute(c).await.map(drop))?;
        Ok(tx.commit().await?)
    }

    /// Ends every session of an account.
    ///
    /// # Errors
    /// The database failed.
    pub async fn end_sessions_of(&self, login: &StaffId) -> Result<(), StoreError> {
        let mut tx = self.db().begin().await?;
        end_all(&mut tx, &login.0).await?;
        Ok(tx.commit().await?)
    }

    /// Removes sessions opened before `opened` or not used since `unused`.
    ///
    /// # Errors
    /// The database failed.
    pub async fn sweep_sessions(&self, opened: Timestamp, unused: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.db().begin().await?;
        let delete = "DELETE FROM session WHERE created_at < $1 OR seen_at < $2";
        within!(&mut tx, c => sqlx::query(delete).bind(instant(opened)).bind(instant(unused)).execute(c).await
            .map(drop))?;
        Ok(tx.commit().await?)
    }
}

async fn end_all(tx: &mut Tx, login: &str) -> Result<(), sqlx::Error> {
    let delete = "DELETE FROM session WHERE login = $1";
    within!(tx, c => sqlx::query(delete).bind(login).execute(c).await.map(drop))
}

fn plain(login: &str) -> String {
    clean(login.trim()).to_lowercase()
}

fn read_user((login, display, role, password_hash, disabled): Row) -> Result<User, StoreError> {
    let role = Role::from_name(&role).ok_or_else(|| StoreError::Unreadable {
        what: format!("account {login}"),
        path: "role".into(),
        expected: "clerk or supervisor".into(),
    })?;
    Ok(User { login: StaffId(login), display, role, password_hash, disabled: disabled != 0 })
}
