//! How much: the tariff's rows applied to counted things. Every line names its row and its quantity.

use crate::rules::switches::{ExtraSet, GeneralBeside};
use crate::{FeeBasis, FeeClass, FeeLine, FeeRule, Rules, Twd};
use jiff::civil::Date;

/// What the tariff counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// Special examinations on disc.
    pub special: u32,
    /// General examinations on disc.
    pub general: u32,
    /// Discs in one set; 0 when nothing is on disc.
    pub discs: u32,
    /// Identical extra sets.
    pub extra_sets: u32,
    /// Sheets of film, general and special.
    pub film: [u32; 2],
    /// Sheets of paper.
    pub hard_copy: u32,
    /// Parcels posted.
    pub parcels: u32,
}

impl Rules {
    /// The lines of an order, in page order. A count of zero has no line.
    pub(crate) fn fee_lines(&self, on: Date, c: &Counted) -> Vec<FeeLine> {
        let mut lines = self.disc_lines(on, c);
        let set: Twd = lines.iter().map(|l| l.amount).fold(Twd::ZERO, Twd::plus);
        let mut add = |basis, class, quantity| lines.extend(self.flat(on, basis, class, quantity));
        match self.switches.extra_set {
            ExtraSet::Additional => add(FeeBasis::ExtraSetDisc, None, c.extra_sets.saturating_mul(c.discs)),
            ExtraSet::FullTariff => {
                let row = self.fee(on, FeeBasis::ExtraSetDisc, None);
                let quantity = if c.discs == 0 { 0 } else { c.extra_sets };
                lines.extend(row.filter(|_| quantity > 0).map(|r| line(r, quantity, times(set, quantity))));
            }
        }
        let mut add = |basis, class, quantity| lines.extend(self.flat(on, basis, class, quantity));
        add(FeeBasis::FilmSheet, Some(FeeClass::General), c.film[0]);
        add(FeeBasis::FilmSheet, Some(FeeClass::Special), c.film[1]);
        add(FeeBasis::HardCopySheet, Some(FeeClass::General), c.hard_copy);
        add(FeeBasis::PostedParcel, None, c.parcels);
        lines
    }

    /// A05: n = special examinations, plus one if there is any general one; the tier buys the first disc (A06).
    fn disc_lines(&self, on: Date, c: &Counted) -> Vec<FeeLine> {
        let mut lines = Vec::with_capacity(4);
        if c.discs == 0 {
            return lines;
        }
        let general = u32::from(c.general > 0);
        let (special, general) = match (c.special, self.switches.general_beside) {
            (0, _) => (0, general),
            (n, GeneralBeside::Combined) => (n + general, 0),
            (n, GeneralBeside::Additive) => (n, general),
            (n, GeneralBeside::SpecialsOnly) => (n, 0),
        };
        for (class, n) in [(FeeClass::General, general), (FeeClass::Special, special)] {
            let row = self.fee(on, FeeBasis::DiscTier, Some(class)).filter(|_| n > 0);
            lines.extend(row.map(|r| line(r, n, tier(r, n))));
        }
        lines.extend(self.flat(on, FeeBasis::AdditionalDisc, None, c.discs - 1));
        lines
    }

    fn flat(&self, on: Date, basis: FeeBasis, class: Option<FeeClass>, quantity: u32) -> Option<FeeLine> {
        let row = self.fee(on, basis, class).filter(|_| quantity > 0)?;
        Some(line(row, quantity, times(tier(row, 1), quantity)))
    }

    fn fee(&self, on: Date, basis: FeeBasis, class: Option<FeeClass>) -> Option<&FeeRule> {
        self.fees.iter().find(|f| f.basis == basis && f.class == class && f.validity.holds_on(on))
    }
}

/// The amount of the highest tier that `n` reaches.
fn tier(row: &FeeRule, n: u32) -> Twd {
    row.amounts.iter().rev().find(|(from, _)| *from <= n).map_or(Twd::ZERO, |(_, twd)| *twd)
}

fn times(amount: Twd, quantity: u32) -> Twd {
    Twd::from_tariff(amount.dollars().saturating_mul(i64::from(quantity)))
}

fn line(row: &FeeRule, quantity: u32, amount: Twd) -> FeeLine {
    FeeLine {
        rule: row.id.clone(),
        quantity,
        text: row.text.clone(),
        amount,
        cite: row.cite.clone(),
        reading: row.reading.clone(),
    }
}
