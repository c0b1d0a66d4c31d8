//! How a domain value becomes the JSON of a row, and back.
//!
//! Domain types do not derive `Serialize`: what is stored is decided here, one line per type, by name. Each line takes
//! its type apart completely, so a field added to the domain does not compile until it is stored. A field that is missing
//! in an older row reads as `None` if it is optional, and is an error otherwise: nothing is made up.

mod desk;
mod policy;

use jiff::{Timestamp, civil};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A stored document that cannot be read: where, and what was expected. Never the value, which may be private.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unreadable {
    /// Path to the place, innermost last.
    pub path: String,
    /// What was expected there.
    pub expected: &'static str,
}

impl Unreadable {
    pub(crate) fn expected(expected: &'static str) -> Self {
        Unreadable { path: String::new(), expected }
    }
    fn under(mut self, member: &str) -> Self {
        self.path = if self.path.is_empty() { member.to_owned() } else { format!("{member}.{}", self.path) };
        self
    }
}

/// A value that is stored as JSON.
pub(crate) trait Document: Sized {
    /// Its JSON.
    fn write(&self) -> Value;
    /// Reads it back.
    fn read(value: &Value) -> Result<Self, Unreadable>;
    /// What it is when an older row does not have it.
    fn absent() -> Option<Self> {
        None
    }
}

/// Implements [`Document`] for structs, member by member.
macro_rules! record {
    ($($type:ident { $($member:ident),* $(,)? })*) => {$(
        impl Document for $type {
            fn write(&self) -> Value {
                let $type { $($member),* } = self;
                let mut members = Map::new();
                $(members.insert(stringify!($member).to_owned(), $member.write());)*
                Value::Object(members)
            }
            fn read(value: &Value) -> Result<Self, Unreadable> {
                let members = members_of(value)?;
                Ok($type { $($member: member(members, stringify!($member))?),* })
            }
        }
    )*};
}

/// Implements [`Document`] for enums: the variant's name under `is`, its members beside it.
macro_rules! choice {
    ($($type:ident { $($variant:ident $(($inner:ident))? $({ $($member:ident),* $(,)? })?),* $(,)? })*) => {$(
        impl Document for $type {
            fn write(&self) -> Value {
                match self {$(
                    $type::$variant $(($inner))? $({ $($member),* })? => {
                        #[allow(unused_mut)] // unit variants have no members
                        let mut members = Map::new();
                        $(members.insert(stringify!($inner).to_owned(), $inner.write());)?
                        $($(members.insert(stringify!($member).to_owned(), $member.write());)*)?
                        tagged(stringify!($variant), members)
                    }
                )*}
            }
            fn read(value: &Value) -> Result<Self, Unreadable> {
                let (tag, _members) = tag_of(value)?;
                match tag {
                    $(stringify!($variant) => Ok($type::$variant
                        $((member(_members, stringify!($inner))?))?
                        $({ $($member: member(_members, stringify!($member))?),* })?),)*
                    _ => Err(Unreadable::expected(concat!("a variant of ", stringify!($type)))),
                }
            }
        }
    )*};
}

/// Implements [`Document`] for values with a text form.
macro_rules! text_form {
    ($($type:ty: $expected:literal, $write:expr, $read:expr;)*) => {$(
        impl Document for $type {
            fn write(&self) -> Value {
                let write: fn(&$type) -> String = $write;
                Value::String(write(self))
            }
            fn read(value: &Value) -> Result<Self, Unreadable> {
                let read: fn(&str) -> Option<$type> = $read;
                value.as_str().and_then(read).ok_or(Unreadable::expected($expected))
            }
        }
    )*};
}

pub(crate) use {choice, record, text_form};

text_form! {
    String: "a text", String::clone, |text| Some(text.to_owned());
    Timestamp: "an instant", Timestamp::to_string, |text| text.parse().ok();
    civil::Date: "a date", civil::Date::to_string, |text| text.parse().ok();
    civil::DateTime: "a date and time", civil::DateTime::to_string, |text| text.parse().ok();
}

