//! Mistakes in a rules folder: where, what, and what to do about it.

use std::fmt;
use std::ops::Range;

/// One mistake in a rule file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RuleFault {
    /// The file, such as `fees.toml`.
    pub file: String,
    /// Line, from 1; 0 when the file is missing altogether.
    pub line: usize,
    /// Column, from 1, in characters.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub remedy: String,
}

impl fmt::Display for RuleFault {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}:{}:{}: {} ({})", self.file, self.line, self.column, self.message, self.remedy)
    }
}

/// Collects the faults of one folder.
pub(crate) struct Faults<'a> {
    files: &'a std::collections::BTreeMap<String, String>,
    pub found: Vec<RuleFault>,
}

impl<'a> Faults<'a> {
    pub fn new(files: &'a std::collections::BTreeMap<String, String>) -> Self {
        Faults { files, found: Vec::new() }
    }

    /// Notes a fault at a byte range of a file.
    pub fn at(&mut self, file: &str, span: Range<usize>, message: impl Into<String>, remedy: impl Into<String>) {
        let (line, column) = self.files.get(file).map_or((0, 0), |t| line_and_column(t, span.start));
        self.found.push(RuleFault {
            file: file.to_owned(),
            line,
            column,
            message: message.into(),
            remedy: remedy.into(),
        });
    }
}

/// Line and column, both from 1, of a byte offset.
pub(crate) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let before = &text[..end];
    let line_start = before.rfind('\n').map_or(0, |i| i + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}
