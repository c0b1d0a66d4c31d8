//! Images that were rejected after they were stored: key object notes by IHE Imaging Object Change Management
//! (IOCM, RAD TF-3 4.66) say so, and a plain archive goes on giving both the note and the images.

use crate::gather::{Goods, LeftOut};
use filmdesk_instance::{Header, tags};
use std::collections::HashMap;

/// Key Object Selection Document Storage.
const KEY_OBJECT_SELECTION: &str = "1.2.840.10008.5.1.4.1.1.88.59";

/// Why a note rejects, by the code of its title (PS3.16 CID 7011).
fn words(code: &str) -> Option<(&'static str, &'static str)> {
    match code {
        "113001" => Some(("rejected-113001", "rejected for quality reasons")),
        "113037" => Some(("rejected-113037", "rejected for patient safety reasons")),
        "113038" => Some(("rejected-113038", "filed by a wrong worklist entry")),
        "113039" => Some(("rejected-113039", "past the archive's retention")),
        _ => None,
    }
}

/// The title's code, when the object is a note that rejects.
fn rejection(header: &Header) -> Option<(&'static str, &'static str)> {
    if header.sop_class_uid != KEY_OBJECT_SELECTION {
        return None;
    }
    let title = header.items(tags::CONCEPT_NAME_CODE_SEQUENCE).next()?;
    (title.text(tags::CODING_SCHEME_DESIGNATOR)?.trim() == "DCM")
        .then(|| title.text(tags::CODE_VALUE))?
        .as_deref()
        .and_then(words)
}

/// The SOP Instance UIDs a note names: its evidence, by study and series (PS3.3 C.17.6.2.1).
fn named(header: &Header) -> Vec<String> {
    header
        .items(tags::CURRENT_REQUESTED_PROCEDURE_EVIDENCE_SEQUENCE)
        .flat_map(|study| study.items(tags::REFERENCED_SERIES_SEQUENCE))
        .flat_map(|series| series.items(tags::REFERENCED_SOP_SEQUENCE))
        .filter_map(|instance| instance.text(tags::REFERENCED_SOP_INSTANCE_UID))
        .collect()
}

/// Leaves out what a note among these objects rejects, and the note, each by name.
pub(crate) fn leave_out_rejected(goods: &mut Goods) {
    let mut rejected: HashMap<String, (&'static str, &'static str)> = HashMap::new();
    for good in &goods.goods {
        if let Some(why) = rejection(&good.header) {
            rejected.extend(named(&good.header).into_iter().map(|uid| (uid, why)));
        }
    }
    goods.goods.retain(|good| {
        let header = &good.header;
        let (code, reason) = if let Some((code, why)) = rejected.get(&header.sop_instance_uid) {
            (*code, format!("a note in the archive says that it was {why}: it is not copied"))
        } else if let Some((_, why)) = rejection(header) {
            ("rejection-note", format!("it is the note that images were {why}: neither they nor the note are copied"))
        } else {
            return true;
        };
        goods.left_out.push(LeftOut::new(good.given, Some(header), code, reason));
        false
    });
}
