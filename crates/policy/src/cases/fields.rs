//! Reading untrusted values: every fault names its field and what is allowed, and none stops the others being found.

use crate::{Text, Violation, taiwan};
use jiff::civil::{Date, DateTime};
use serde_json::{Map, Value};

/// A table being read: which keys were asked for is remembered, so that the rest can be refused.
pub(crate) struct Fields<'a> {
    path: String,
    table: &'a Map<String, Value>,
    known: Vec<&'static str>,
}

/// Faults found so far.
pub(crate) type Faults = Vec<Violation>;

pub(crate) fn fault(faults: &mut Faults, code: &str, field: &str, zh: String, en: String) {
    faults.push(Violation { code: code.to_owned(), field: field.to_owned(), text: Text::new(zh, en), cite: None });
}

impl<'a> Fields<'a> {
    /// Opens a table at a path (`""` is the whole).
    pub fn open(path: &str, value: &'a Value, faults: &mut Faults) -> Option<Fields<'a>> {
        if let Value::Object(table) = value {
            return Some(Fields { path: path.to_owned(), table, known: Vec::new() });
        }
        wrong(faults, path, "一組欄位", "a table of fields");
        None
    }

    pub fn path(&self, key: &str) -> String {
        if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) }
    }

    /// The raw value of a key; `null` counts as absent.
    pub fn value(&mut self, key: &'static str) -> Option<&'a Value> {
        self.known.push(key);
        self.table.get(key).filter(|v| !v.is_null())
    }

    pub fn text(&mut self, key: &'static str, faults: &mut Faults) -> Option<&'a str> {
        let value = self.value(key)?;
        let text = value.as_str();
        if text.is_none() {
            wrong(faults, &self.path(key), "文字", "text");
        }
        text
    }

    pub fn flag(&mut self, key: &'static str, faults: &mut Faults) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.as_bool();
        if flag.is_none() {
            wrong(faults, &self.path(key), "true 或 false", "true or false");
        }
        flag
    }

    /// A whole number from 0.
    pub fn count(&mut self, key: &'static str, faults: &mut Faults) -> Option<u32> {
        let value = self.value(key)?;
        let count = as_count(value);
        if count.is_none() {
            wrong(faults, &self.path(key), "0 以上的整數", "a whole number from 0");
        }
        count
    }

    pub fn date(&mut self, key: &'static str, faults: &mut Faults) -> Option<Date> {
        let text = self.text(key, faults)?;
        match taiwan::parse_date(text) {
            Ok(date) => Some(date),
            Err(e) => {
                bad_date(faults, &self.path(key), text, e);
                None
            }
        }
    }

    pub fn moment(&mut self, key: &'static str, faults: &mut Faults) -> Option<DateTime> {
        let text = self.text(key, faults)?;
        match taiwan::parse_moment(text) {
            Ok(moment) => Some(moment),
            Err(e) => {
                bad_date(faults, &self.path(key), text, e);
                None
            }
        }
    }

    /// One of a few words.
    pub fn word<T: Copy>(&mut self, key: &'static str, words: &[(&str, T)], faults: &mut Faults) -> Option<T> {
        let text = self.text(key, faults)?;
        let found = words.iter().find(|(w, _)| *w == text).map(|(_, t)| *t);
        if found.is_none() {
            let allowed = words.iter().map(|(w, _)| *w).collect::<Vec<&str>>().join(", ");
            fault(
                faults,
                "unknown-word",
                &self.path(key),
                format!("沒有「{}」；可用：{allowed}。", shown(text)),
                format!("\"{}\" is not one of: {allowed}.", shown(text)),
            );
        }
        found
    }

    /// Every element of a list, with its path.
    pub fn list(&mut self, key: &'static str, faults: &mut Faults) -> Vec<(String, &'a Value)> {
        let Some(value) = self.value(key) else { return Vec::new() };
        let Value::Array(list) = value else {
            wrong(faults, &self.path(key), "清單", "a list");
            return Vec::new();
        };
        let path = self.path(key);
        list.iter().enumerate().map(|(i, v)| (format!("{path}[{i}]"), v)).collect()
    }

    /// Ends the table: what was not asked for is unknown.
    pub fn close(self, faults: &mut Faults) {
        for key in self.table.keys().filter(|k| !self.known.contains(&k.as_str())) {
            let allowed = self.known.join(", ");
            fault(
                faults,
                "unknown-field",
                &self.path(shown(key)),
                format!("沒有這個欄位；可用：{allowed}。"),
                format!("There is no such field; the fields are {allowed}."),
            );
        }
    }
}

pub(crate) fn wrong(faults: &mut Faults, field: &str, zh: &str, en: &str) {
    fault(faults, "wrong-type", field, format!("這裡應為{zh}。"), format!("{en} is expected here."));
}

pub(crate) fn as_count(value: &Value) -> Option<u32> {
    value.as_u64().and_then(|n| u32::try_from(n).ok())
}

fn bad_date(faults: &mut Faults, field: &str, text: &str, e: taiwan::DateFault) {
    let (code, zh) = match e {
        taiwan::DateFault::Form => {
            ("date-not-read", "日期寫法如 115/12/1、民國115年12月1日或 2026-12-01，時間如 2026-12-01T10:00")
        }
        taiwan::DateFault::NoSuchDay => ("no-such-day", "沒有這一天或這個時刻"),
    };
    let text = shown(text);
    fault(faults, code, field, format!("「{text}」：{zh}。"), format!("\"{text}\": {e}, time as in 2026-12-01T10:00."));
}

/// The beginning of what was written: enough to find it, never a page of it.
pub(crate) fn shown(text: &str) -> &str {
    let end = text.char_indices().nth(40).map_or(text.len(), |(i, _)| i);
    &text[..end]
}
