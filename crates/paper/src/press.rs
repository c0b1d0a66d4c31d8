//! The press: one template and one JSON value in, one PDF out.

use crate::PaperError;
use serde_json::Value;
use std::sync::LazyLock;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;

static TEMPLATES: [(&str, &str); 5] = [
    ("common.typ", include_str!("../templates/common.typ")),
    ("slip.typ", include_str!("../templates/slip.typ")),
    ("receipt.typ", include_str!("../templates/receipt.typ")),
    ("label.typ", include_str!("../templates/label.typ")),
    ("consent.typ", include_str!("../templates/consent.typ")),
];

/// Layouts kept by typst's cache from one paper to the next: two papers of a kind share nearly everything.
const CACHED_PAPERS: usize = 10;

struct Fonts {
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
}

static FONTS: LazyLock<Fonts> = LazyLock::new(|| {
    let files: &[&'static [u8]] = &include!(concat!(env!("OUT_DIR"), "/fonts.rs"));
    let fonts: Vec<Font> = files.iter().flat_map(|file| Font::iter(Bytes::new(*file))).collect();
    Fonts { book: LazyHash::new(FontBook::from_fonts(&fonts)), fonts }
});

static LIBRARY: LazyLock<LazyHash<Library>> = LazyLock::new(|| LazyHash::new(Library::default()));

struct Press {
    main: FileId,
    data: Bytes,
}

impl World for Press {
    fn library(&self) -> &LazyHash<Library> {
        &LIBRARY
    }
    fn book(&self) -> &LazyHash<FontBook> {
        &FONTS.book
    }
    fn main(&self) -> FileId {
        self.main
    }
    fn source(&self, id: FileId) -> FileResult<Source> {
        let name = file_name(id);
        TEMPLATES
            .iter()
            .find(|(template, _)| *template == name)
            .map(|(_, text)| Source::new(id, (*text).to_owned()))
            .ok_or_else(|| FileError::NotFound(name.into()))
    }
    fn file(&self, id: FileId) -> FileResult<Bytes> {
        match file_name(id).as_str() {
            "data.json" => Ok(self.data.clone()),
            other => Err(FileError::NotFound(other.into())),
        }
    }
    fn font(&self, index: usize) -> Option<Font> {
        FONTS.fonts.get(index).cloned()
    }
    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None // every date on a paper is a fact handed in
    }
}

fn file_name(id: FileId) -> String {
    id.get().vpath().get_without_slash().to_owned()
}

/// Prints `template` with `data`.
pub(crate) fn print(template: &str, data: Value) -> Result<Vec<u8>, PaperError> {
    check_glyphs(&data)?;
    let path = VirtualPath::new(template).map_err(|error| PaperError::Template(format!("{error:?}")))?;
    let press = Press {
        main: RootedPath::new(VirtualRoot::Project, path).intern(),
        data: Bytes::from_string(data.to_string()),
    };
    let document = typst::compile::<PagedDocument>(&press).output.map_err(|errors| template_error(&errors))?;
    let options = typst_pdf::PdfOptions {
        creator: Smart::Custom(Some("Filmdesk".to_owned())),
        ..typst_pdf::PdfOptions::default()
    };
    let pdf = typst_pdf::pdf(&document, &options).map_err(|errors| template_error(&errors));
    comemo::evict(CACHED_PAPERS);
    pdf
}

fn template_error(errors: &[SourceDiagnostic]) -> PaperError {
    PaperError::Template(errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>().join("; "))
}

/// Refuses a character that would print as an empty box.
fn check_glyphs(data: &Value) -> Result<(), PaperError> {
    match data {
        Value::String(text) => match text.chars().find(|&c| !c.is_whitespace() && !printable(c)) {
            Some(character) => Err(PaperError::MissingGlyph { character, code: u32::from(character) }),
            None => Ok(()),
        },
        Value::Array(values) => values.iter().try_for_each(check_glyphs),
        Value::Object(fields) => fields.values().try_for_each(check_glyphs),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn printable(character: char) -> bool {
    FONTS.fonts.iter().any(|font| font.info().coverage.contains(u32::from(character)))
}
