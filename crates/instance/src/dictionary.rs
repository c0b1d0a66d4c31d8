//! Value representations where the file does not say them, and the byte order of each.

use dicom_core::dictionary::VirtualVr;
use dicom_core::{DataDictionary, Tag, VR};
use dicom_dictionary_std::StandardDataDictionary;

/// The value representation the data dictionary gives to a tag, where it is beyond doubt.
pub(crate) fn vr_of(tag: Tag) -> Option<VR> {
    match virtual_vr(tag)? {
        VirtualVr::Exact(vr) => Some(vr),
        VirtualVr::Xs | VirtualVr::Lt => Some(VR::US),
        VirtualVr::Ox | VirtualVr::Px => Some(VR::OW),
        _ => None,
    }
}

/// The dictionary's answer, with the rules for private tags and group lengths (PS3.5 §7.2, §7.8.1).
pub(crate) fn virtual_vr(tag: Tag) -> Option<VirtualVr> {
    if tag.1 == 0 {
        return Some(VirtualVr::Exact(VR::UL));
    }
    if tag.0 % 2 == 1 {
        return (0x0010..=0x00FF).contains(&tag.1).then_some(VirtualVr::Exact(VR::LO));
    }
    StandardDataDictionary.by_tag(tag).map(|entry| entry.vr)
}

/// Bytes of one number in a value representation; 1 where order does not matter (PS3.5 §7.3).
pub(crate) fn unit(vr: VR) -> usize {
    use VR::*;
    match vr {
        AT | OW | SS | US => 2,
        FL | OF | OL | SL | UL => 4,
        FD | OD | OV | SV | UV => 8,
        AE | AS | CS | DA | DS | DT | IS | LO | LT | OB | PN | SH | SQ | ST | TM | UC | UI | UN | UR | UT => 1,
    }
}

/// Turns the numbers of a value from big to little endian.
pub(crate) fn swap(vr: VR, value: &mut [u8]) {
    let unit = unit(vr);
    if unit > 1 {
        value.chunks_exact_mut(unit).for_each(<[u8]>::reverse);
    }
}
