//! The viewer: one HTML file that opens the disc's own DICOM files in a browser.
//!
//! It is the only page with script, in a folder of its own, and no other page depends on it. The script is ours, plain and
//! readable, in `crates/production/viewer`; its parts are joined here in the order in which they name each other. The
//! content policy allows this script and this style by their hashes and nothing else: no request goes anywhere.
//!
//! There are two of it. Where a disc's profile takes JPEG 2000, the page also carries OpenJPEG as WebAssembly, and its
//! policy lets it start that, in a worker made of the page's own text. Every other disc has the small one.

use filmdesk_fileset::MediaProfile;
use filmdesk_instance::{PixelEncoding, TransferSyntax};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// Path of the viewer on the disc.
pub(crate) const VIEWER: &str = "VIEWER/VIEWER.HTM";

const PAGE: &str = include_str!("../../viewer/viewer.html");
const STYLE: &str = include_str!("../../viewer/viewer.css");
/// What reads files and pixels.
const DECODING: &str = concat!(
    "\"use strict\";\n",
    include_str!("../../viewer/text.js"),
    include_str!("../../viewer/dictionary.js"),
    include_str!("../../viewer/parse.js"),
    include_str!("../../viewer/pixels.js"),
    include_str!("../../viewer/jpeg.js"),
);
const JPEG_2000: &str = include_str!("../../viewer/jpeg2000.js");
const OPENJPEG: &[u8] = include_bytes!(env!("FILMDESK_OPENJPEG"));
/// What people see.
const SHOWING: &str = concat!(
    include_str!("../../viewer/words.js"),
    include_str!("../../viewer/folder.js"),
    include_str!("../../viewer/pane.js"),
    include_str!("../../viewer/documents.js"),
    include_str!("../../viewer/app.js"),
);

/// The whole file: the same on every disc of this version whose profile takes JPEG 2000, and on every other.
pub(crate) fn viewer(profile: &MediaProfile) -> &'static [u8] {
    static SMALL: LazyLock<String> = LazyLock::new(|| page(&format!("{DECODING}{SHOWING}"), "", ""));
    static WITH_JPEG_2000: LazyLock<String> = LazyLock::new(|| {
        let module = base64(OPENJPEG);
        let script = format!("{DECODING}const OPENJPEG = \"{module}\";\n{JPEG_2000}{SHOWING}");
        page(&script, " 'wasm-unsafe-eval'", "worker-src blob:; ")
    });
    let jpeg_2000 = profile
        .transfer_syntaxes
        .iter()
        .filter_map(|uid| TransferSyntax::of(uid))
        .any(|syntax| syntax.pixels == PixelEncoding::Jpeg2000);
    if jpeg_2000 { WITH_JPEG_2000.as_bytes() } else { SMALL.as_bytes() }
}

fn page(script: &str, may: &str, workers: &str) -> String {
    let policy = format!(
        "default-src 'none'; script-src 'sha256-{}'{may}; {workers}style-src 'sha256-{}'; img-src blob: data:; \
         frame-src blob:; object-src blob:; base-uri 'none'; form-action 'none'",
        hash(script),
        hash(STYLE)
    );
    PAGE.replacen("{{policy}}", &policy, 1).replacen("{{style}}", STYLE, 1).replacen("{{script}}", script, 1)
}

/// SHA-256 in Base64, as a content policy names it.
fn hash(text: &str) -> String {
    base64(&Sha256::digest(text))
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0u32, |bits, k| bits << 8 | u32::from(group.get(k).copied().unwrap_or(0)));
        for k in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * k) & 63) as usize];
            out.push(if k <= group.len() { char::from(letter) } else { '=' });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use filmdesk_fileset::profile;

    #[test]
    fn the_policy_names_what_stands_in_the_page() {
        assert_eq!(hash("alert('Hello, world.');"), "qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
        for profile in profile::PROFILES {
            let page = std::str::from_utf8(viewer(profile)).unwrap();
            assert!(
                !page.contains("{{") && page.matches("</script").count() == 1 && page.matches("</style").count() == 1
            );
            assert!(!page.contains('\r'), "a browser would read other bytes than were hashed");
            let (_, rest) = page.split_once("<script>").unwrap();
            let (script, _) = rest.split_once("</script>").unwrap();
            assert!(page.contains(&hash(script)));
            for outside in
                ["http:", "https:", "//cdn", "fetch(", "XMLHttpRequest", "innerHTML", "eval(", "localStorage"]
            {
                assert!(!page.contains(outside), "{outside}");
            }
        }
    }

    #[test]
    fn only_discs_that_may_hold_jpeg_2000_carry_its_decoder() {
        use profile::{STD_CTMR_CD, STD_GEN_CD, STD_GEN_DVD_J2K, STD_GEN_DVD_JPEG, STD_GEN_USB_J2K, STD_GEN_USB_JPEG};
        let carries = |profile| {
            let page = std::str::from_utf8(viewer(profile)).unwrap();
            ["OPENJPEG = ", "'wasm-unsafe-eval'", "worker-src", "Université catholique"].map(|word| page.contains(word))
        };
        for profile in [&STD_GEN_DVD_J2K, &STD_GEN_USB_J2K] {
            assert_eq!(carries(profile), [true; 4], "{}", profile.id);
        }
        for profile in [&STD_GEN_CD, &STD_CTMR_CD, &STD_GEN_DVD_JPEG, &STD_GEN_USB_JPEG] {
            assert_eq!(carries(profile), [false; 4], "{}", profile.id);
            assert!(viewer(profile).len() < 200_000);
        }
    }
}
