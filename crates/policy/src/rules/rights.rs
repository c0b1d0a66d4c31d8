//! The rows that say in what right somebody applies: heirs in their order, and representatives of minors and wards.

use super::rows::{Day, Since, SpannedCite};
use crate::{Kinship, Representation, Text};
use serde::Deserialize;
use toml::Spanned;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum KinshipWord {
    Spouse,
    Descendant,
    Parent,
    Sibling,
    Grandparent,
}

impl KinshipWord {
    pub fn kinship(self) -> Kinship {
        match self {
            KinshipWord::Spouse => Kinship::Spouse,
            KinshipWord::Descendant => Kinship::Descendant,
            KinshipWord::Parent => Kinship::Parent,
            KinshipWord::Sibling => Kinship::Sibling,
            KinshipWord::Grandparent => Kinship::Grandparent,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HeirRow {
    pub id: Spanned<String>,
    pub kinship: Spanned<KinshipWord>,
    pub order: u8,
    pub text: Text,
    pub since: Since,
    pub until: Option<Day>,
    pub cite: SpannedCite,
}

/// What the order of heirs says about one relative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    Spouse,
    Nearest,
    Representing,
    NextDegree,
    LaterOrder,
    EarlierOrder,
    NearerDegree,
    LineRenounced,
}

impl Outcome {
    pub const ALL: [Outcome; 8] = [
        Outcome::Spouse,
        Outcome::Nearest,
        Outcome::Representing,
        Outcome::NextDegree,
        Outcome::LaterOrder,
        Outcome::EarlierOrder,
        Outcome::NearerDegree,
        Outcome::LineRenounced,
    ];

    /// Whether who is in this place inherits.
    pub fn inherits(self) -> bool {
        match self {
            Outcome::Spouse | Outcome::Nearest | Outcome::Representing | Outcome::NextDegree | Outcome::LaterOrder => {
                true
            }
            Outcome::EarlierOrder | Outcome::NearerDegree | Outcome::LineRenounced => false,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InheritanceRow {
    pub id: Spanned<String>,
    pub outcome: Spanned<Outcome>,
    pub text: Text,
    pub since: Since,
    pub until: Option<Day>,
    pub cite: SpannedCite,
}

/// Who is represented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Represented {
    Minor,
    Ward,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum RepresentationWord {
    Parent,
    CustodialParent,
    NonCustodialParent,
    Guardian,
    Assistant,
    OtherRelative,
}

impl RepresentationWord {
    pub const ALL: [RepresentationWord; 6] = [
        RepresentationWord::Parent,
        RepresentationWord::CustodialParent,
        RepresentationWord::NonCustodialParent,
        RepresentationWord::Guardian,
        RepresentationWord::Assistant,
        RepresentationWord::OtherRelative,
    ];

    pub fn representation(self) -> Representation {
        match self {
            RepresentationWord::Parent => Representation::Parent,
            RepresentationWord::CustodialParent => Representation::CustodialParent,
            RepresentationWord::NonCustodialParent => Representation::NonCustodialParent,
            RepresentationWord::Guardian => Representation::Guardian,
            RepresentationWord::Assistant => Representation::Assistant,
            RepresentationWord::OtherRelative => Representation::OtherRelative,
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RepresentativeRow {
    pub id: Spanned<String>,
    pub relation: RepresentationWord,
    pub of: Represented,
    pub represents: bool,
    pub text: Text,
    pub since: Since,
    pub until: Option<Day>,
    pub cite: SpannedCite,
}
