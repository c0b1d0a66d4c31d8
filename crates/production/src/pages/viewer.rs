//! The viewer: one HTML file that opens the disc's own DICOM files in a browser.
//!
//! It is the only page with script, in a folder of its own, and no other page depends on it. The script is ours, plain and
//! readable, in `crates/production/viewer`; its parts are joined here in the order in which they name each other. The
//! content policy allows this script and this style by their hashes and nothing else: no request goes anywhere.

use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// Path of the viewer on the disc.
pub(crate) const VIEWER: &str = "VIEWER/VIEWER.HTM";

const PAGE: &str = include_str!("../../viewer/viewer.html");
const STYLE: &str = include_str!("../../viewer/viewer.css");
const SCRIPT: &str = concat!(
    "\"use strict\";\n",
    include_str!("../../viewer/text.js"),
    include_str!("../../viewer/dictionary.js"),
    include_str!("../../viewer/parse.js"),
    include_str!("../../viewer/pixels.js"),
    include_str!("../../viewer/words.js"),
    include_str!("../../viewer/folder.js"),
    include_str!("../../viewer/pane.js"),
    include_str!("../../viewer/documents.js"),
    include_str!("../../viewer/app.js"),
);

/// The whole file: the same on every disc of this version.
pub(crate) fn viewer() -> &'static [u8] {
    static WHOLE: LazyLock<String> = LazyLock::new(|| {
        let policy = format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src blob: data:; frame-src blob:; \
             object-src blob:; base-uri 'none'; form-action 'none'",
            hash(SCRIPT),
            hash(STYLE)
        );
        PAGE.replacen("{{policy}}", &policy, 1).replacen("{{style}}", STYLE, 1).replacen("{{script}}", SCRIPT, 1)
    });
    WHOLE.as_bytes()
}

/// SHA-256 in Base64, as a content policy names it.
fn hash(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(44);
    for group in Sha256::digest(text).chunks(3) {
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

    #[test]
    fn the_policy_names_what_stands_in_the_page() {
        assert_eq!(hash("alert('Hello, world.');"), "qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
        let page = std::str::from_utf8(viewer()).unwrap();
        assert!(!page.contains("{{") && !SCRIPT.contains("</script") && !STYLE.contains("</style"));
        assert!(!page.contains('\r'), "a browser would read other bytes than were hashed");
        let (_, rest) = page.split_once("<script>").unwrap();
        let (script, _) = rest.split_once("</script>").unwrap();
        assert!(page.contains(&hash(script)));
        for outside in ["http:", "https:", "//cdn", "fetch(", "XMLHttpRequest", "innerHTML", "eval(", "localStorage"] {
            assert!(!page.contains(outside), "{outside}");
        }
    }
}
