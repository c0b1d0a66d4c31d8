//! Finds the fonts that are embedded into the program: the Noto families (SIL Open Font License), from the npm registry.

use std::fmt::Write as _;
use std::path::Path;

/// In the order in which a character is looked for: the papers' own type, then what names are written in beside it: other
/// Latin letters, Greek and Cyrillic, simplified Han, Hangul, Hebrew, Arabic, Thai.
const FONTS: [(&str, &str); 8] = [
    ("noto-sans-tc", "400Regular/NotoSansTC_400Regular.ttf"),
    ("noto-sans-tc", "700Bold/NotoSansTC_700Bold.ttf"),
    ("noto-sans", "400Regular/NotoSans_400Regular.ttf"),
    ("noto-sans-sc", "400Regular/NotoSansSC_400Regular.ttf"),
    ("noto-sans-kr", "400Regular/NotoSansKR_400Regular.ttf"),
    ("noto-sans-hebrew", "400Regular/NotoSansHebrew_400Regular.ttf"),
    ("noto-sans-arabic", "400Regular/NotoSansArabic_400Regular.ttf"),
    ("noto-sans-thai", "400Regular/NotoSansThai_400Regular.ttf"),
];

fn main() {
    let packages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/node_modules/@expo-google-fonts");
    let mut list = String::from("[\n");
    for (package, file) in FONTS {
        let path = packages.join(package).join(file);
        println!("cargo::rerun-if-changed={}", path.display());
        assert!(
            path.is_file(),
            "\n\nA font of the printed papers is not installed: {package}/{file} is missing.\n\
             Run `npm ci --prefix ui` at the top of the project (or `make run`, which does).\n"
        );
        writeln!(list, "    include_bytes!({path:?}),").expect("a string takes what is written");
    }
    list.push(']');
    let out = std::env::var_os("OUT_DIR").expect("cargo names a folder");
    std::fs::write(Path::new(&out).join("fonts.rs"), list).expect("the list of fonts is written");
}
