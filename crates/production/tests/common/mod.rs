//! What these tests share: neighbours that are really there, and volumes made of numbers.
#![allow(dead_code, reason = "each test file uses a part")]

use filmdesk_production::volume::{FileSpec, FlushedFile, ImageWriter, Layout, VolumeSpec, WrittenImage};
use sha2::{Digest, Sha256};
use std::io::Cursor;
use std::path::Path;
use std::process::{Command, Output};

/// Runs a neighbour. One that is not installed fails the test, unless `FILMDESK_SKIP_NEIGHBOURS=1` (then `None`).
pub fn neighbour(program: &str, arguments: &[&str]) -> Option<Output> {
    #[allow(clippy::disallowed_methods, reason = "the switch of the test run")]
    let skip = std::env::var("FILMDESK_SKIP_NEIGHBOURS").is_ok_and(|v| v == "1");
    match Command::new(program).args(arguments).output() {
        Ok(output) => Some(output),
        Err(_) if skip => None,
        Err(error) => panic!("{program} is needed (`make test` installs it): {error}"),
    }
}

/// Its standard output, after it succeeded.
pub fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output = neighbour(program, arguments)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {}\n{text}{error}", output.status);
    Some(text)
}

/// Bytes of file number `n`: not compressible, and different from every other's.
pub fn content(n: usize, size: u64) -> Vec<u8> {
    let mut state = (n as u64 + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..size).map(|_| next()).collect()
}

/// A volume of these files, made at a fixed moment.
pub fn volume(files: &[(&str, u64)]) -> VolumeSpec {
    VolumeSpec {
        volume_id: "FD2345TEST_1OF2".into(),
        volume_set_id: "FD2345TEST".into(),
        code: "K7Q2-M9PX".into(),
        created_at: "2026-11-24T10:00:00+08:00[Asia/Taipei]".parse().expect("a moment"),
        files: files.iter().map(|(path, size)| FileSpec { path: (*path).into(), size: *size }).collect(),
    }
}

/// Writes the volume with [`content`] and returns each file's hash.
pub fn write(layout: &Layout, to: &Path) -> (WrittenImage, Vec<[u8; 32]>) {
    let file = FlushedFile::new(std::fs::File::create(to).expect("create")).expect("flusher");
    let mut writer = ImageWriter::new(layout, file).expect("start");
    for (n, extent) in layout.extents().iter().enumerate() {
        writer.file(&mut Cursor::new(content(n, extent.size))).expect("file");
    }
    let hashes = writer.hashes().expect("hashes").to_vec();
    let (file, image) = writer.finish().expect("finish");
    file.finish().expect("flush");
    (image, hashes)
}

/// The whole of a long run is asked for: `make soak`.
#[allow(clippy::disallowed_methods, reason = "a switch of the tests, not of the product")]
pub fn soaking() -> bool {
    std::env::var_os("FILMDESK_SOAK").is_some()
}

/// SHA-256 of bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Goods, plans and discs in a folder of the test's own.
pub mod production {
    use filmdesk_fileset::MediaProfile;
    use filmdesk_fileset::profile::STD_GEN_CD;
    use filmdesk_instance::{InProcess, Source};
    use filmdesk_production::{Bilingual, DiscFacts, DiscTexts, GatherOptions, Goods, PlanOptions, Silent, gather};
    use filmdesk_testkit::studies::{Spec, make};
    use std::path::PathBuf;
    use tempfile::TempDir;

    /// A generator of numbers, so that a failure can be repeated from its seed.
    pub struct Numbers(u64);

    impl Numbers {
        pub fn new(seed: u64) -> Numbers {
            Numbers(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
        }

        pub fn below(&mut self, n: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 11) % n
        }
    }

    /// Sectors of a CD of 80 minutes.
    pub const CD_80: u64 = 359_840;
    /// Sectors of a Blu-ray disc of one layer.
    pub const BD_25: u64 = 12_219_392;

    /// A folder with `in`, `spool` and `out`.
    pub struct Workshop(TempDir);

    impl Workshop {
        pub fn empty() -> Workshop {
            let shop = Workshop(tempfile::tempdir().expect("a folder"));
            for folder in ["in", "spool", "out"] {
                std::fs::create_dir(shop.at(folder)).expect("a folder");
            }
            shop
        }

        /// With a synthetic patient in `in`.
        pub fn with(spec: &Spec) -> Workshop {
            let shop = Workshop::empty();
            make(&shop.at("in"), spec).expect("studies");
            shop
        }

        pub fn at(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        /// Names in a folder, hidden ones too.
        pub fn files(&self, folder: &str) -> Vec<String> {
            let entries = std::fs::read_dir(self.at(folder)).expect("a folder");
            let mut names: Vec<String> =
                entries.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            names
        }

        pub fn gather(&self, capacity_sectors: u64, previews: bool) -> Goods {
            self.gather_for(&STD_GEN_CD, capacity_sectors, previews)
        }

        pub fn gather_these(&self, sources: Vec<Source>, capacity_sectors: u64, previews: bool) -> Goods {
            self.gather_under(&STD_GEN_CD, sources, capacity_sectors, previews)
        }

        /// What is in `in`, for a medium of this profile.
        pub fn gather_for(&self, profile: &'static MediaProfile, capacity_sectors: u64, previews: bool) -> Goods {
            let sources = self.files("in").into_iter().map(|name| Source::file(self.at("in").join(name))).collect();
            self.gather_under(profile, sources, capacity_sectors, previews)
        }

        pub fn gather_under(
            &self,
            profile: &'static MediaProfile,
            sources: Vec<Source>,
            capacity_sectors: u64,
            previews: bool,
        ) -> Goods {
            let spool = self.at("spool");
            let options = GatherOptions { profile, capacity_sectors, spool: &spool, previews };
            gather(sources, &InProcess, &options, &Silent).expect("goods")
        }
    }

    pub fn plan_options(capacity_sectors: u64, web: bool) -> PlanOptions {
        let texts = DiscTexts {
            institution: Some(Bilingual::new("範例醫院", "Example Hospital")),
            contact: vec![Bilingual::new("電話 02-0000-0000", "Telephone 02-0000-0000")],
            program: "Filmdesk test".into(),
        };
        PlanOptions { volume_prefix: "FD2345".into(), capacity_sectors, profile: &STD_GEN_CD, web, viewer: web, texts }
    }

    pub fn facts(code: &str) -> DiscFacts {
        let created_at = "2026-11-24T10:00:00+08:00[Asia/Taipei]".parse().expect("a moment");
        DiscFacts { created_at, code: code.into(), expected: None }
    }
}
