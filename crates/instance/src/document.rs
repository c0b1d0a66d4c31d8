//! What a person reads in an object: a structured report as lines of text, or the PDF an object carries.

use dicom_core::Tag;
use serde::{Deserialize, Serialize};

use crate::attributes::{Attributes, DataSet};
use crate::collect::collect_with_content;
use crate::preview::read_range;
use crate::read::{encoding_of, input_of};
use crate::scan::{Event, Scanner};
use crate::source::Source;
use crate::syntax::TransferSyntax;
use crate::{Header, Refusal, read_header, tags};

/// Longest document carried over.
const LONGEST: u64 = 100 << 20;
/// Most lines of a report; what follows is not listed, and the last line says so.
const MOST_LINES: usize = 20_000;

/// A document for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Document {
    /// The content of a structured report.
    Report(Report),
    /// The bytes of an encapsulated PDF: they begin with `%PDF-`.
    Pdf(Vec<u8>),
}

/// The content of a structured report (PS3.3 C.17.3) in the order of its tree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The meaning of its title's code; empty when there is none.
    pub title: String,
    /// `VERIFIED` or `UNVERIFIED` (0040,A493), as it stands.
    pub verification: String,
    /// `COMPLETE` or `PARTIAL` (0040,A491), as it stands.
    pub completion: String,
    /// Its content items.
    pub lines: Vec<ReportLine>,
    /// There are more than are listed.
    pub more: bool,
}

/// One content item.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportLine {
    /// Steps from the root: 0 for its own items.
    pub depth: u32,
    /// The meaning of its concept; may be empty.
    pub name: String,
    /// What it says; empty for a heading.
    pub value: String,
}

/// The document of an object.
///
/// # Errors
/// A [`Refusal`]: what [`read_header`] refuses, and [`Refusal::NoDocument`].
pub fn document(source: &Source) -> Result<Document, Refusal> {
    let header = read_header(source)?;
    if header.attributes.contains(tags::MIME_TYPE_OF_ENCAPSULATED_DOCUMENT) {
        return pdf(source, &header);
    }
    if header.attributes.contains(tags::CONTENT_SEQUENCE) && header.pixels.is_none() {
        return report(source, &header);
    }
    Err(Refusal::NoDocument)
}

fn pdf(source: &Source, header: &Header) -> Result<Document, Refusal> {
    let mut scanner = Scanner::new(input_of(source, header)?, encoding_of(header)?);
    loop {
        match scanner.next()? {
            Event::End { .. } => return Err(Refusal::NoDocument),
            Event::Value(element) if scanner.depth() == 0 && element.tag == tags::ENCAPSULATED_DOCUMENT => {
                let len = element.len.filter(|len| *len <= LONGEST).ok_or(Refusal::NoDocument)?;
                let mut bytes = read_range(source, header, element.value_at, len)?;
                // Its own length says whether the last byte is padding (PS3.3 C.24.2).
                let own = header.unsigned(tags::ENCAPSULATED_DOCUMENT_LENGTH).filter(|own| *own > 0);
                bytes.truncate(own.unwrap_or(len) as usize);
                return if bytes.starts_with(b"%PDF-") { Ok(Document::Pdf(bytes)) } else { Err(Refusal::NoDocument) };
            }
            Event::Value(_)
            | Event::SequenceStart(_)
            | Event::ItemStart
            | Event::ItemEnd
            | Event::SequenceEnd
            | Event::FragmentsStart(_)
            | Event::Fragment { .. }
            | Event::FragmentsEnd => {}
        }
    }
}

fn report(source: &Source, header: &Header) -> Result<Document, Refusal> {
    let syntax = TransferSyntax::of(&header.transfer_syntax)
        .ok_or_else(|| Refusal::UnknownTransferSyntax { uid: header.transfer_syntax.to_string() })?;
    let scanner = Scanner::new(input_of(source, header)?, encoding_of(header)?);
    let attributes: Attributes = collect_with_content(scanner, syntax)?.attributes;
    let root = DataSet::new(&attributes, &[]);
    let mut report = Report {
        title: meaning(root, tags::CONCEPT_NAME_CODE_SEQUENCE),
        verification: root.text(tags::VERIFICATION_FLAG).unwrap_or_default(),
        completion: root.text(tags::COMPLETION_FLAG).unwrap_or_default(),
        ..Report::default()
    };
    // Depth first without recursion: what is next stands last.
    let below = |set: DataSet<'_>| set.attributes().items(tags::CONTENT_SEQUENCE).len();
    let mut ahead: Vec<(u32, DataSet<'_>)> = root.items(tags::CONTENT_SEQUENCE).map(|item| (0, item)).collect();
    ahead.reverse();
    while let Some((depth, item)) = ahead.pop() {
        let line = ReportLine { depth, name: meaning(item, tags::CONCEPT_NAME_CODE_SEQUENCE), value: value(item) };
        if report.lines.len() == MOST_LINES {
            report.more = true;
            break;
        }
        if !line.name.is_empty() || !line.value.is_empty() || below(item) > 0 {
            report.lines.push(line);
        }
        let from = ahead.len();
        ahead.extend(item.items(tags::CONTENT_SEQUENCE).map(|item| (depth + 1, item)));
        ahead[from..].reverse();
    }
    Ok(Document::Report(report))
}

/// The meaning of the first code of a sequence; its value when it has none.
fn meaning(set: DataSet<'_>, tag: Tag) -> String {
    let Some(code) = set.items(tag).next() else { return String::new() };
    code.text(tags::CODE_MEANING).or_else(|| code.text(tags::CODE_VALUE)).unwrap_or_default()
}

/// What an item says (PS3.3 C.17.3.2.1).
fn value(item: DataSet<'_>) -> String {
    let text = |tag| item.text(tag).unwrap_or_default();
    match text(tags::VALUE_TYPE).as_str() {
        "TEXT" => text(tags::TEXT_VALUE),
        "CODE" => meaning(item, tags::CONCEPT_CODE_SEQUENCE),
        "NUM" => item.items(tags::MEASURED_VALUE_SEQUENCE).next().map_or_else(String::new, |measured| {
            let number = measured.text(tags::NUMERIC_VALUE).unwrap_or_default();
            let unit = meaning(measured, tags::MEASUREMENT_UNITS_CODE_SEQUENCE);
            if matches!(unit.as_str(), "no units" | "1") {
                number
            } else {
                format!("{number} {unit}").trim().to_owned()
            }
        }),
        "PNAME" => text(tags::PERSON_NAME).replace('^', " ").trim().to_owned(),
        "DATE" => text(tags::DATE),
        "TIME" => text(tags::TIME),
        "DATETIME" => text(tags::DATE_TIME),
        "UIDREF" => text(tags::UID),
        "IMAGE" | "COMPOSITE" | "WAVEFORM" => item
            .items(tags::REFERENCED_SOP_SEQUENCE)
            .next()
            .and_then(|referenced| referenced.text(tags::REFERENCED_SOP_INSTANCE_UID))
            .map_or_else(String::new, |uid| format!("→ {uid}")),
        _ => String::new(),
    }
}
