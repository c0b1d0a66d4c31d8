//! Two languages, everywhere: a sentence that exists in one only does not load.

use serde::Deserialize;

/// The two languages every page, paper and answer exists in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Lang {
    /// 正體中文 as written in Taiwan (`zh-Hant-TW`).
    #[default]
    ZhTw,
    /// English (`en`).
    En,
}

impl Lang {
    /// The BCP 47 tag for `lang` attributes: `zh-Hant-TW` or `en`.
    pub fn tag(self) -> &'static str {
        match self {
            Lang::ZhTw => "zh-Hant-TW",
            Lang::En => "en",
        }
    }
}

/// One sentence in both languages, from a rule row.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Text {
    /// 正體中文.
    pub zh: String,
    /// English.
    pub en: String,
}

impl Text {
    /// The sentence in `lang`.
    pub fn get(&self, lang: Lang) -> &str {
        match lang {
            Lang::ZhTw => &self.zh,
            Lang::En => &self.en,
        }
    }
}

/// The published fee classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FeeClass {
    /// One flat fee whatever the number of examinations.
    General,
    /// Tiered by the number of examinations.
    Special,
}

impl Text {
    /// Both languages at once, for sentences of the product itself.
    pub(crate) fn new(zh: impl Into<String>, en: impl Into<String>) -> Text {
        Text { zh: zh.into(), en: en.into() }
    }

    /// Replaces `{name}` in both languages by a value that reads differently in each.
    pub(crate) fn fill(&self, name: &str, value: &Text) -> Text {
        let hole = format!("{{{name}}}");
        Text { zh: self.zh.replace(&hole, &value.zh), en: self.en.replace(&hole, &value.en) }
    }

    /// Replaces `{name}` in both languages by the same value.
    pub(crate) fn put(&self, name: &str, value: impl std::fmt::Display) -> Text {
        let value = value.to_string();
        let hole = format!("{{{name}}}");
        Text { zh: self.zh.replace(&hole, &value), en: self.en.replace(&hole, &value) }
    }
}
