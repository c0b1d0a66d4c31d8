//! The two languages of the pages: messages in `locales/{zh-TW,en}`, with equal keys (a test compares them).

use filmdesk_policy::{Lang, Text};
use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Display;
use std::sync::LazyLock;

fluent_templates::static_loader! {
    static MESSAGES = {
        locales: "./locales",
        fallback_language: "en",
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

static ZH_TW: LazyLock<LanguageIdentifier> = LazyLock::new(|| "zh-TW".parse().expect("a valid tag"));
static EN: LazyLock<LanguageIdentifier> = LazyLock::new(|| "en".parse().expect("a valid tag"));

/// What a missing message is shown as: visible to a test, and never a sentence of the other language.
pub const MISSING: &str = "⟦";

/// Says things in one language.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tr {
    /// Which.
    pub lang: Lang,
}

impl Tr {
    /// Messages in `lang`.
    pub fn new(lang: Lang) -> Tr {
        Tr { lang }
    }

    /// The message `key`.
    pub fn t(&self, key: &str) -> String {
        MESSAGES.try_lookup(self.tag(), key).unwrap_or_else(|| missing(key))
    }

    /// The message `key` with one argument.
    pub fn t1(&self, key: &str, name: &'static str, value: impl Display) -> String {
        self.with(key, &[(name, &value)])
    }

    /// The message `key` with two arguments.
    pub fn t2(
        &self,
        key: &str,
        first: &'static str,
        one: impl Display,
        second: &'static str,
        two: impl Display,
    ) -> String {
        self.with(key, &[(first, &one), (second, &two)])
    }

    /// The message `key` with any arguments.
    pub fn with(&self, key: &str, arguments: &[(&'static str, &dyn Display)]) -> String {
        let arguments: HashMap<Cow<'static, str>, FluentValue> = arguments
            .iter()
            .map(|(name, value)| (Cow::Borrowed(*name), FluentValue::String(Cow::Owned(value.to_string()))))
            .collect();
        MESSAGES.try_lookup_with_args(self.tag(), key, &arguments).unwrap_or_else(|| missing(key))
    }

    /// The message `key` if there is one: for hints that only some fields have.
    pub fn maybe(&self, key: &str) -> Option<String> {
        // The loader would fall back to the other language; a hint exists in both or in none (the key test).
        MESSAGES.try_lookup(self.tag(), key)
    }

    /// A sentence of the rules.
    pub fn text<'a>(&self, text: &'a Text) -> &'a str {
        text.get(self.lang)
    }

    fn tag(&self) -> &'static LanguageIdentifier {
        match self.lang {
            Lang::ZhTw => &ZH_TW,
            Lang::En => &EN,
        }
    }
}

fn missing(key: &str) -> String {
    tracing::error!(key, "a message is missing");
    format!("{MISSING}{key}⟧")
}

/// The language an `Accept-Language` header asks for first, of the two there are; anything else gets Chinese, the
/// language of the place.
pub fn preferred(accept_language: &str) -> Lang {
    for part in accept_language.split(',') {
        let tag = part.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if tag.starts_with("zh") {
            return Lang::ZhTw;
        }
        if tag.starts_with("en") {
            return Lang::En;
        }
    }
    Lang::ZhTw
}
