//! What is printed: slip, receipt, disc label and consent form, as PDF.
//!
//! A paper is facts ([`SlipFacts`], [`ReceiptFacts`], [`LabelFacts`], [`ConsentFacts`]) poured into a typst template. The
//! facts travel as JSON beside the template and are never spliced into its source, so a name is always a name and never code.
//! Fonts are embedded subsets; the PDF is tagged, and the same facts give the same bytes.
//!
//! A person's name on a legal paper must not print as an empty box. Before a page is laid out every character is looked up in
//! the embedded fonts; one that none of them has is an error that names it ([`PaperError::MissingGlyph`]).

mod facts;
mod press;

pub use facts::*;

use filmdesk_policy::Lang;
use serde_json::{Value, json};

/// Why a paper could not be printed.
#[derive(Debug, thiserror::Error)]
pub enum PaperError {
    /// No embedded font has a glyph for this character: the paper would show a box.
    #[error("no font has a glyph for {character:?} (U+{code:04X}): write this word by hand on the paper form")]
    MissingGlyph {
        /// The character.
        character: char,
        /// Its code point.
        code: u32,
    },
    /// The template did not compile.
    #[error("the template did not compile: {0}")]
    Template(String),
}

/// What the applicant takes away after submitting: A5.
///
/// # Errors
/// [`PaperError::MissingGlyph`] when a character cannot be printed.
pub fn slip(facts: &SlipFacts) -> Result<Vec<u8>, PaperError> {
    press::print(
        "slip.typ",
        json!({
            "lang": facts.lang.tag(), "zh": zh(facts.lang), "hospital": facts.hospital, "number": facts.number,
            "code": facts.code, "patient": facts.patient_masked, "papers": facts.papers, "lines": rows(&facts.lines),
            "total": facts.total, "facts": rows(&facts.facts),
        }),
    )
}

/// An itemised receipt: A5.
///
/// # Errors
/// [`PaperError::MissingGlyph`] when a character cannot be printed.
pub fn receipt(facts: &ReceiptFacts) -> Result<Vec<u8>, PaperError> {
    press::print(
        "receipt.typ",
        json!({
            "lang": facts.lang.tag(), "zh": zh(facts.lang), "hospital": facts.hospital, "receipt": facts.receipt_number,
            "number": facts.number, "patient": facts.patient_masked, "lines": rows(&facts.lines), "total": facts.total,
            "words": facts.total_words, "facts": rows(&facts.facts), "reprint": facts.reprint,
        }),
    )
}

/// The face of a disc, 120 mm square, for what prints it ([`LabelPrinter`]): a sheet to cut, ink on the disc, or heat.
///
/// Holds what IHE PDI asks of a label and nothing that tells an illness: hospital, masked name, application number, date,
/// disc k of n, `DICOM ONLY` or `DICOM PLUS WEB` (`DICOM` where that is not known), and the disc's code in letters and as Code 39.
///
/// # Errors
/// [`PaperError::MissingGlyph`] when a character cannot be printed.
pub fn disc_label(facts: &LabelFacts) -> Result<Vec<u8>, PaperError> {
    press::print(
        "label.typ",
        json!({
            "printer": facts.printer.name(), "hospital": facts.hospital, "patient": facts.patient_masked,
            "number": facts.number, "date": facts.date, "k": facts.disc.0, "n": facts.disc.1, "code": facts.code,
            "content": match facts.web {
                Some(true) => "DICOM PLUS WEB",
                Some(false) => "DICOM ONLY",
                None => "DICOM",
            },
        }),
    )
}

/// A consent form (委託同意書) in both languages, filled from the application or blank for hand-writing: A4.
///
/// # Errors
/// [`PaperError::MissingGlyph`] when a character cannot be printed.
pub fn consent_form(facts: &ConsentFacts) -> Result<Vec<u8>, PaperError> {
    press::print(
        "consent.typ",
        json!({
            "hospital_zh": facts.hospital.0, "hospital_en": facts.hospital.1, "phone": facts.phone,
            "rows": rows(&facts.rows), "sealed": facts.sealed,
        }),
    )
}

fn zh(lang: Lang) -> bool {
    match lang {
        Lang::ZhTw => true,
        Lang::En => false,
    }
}

fn rows(rows: &[Row]) -> Vec<Value> {
    rows.iter().map(|row| json!({ "label": row.label, "value": row.value })).collect()
}