/// Implements [`Document`] for whole numbers.
macro_rules! whole_number {
    ($($type:ty),*) => {$(
        impl Document for $type {
            fn write(&self) -> Value {
                Value::from(*self)
            }
            fn read(value: &Value) -> Result<Self, Unreadable> {
                let number = value.as_u64().and_then(|n| <$type>::try_from(n).ok());
                let number = number.or_else(|| value.as_i64().and_then(|n| <$type>::try_from(n).ok()));
                number.ok_or(Unreadable::expected("a whole number in range"))
            }
        }
    )*};
}
whole_number!(u32, u64, i64);

impl Document for bool {
    fn write(&self) -> Value {
        Value::Bool(*self)
    }
    fn read(value: &Value) -> Result<Self, Unreadable> {
        value.as_bool().ok_or(Unreadable::expected("true or false"))
    }
}

impl<T: Document> Document for Option<T> {
    fn write(&self) -> Value {
        self.as_ref().map_or(Value::Null, T::write)
    }
    fn read(value: &Value) -> Result<Self, Unreadable> {
        if value.is_null() { Ok(None) } else { T::read(value).map(Some) }
    }
    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: Document> Document for Box<T> {
    fn write(&self) -> Value {
        T::write(self)
    }
    fn read(value: &Value) -> Result<Self, Unreadable> {
        T::read(value).map(Box::new)
    }
}

impl<T: Document> Document for Vec<T> {
    fn write(&self) -> Value {
        self.iter().map(T::write).collect()
    }
    fn read(value: &Value) -> Result<Self, Unreadable> {
        let elements = value.as_array().ok_or(Unreadable::expected("a list"))?;
        let read = |(index, value)| T::read(value).map_err(|error| error.under(&format!("{index}")));
        elements.iter().enumerate().map(read).collect()
    }
}

impl<T: Document> Document for BTreeMap<String, T> {
    fn write(&self) -> Value {
        Value::Object(self.iter().map(|(key, value)| (key.clone(), value.write())).collect())
    }
    fn read(value: &Value) -> Result<Self, Unreadable> {
        let members = members_of(value)?;
        // The keys are field names, but a form is the public's to fill: they stay out of the error.
        members.iter().map(|(key, value)| Ok((key.clone(), T::read(value)?))).collect()
    }
}

impl<A: Document, B: Document> Document for (A, B) {
    fn write(&self) -> Value {
        Value::Array(vec![self.0.write(), self.1.write()])
    }
    fn read(value: &Value) -> Result<Self, Unreadable> {
        match value.as_array().map(Vec::as_slice) {
            Some([a, b]) => Ok((A::read(a)?, B::read(b)?)),
            Some(_) | None => Err(Unreadable::expected("a pair")),
        }
    }
}

fn members_of(value: &Value) -> Result<&Map<String, Value>, Unreadable> {
    value.as_object().ok_or(Unreadable::expected("an object"))
}

pub(crate) fn member<T: Document>(members: &Map<String, Value>, name: &str) -> Result<T, Unreadable> {
    match members.get(name) {
        Some(value) => T::read(value),
        None => T::absent().ok_or(Unreadable::expected("this member")),
    }
    .map_err(|error| error.under(name))
}

fn tagged(tag: &str, mut members: Map<String, Value>) -> Value {
    if members.is_empty() {
        return Value::String(tag.to_owned());
    }
    members.insert("is".to_owned(), Value::String(tag.to_owned()));
    Value::Object(members)
}

fn tag_of(value: &Value) -> Result<(&str, &Map<String, Value>), Unreadable> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    if let Value::String(tag) = value {
        return Ok((tag, &NONE));
    }
    let members = members_of(value)?;
    let tag = members.get("is").and_then(Value::as_str).ok_or(Unreadable::expected("a variant"))?;
    Ok((tag, members))
}
