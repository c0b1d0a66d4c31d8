//! What each paper says: plain values, already in the words and form they are printed in.

use filmdesk_policy::Lang;

/// One printed label and value.
#[derive(Clone, Debug)]
pub struct Row {
    /// What it is.
    pub label: String,
    /// Its value.
    pub value: String,
}

/// What the applicant takes away after submitting.
#[derive(Clone, Debug)]
pub struct SlipFacts {
    /// Language.
    pub lang: Lang,
    /// Hospital name.
    pub hospital: String,
    /// Application number as printed.
    pub number: String,
    /// Four-character status code.
    pub code: String,
    /// Masked name of the patient.
    pub patient_masked: String,
    /// Papers to bring, each a sentence.
    pub papers: Vec<String>,
    /// Estimate lines: text and `NT$200`.
    pub lines: Vec<Row>,
    /// Their total, printed.
    pub total: String,
    /// Where, when, telephone: label and value.
    pub facts: Vec<Row>,
}

/// An itemised receipt.
#[derive(Clone, Debug)]
pub struct ReceiptFacts {
    /// Language.
    pub lang: Lang,
    /// Hospital name.
    pub hospital: String,
    /// Receipt number.
    pub receipt_number: String,
    /// Application number.
    pub number: String,
    /// Masked name of the patient.
    pub patient_masked: String,
    /// Each line with its rule: text and amount.
    pub lines: Vec<Row>,
    /// Total in digits.
    pub total: String,
    /// Total in words (貳佰元整).
    pub total_words: String,
    /// Date, means, clerk, collection time: label and value.
    pub facts: Vec<Row>,
    /// Reprint: marked 補印.
    pub reprint: bool,
}

/// What a label is printed with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LabelPrinter {
    /// On a sheet, to be cut out: with the rings to cut along.
    #[default]
    Sheet,
    /// A disc printer with ink: in colour, without rings, since the disc has its own edge.
    Inkjet,
    /// A thermal disc printer of 300 dpi, one colour: nothing grey, no line thinner than a dot, bars of whole dots.
    Thermal,
}

impl LabelPrinter {
    /// All of them.
    pub const ALL: [LabelPrinter; 3] = [LabelPrinter::Sheet, LabelPrinter::Inkjet, LabelPrinter::Thermal];

    /// Its name in an address and in the template.
    pub fn name(self) -> &'static str {
        match self {
            LabelPrinter::Sheet => "sheet",
            LabelPrinter::Inkjet => "inkjet",
            LabelPrinter::Thermal => "thermal",
        }
    }

    /// The printer of a name.
    pub fn named(name: &str) -> Option<LabelPrinter> {
        LabelPrinter::ALL.into_iter().find(|printer| printer.name() == name)
    }
}

/// The face of a disc.
#[derive(Clone, Debug)]
pub struct LabelFacts {
    /// What it is printed with.
    pub printer: LabelPrinter,
    /// Hospital name.
    pub hospital: String,
    /// Masked name.
    pub patient_masked: String,
    /// Application number.
    pub number: String,
    /// Date made, printed.
    pub date: String,
    /// Disc k of n.
    pub disc: (u32, u32),
    /// The disc's code, scanned at release.
    pub code: String,
    /// Web pages on it: `DICOM PLUS WEB`, or `DICOM ONLY`; where nobody kept it (`None`) just `DICOM`, which is true of both.
    pub web: Option<bool>,
}

/// A consent form (委託同意書), filled or blank (empty strings leave room for hand-writing).
#[derive(Clone, Debug)]
pub struct ConsentFacts {
    /// Hospital name in both languages.
    pub hospital: (String, String),
    /// Telephone of the service line.
    pub phone: String,
    /// Patient, agent, purpose, scope: label and value.
    pub rows: Vec<Row>,
    /// Psychiatry: signed and sealed.
    pub sealed: bool,
}
