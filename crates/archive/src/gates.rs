//! The gates between what an archive does and what reaches a disc, by the names the catalogue of dangers gives them.

/// One gate of this crate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Answers are filtered again: exactly this patient, of exactly this issuer.
    W2,
    /// Only listed instances are taken.
    W4,
    /// One SOP Instance UID, one content: two contents are both put away.
    W6,
    /// Before a disc is made the archive must still say what it said when the order was weighed.
    W7,
}

/// Which gates hold: all of them. No configuration, argument or environment reaches this; a test takes one away to see
/// that it is needed ([`crate::Archive::without_gate`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Gates {
    off: Option<Gate>,
}

impl Gates {
    pub fn all_but(gate: Gate) -> Gates {
        Gates { off: Some(gate) }
    }
    pub fn hold(self, gate: Gate) -> bool {
        self.off != Some(gate)
    }
}
