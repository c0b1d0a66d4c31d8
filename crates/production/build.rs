//! Finds the decoder of JPEG 2000 that is embedded into the viewer: OpenJPEG (BSD-2-Clause) as WebAssembly, from the npm
//! registry.

use std::path::Path;

fn main() {
    let file = "@cornerstonejs/codec-openjpeg/dist/openjpegwasm_decode.wasm";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ui/node_modules").join(file);
    println!("cargo::rerun-if-changed={}", path.display());
    assert!(
        path.is_file(),
        "\n\nThe viewer's decoder of JPEG 2000 is not installed: {file} is missing.\n\
         Run `npm ci --prefix ui` at the top of the project (or `make run`, which does).\n"
    );
    println!("cargo::rustc-env=FILMDESK_OPENJPEG={}", path.display());
}
