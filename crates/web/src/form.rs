//! What was typed, what is wrong with it, and the controls that show both.
//!
//! A control's label is the message `f-NAME`, its hint `f-NAME-hint` where there is one. The control's `id` is its
//! `name`; a radio button's is `NAME-VALUE`.

use crate::AppState;
use crate::i18n::Tr;
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{FromRequest, Request};
use std::collections::BTreeMap;

/// Most characters kept of one field.
pub const LONGEST: usize = 2_000;

/// Everything typed, by field name.
#[derive(Clone, Default)]
pub struct Form(pub BTreeMap<String, String>);

impl Form {
    /// What a browser sent: control characters other than line ends removed, each value at most 2,000 characters.
    fn from_pairs(pairs: Vec<(String, String)>) -> Form {
        let clean = |text: String| -> String {
            text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).take(LONGEST).collect()
        };
        Form(pairs.into_iter().take(600).map(|(name, value)| (name, clean(value))).collect())
    }

    /// What was typed in `name`, without the blanks around it.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map(|v| v.trim()).unwrap_or_default()
    }

    /// Whether `name` holds exactly `value`.
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.get(name) == value
    }

    /// Whether a box was ticked.
    pub fn ticked(&self, name: &str) -> bool {
        !self.get(name).is_empty()
    }

    /// A whole number; `None` when it is none. Empty counts as `empty`.
    pub fn number(&self, name: &str, empty: u32) -> Option<u32> {
        match normalise(self.get(name)).as_str() {
            "" => Some(empty),
            typed => typed.parse().ok(),
        }
    }
}

impl FromRequest<AppState> for Form {
    type Rejection = FormRejection;

    async fn from_request(request: Request, state: &AppState) -> Result<Self, Self::Rejection> {
        axum::Form::from_request(request, state).await.map(|axum::Form(pairs)| Form::from_pairs(pairs))
    }
}

/// Half-width, upper case, without blanks and dashes: how numbers and codes are compared.
pub fn normalise(typed: &str) -> String {
    typed
        .chars()
        .map(half_width)
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '‐' | '–' | '—' | '－' | '−'))
        .flat_map(char::to_uppercase)
        .collect()
}

/// Full-width letters and digits as half-width ones, anything else as it is.
pub fn half_width(c: char) -> char {
    match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '\u{3000}' => ' ',
        other => other,
    }
}

/// One thing that is wrong, in the words shown on top and beside the field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Name of the field.
    pub field: String,
    /// `id` of the control the summary leads to.
    pub target: String,
    /// What to do about it.
    pub text: String,
}

/// Everything wrong on a page, in page order.
#[derive(Clone, Debug, Default)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    /// Adds one whose control has the field's name as its `id`.
    pub fn add(&mut self, field: &str, text: String) {
        self.add_at(field, field, text);
    }

    /// Adds one whose control has an `id` of its own, such as the first of several radio buttons.
    pub fn add_at(&mut self, field: &str, target: &str, text: String) {
        if self.of(field).is_none() {
            self.0.push(Problem { field: field.to_owned(), target: target.to_owned(), text });
        }
    }

    /// What is wrong with one field.
    pub fn of(&self, field: &str) -> Option<String> {
        self.0.iter().find(|p| p.field == field).map(|p| p.text.clone())
    }

    /// Nothing is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Makes the controls of a page.
#[derive(Clone)]
pub struct Fields {
    /// Messages.
    pub tr: Tr,
    /// Values.
    pub form: Form,
    /// Faults.
    pub problems: Problems,
}

impl Fields {
    /// A text field. `looks` are words: `short`, `mid`, `tel`, `email`, `number`, `off` (no autocomplete), `name`.
    pub fn text(&self, name: &str, looks: &str) -> TextField {
        self.text_as(name, name, looks)
    }

    /// A text field with the label of another.
    pub fn text_as(&self, name: &str, label: &str, looks: &str) -> TextField {
        let has = |word: &str| looks.split(' ').any(|w| w == word);
        TextField {
            name: name.to_owned(),
            label: self.tr.t(&format!("f-{label}")),
            hint: self.tr.maybe(&format!("f-{label}-hint")),
            value: self.form.get(name).to_owned(),
            error: self.problems.of(name),
            error_word: self.tr.t("error-word"),
            kind: if has("tel") {
                "tel"
            } else if has("email") {
                "email"
            } else {
                "text"
            },
            numeric: has("number"),
            class: if has("short") {
                "short"
            } else if has("mid") {
                "mid"
            } else {
                ""
            },
            autocomplete: if has("off") {
                "off"
            } else if has("tel") {
                "tel"
            } else if has("email") {
                "email"
            } else if has("own-name") {
                "name"
            } else {
                "off"
            },
            area: has("area"),
        }
    }

    /// A check box.
    pub fn tick(&self, name: &str) -> Pick {
        self.tick_as(name, self.tr.t(&format!("f-{name}")), self.tr.maybe(&format!("f-{name}-hint")))
    }

    /// A check box with a label of its own.
    pub fn tick_as(&self, name: &str, label: String, hint: Option<String>) -> Pick {
        Pick {
            kind: "checkbox",
            id: name.to_owned(),
            name: name.to_owned(),
            value: "yes".into(),
            checked: self.form.ticked(name),
            label,
            hint,
        }
    }

    /// One radio button, labelled by the message `f-NAME-VALUE`.
    pub fn radio(&self, name: &str, value: &str) -> Pick {
        self.radio_as(name, name, value)
    }

    /// One radio button with the labels of another field.
    pub fn radio_as(&self, name: &str, label: &str, value: &str) -> Pick {
        Pick {
            kind: "radio",
            id: format!("{name}-{value}"),
            name: name.to_owned(),
            value: value.to_owned(),
            checked: self.form.is(name, value),
            label: self.tr.t(&format!("f-{label}-{value}")),
            hint: self.tr.maybe(&format!("f-{label}-{value}-hint")),
        }
    }

    /// What is wrong with a group of buttons, to be shown under its legend.
    pub fn wrong(&self, name: &str) -> String {
        self.problems.of(name).unwrap_or_default()
    }
}

/// A labelled text field.
#[derive(Template)]
#[template(path = "parts/text.html")]
pub struct TextField {
    name: String,
    label: String,
    hint: Option<String>,
    value: String,
    error: Option<String>,
    error_word: String,
    kind: &'static str,
    numeric: bool,
    class: &'static str,
    autocomplete: &'static str,
    area: bool,
}

/// A labelled check box or radio button.
#[derive(Template)]
#[template(path = "parts/pick.html")]
pub struct Pick {
    kind: &'static str,
    id: String,
    name: String,
    value: String,
    checked: bool,
    label: String,
    hint: Option<String>,
}
