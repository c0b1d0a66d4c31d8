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
#[serde(try_from = "Written")]
pub struct Text {
    /// 正體中文.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A text as written in a row, before it is believed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    zh: String,
    en: String,
}

impl TryFrom<Written> for Text {
    type Error = String;

    fn try_from(w: Written) -> Result<Text, String> {
        for (lang, text) in [("zh", &w.zh), ("en", &w.en)] {
            if text.trim().is_empty() {
                return Err(format!("missing translation: `{lang}` is empty"));
            }
        }
        let (zh, en) = (holes(&w.zh), holes(&w.en));
        if zh != en {
            return Err(format!("the translations leave different holes: zh has {zh:?}, en has {en:?}"));
        }
        Ok(Text { zh: w.zh, en: w.en })
    }
}

/// The names in braces, each once.
fn holes(text: &str) -> std::collections::BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(name, _)| name).collect()
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
