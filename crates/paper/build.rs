//! Finds the font that is embedded into the program: Noto Sans TC (SIL Open Font License), from the npm registry.

use std::path::Path;

fn main() {
    let fonts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/node_modules/@expo-google-fonts/noto-sans-tc");
    for (variable, file) in [
        ("FILMDESK_FONT_REGULAR", "400Regular/NotoSansTC_400Regular.ttf"),
        ("FILMDESK_FONT_BOLD", "700Bold/NotoSansTC_700Bold.ttf"),
    ] {
        let path = fonts.join(file);
        println!("cargo::rerun-if-changed={}", path.display());
        assert!(
            path.is_file(),
            "\n\nThe font of the printed papers is not installed: {file} is missing.\n\
             Run `npm ci --prefix ui` at the top of the project (or `make run`, which does).\n"
        );
        println!("cargo::rustc-env={variable}={}", path.display());
    }
}
