//! What the counter changed about the rules: closures, openings, remembered classifications, each with who and when.

use crate::audit::{append, clean, instant, read_instant, take_head};
use crate::db::{read, within};
use crate::document::Document;
use crate::{Actor, AuditEntry, Store, StoreError};
use filmdesk_desk::{Action, By, StaffId};
use filmdesk_policy::{Overlay, RecordKindId, StudyFacts};
use jiff::{Timestamp, civil::Date};

/// A row that holds, with who and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OverlayRow {
    /// Its id.
    pub id: i64,
    /// `closed`, `open` or `classified`.
    pub kind: String,
    /// The day closed or opened.
    pub day: Option<Date>,
    /// Why closed.
    pub reason: String,
    /// Who.
    pub staff: StaffId,
    /// When.
    pub at: Timestamp,
}

/// id, kind, day, reason, facts, record_kind, staff, at
type Row = (i64, String, String, String, String, String, String, String);

struct New<'a> {
    kind: &'static str,
    day: String,
    reason: &'a str,
    facts: String,
    record_kind: &'a str,
}

impl Store {
    /// What `policy` takes beside the rules: every row that holds.
    ///
    /// # Errors
    /// The database failed, or a row cannot be read.
    pub async fn overlay(&self) -> Result<Overlay, StoreError> {
        let mut overlay = Overlay::default();
        for (id, kind, day, reason, facts, record_kind, _, _) in self.overlay_stored().await? {
            match kind.as_str() {
                "closed" => overlay.closures.push((read_day(id, &day)?, reason)),
                "open" => overlay.openings.push(read_day(id, &day)?),
                "classified" => {
                    let facts = serde_json::from_str(&facts).ok().and_then(|facts| StudyFacts::read(&facts).ok());
                    let facts = facts.ok_or_else(|| unreadable(id, "facts of a study"))?;
                    overlay.classifications.push((facts, RecordKindId(record_kind)));
                }
                _ => return Err(unreadable(id, "closed, open or classified")),
            }
        }
        Ok(overlay)
    }

    /// The same rows with who and when, for the counter.
    ///
    /// # Errors
    /// The database failed, or a row cannot be read.
    pub async fn overlay_rows(&self) -> Result<Vec<OverlayRow>, StoreError> {
        let row = |(id, kind, day, reason, _, _, staff, at): Row| {
            let day = if day.is_empty() { None } else { Some(read_day(id, &day)?) };
            Ok(OverlayRow { id, kind, day, reason, staff: StaffId(staff), at: read_instant("overlay row", &at)? })
        };
        self.overlay_stored().await?.into_iter().map(row).collect()
    }

    async fn overlay_stored(&self) -> Result<Vec<Row>, StoreError> {
        let select = "SELECT id, kind, day, reason, facts, record_kind, staff, at FROM rule_overlay \
                      WHERE withdrawn_by = '' ORDER BY id";
        Ok(read!(self.db(), pool => sqlx::query_as(select).fetch_all(pool).await?))
    }

    /// Declares a day closed, with the reason. A later word about the same day replaces it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn add_closure(&self, day: Date, reason: &str, by: &By) -> Result<(), StoreError> {
        let new = New { kind: "closed", day: day.to_string(), reason, facts: String::new(), record_kind: "" };
        self.put_overlay(new, by, Action::ChangeCalendar).await
    }

    /// Declares a day open against the calendar. A later word about the same day replaces it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn add_opening(&self, day: Date, by: &By) -> Result<(), StoreError> {
        let new = New { kind: "open", day: day.to_string(), reason: "", facts: String::new(), record_kind: "" };
        self.put_overlay(new, by, Action::ChangeCalendar).await
    }

    /// Remembers what studies with these facts count as (A21). A later word about the same facts replaces it.
    ///
    /// # Errors
    /// The database failed.
    pub async fn remember_classification(
        &self,
        facts: &StudyFacts,
        kind: &RecordKindId,
        by: &By,
    ) -> Result<(), StoreError> {
        let facts = facts.write().to_string();
        let new = New { kind: "classified", day: String::new(), reason: "", facts, record_kind: &kind.0 };
        self.put_overlay(new, by, Action::RememberClassification).await
    }

    /// Takes a row back; it stays stored with who took it back.
    ///
    /// # Errors
    /// The database failed, or no such row holds.
    pub async fn withdraw_overlay(&self, id: i64, by: &By) -> Result<(), StoreError> {
        let mut tx = self.db().begin().await?;
        let head = take_head(&mut tx).await?;
        let update = "UPDATE rule_overlay SET withdrawn_by = $2, withdrawn_at = $3 \
                      WHERE id = $1 AND withdrawn_by = '' RETURNING kind, day";
        let row: Option<(String, String)> = within!(&mut tx, c => sqlx::query_as(update).bind(id).bind(&by.staff.0)
            .bind(instant(by.at)).fetch_optional(c).await)?;
        let (kind, day) = row.ok_or_else(|| StoreError::Missing(format!("overlay row {id} that holds")))?;
        let entry = AuditEntry::new(by.at, Actor::Staff(by.staff.clone()), "withdraw-overlay");
        let written = append(&mut tx, head, &entry.detail(format!("{kind} {day}")), None).await?;
        Ok(crate::audit::commit(self.db(), tx, &written).await?)
    }

    async fn put_overlay(&self, new: New<'_>, by: &By, action: Action) -> Result<(), StoreError> {
        let mut tx = self.db().begin().await?;
        let head = take_head(&mut tx).await?;
        let replace = "UPDATE rule_overlay SET withdrawn_by = $3, withdrawn_at = $4 WHERE withdrawn_by = '' AND day = $1 AND \
                       facts = $2";
        within!(&mut tx, c => sqlx::query(replace).bind(&new.day).bind(clean(&new.facts)).bind(&by.staff.0)
            .bind(instant(by.at)).execute(c).await.map(drop))?;
        let insert = "INSERT INTO rule_overlay (kind, day, reason, facts, record_kind, staff, at, withdrawn_by, withdrawn_at) \
                      VALUES ($1, $2, $3, $4, $5, $6, $7, '', NULL)";
        within!(&mut tx, c => sqlx::query(insert).bind(new.kind).bind(&new.day).bind(clean(new.reason))
            .bind(clean(&new.facts)).bind(new.record_kind).bind(&by.staff.0).bind(instant(by.at)).execute(c).await
            .map(drop))?;
        let detail = format!("{} {}{}", new.kind, new.day, new.record_kind);
        let entry = AuditEntry::new(by.at, Actor::Staff(by.staff.clone()), action.name()).detail(detail);
        let written = append(&mut tx, head, &entry, None).await?;
        Ok(crate::audit::commit(self.db(), tx, &written).await?)
    }
}

fn read_day(id: i64, text: &str) -> Result<Date, StoreError> {
    text.parse().map_err(|_| unreadable(id, "a day"))
}

fn unreadable(id: i64, expected: &str) -> StoreError {
    StoreError::Unreadable { what: format!("overlay row {id}"), path: "row".into(), expected: expected.into() }
}
