//! Where each item is applied for: what is copied here, and what is referred, by the first row that fits.

use crate::rules::rows::{Dated, Receivable, Refers, RouteRow};
use crate::rules::switches::{Partly, Routing};
use crate::{ItemAsked, Place, Reason, Referral, Rules};
use jiff::civil::Date;

/// What of an item is done here.
pub(crate) struct Routed {
    /// Discs and films are made here.
    pub here: bool,
    /// Paper is made here.
    pub hard_copy_here: bool,
    /// What is referred, if anything.
    pub referral: Option<Referral>,
}

impl Rules {
    pub(crate) fn route(&self, on: Date, index: usize, item: &ItemAsked) -> Routed {
        let row = self.routes.iter().find(|r| r.validity().holds_on(on) && self.route_fits(r, item));
        let Some(row) = row else { return Routed { here: true, hard_copy_here: true, referral: None } };
        let referral = Some(self.referral(row, index, item));
        let refers = match (row.refers, self.switches.partly) {
            (Refers::Rest, Partly::PerSet) => Refers::Item,
            (Refers::Rest, Partly::PerImage) | (Refers::Item | Refers::HardCopy, _) => row.refers,
        };
        match refers {
            Refers::Item => Routed { here: false, hard_copy_here: false, referral },
            Refers::HardCopy => Routed { here: true, hard_copy_here: false, referral },
            Refers::Rest => Routed { here: true, hard_copy_here: true, referral },
        }
    }

    fn route_fits(&self, row: &RouteRow, item: &ItemAsked) -> bool {
        let w = &row.when;
        let unit = |u: &toml::Spanned<String>| match self.switches.routing {
            Routing::Unit => item.performing_unit.as_deref() == Some(u.get_ref().as_str()),
            Routing::Modality => false,
        };
        let receivable = |wanted: Receivable| match item.receivable {
            None => false,
            Some((have, of)) => match wanted {
                Receivable::None => have == 0,
                Receivable::Part => have > 0 && have < of,
            },
        };
        w.imported.is_none_or(|i| i == item.imported)
            && w.unit.as_ref().is_none_or(unit)
            && (w.kinds.is_empty() || w.kinds.iter().any(|k| *k.get_ref() == item.kind.0))
            && w.hard_copy.is_none_or(|h| h == (item.media.hard_copy_sheets > 0))
            && w.upload_confirmed.is_none_or(|u| item.dental_upload_confirmed == Some(u))
            && w.receivable.is_none_or(receivable)
            && w.switch.as_ref().is_none_or(|s| self.holds(s.get_ref()))
    }

    fn referral(&self, row: &RouteRow, index: usize, item: &ItemAsked) -> Referral {
        let (have, of) = item.receivable.unwrap_or_default();
        let places: Vec<Place> = row.places.iter().filter_map(|p| self.venue(p.get_ref())).cloned().collect();
        let why = Reason {
            rule: row.id.get_ref().clone(),
            text: row.text.put("have", have).put("of", of),
            cite: row.cite.get_ref().cite(),
            reading: row.reading.as_ref().map(|r| r.get_ref().clone()),
        };
        Referral { item: Some(index), places, why }
    }

    /// Whether an item waits for somebody to confirm an upload that nobody asked about yet (A18).
    pub(crate) fn upload_unasked(&self, item: &ItemAsked) -> bool {
        let asks = |r: &&RouteRow| {
            r.when.upload_confirmed == Some(false) && r.when.kinds.iter().any(|k| *k.get_ref() == item.kind.0)
        };
        item.dental_upload_confirmed.is_none() && self.routes.iter().any(|r| asks(&r))
    }
}
