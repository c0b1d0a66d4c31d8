//! A structured report as a page of text. It is made when the object is gathered, before it is known on which disc and
//! under which number it will stand: it names the patient and links to the first page only.

use super::html::{end_of, esc, paragraph, row, start};
use super::{date, name, text};
use crate::plan::Bilingual;
use filmdesk_instance::{Header, Report, tags};
use std::fmt::Write as _;

/// Deepest step that is set further in.
const DEEPEST: u32 = 8;

/// The page of a report.
pub(crate) fn report(header: &Header, report: &Report) -> Vec<u8> {
    let named = if report.title.is_empty() { "Structured report" } else { &report.title };
    let title = Bilingual::new("報告", named);
    let mut out = start(&title, "<a href=\"../../INDEX.HTM\">← 回到目錄 Contents</a>", "../../");
    out.push_str("<section>\n<dl>");
    row(&mut out, "姓名", "Name", &name(header));
    row(&mut out, "病歷號", "Patient ID", &text(header, tags::PATIENT_ID));
    row(&mut out, "檢查", "Study", &[date(header, tags::STUDY_DATE), text(header, tags::STUDY_DESCRIPTION)].join("　"));
    row(&mut out, "報告日期", "Report date", &date(header, tags::CONTENT_DATE));
    row(&mut out, "狀態", "State", state(report));
    out.push_str("</dl>\n</section>\n<section class=\"report\">\n");
    for line in &report.lines {
        let heading = line.value.is_empty();
        let class = if heading { " class=\"h\"" } else { "" };
        let _ = write!(out, "<div class=\"l d{}\"><p{class}>", line.depth.min(DEEPEST));
        if !line.name.is_empty() {
            let colon = if heading { "" } else { "：" };
            let _ = write!(out, "<b><bdi>{}</bdi>{colon}</b> ", esc(&line.name));
        }
        // Lines of a text stay lines.
        let value: Vec<String> = line.value.lines().map(esc).collect();
        let _ = writeln!(out, "<bdi>{}</bdi></p></div>", value.join("<br />"));
    }
    if report.more {
        paragraph(&mut out, "報告很長，其餘內容請用工作站開啟。", "The report is long; a workstation shows the rest.");
    }
    out.push_str("</section>\n");
    end_of(out, "")
}

fn state(report: &Report) -> &'static str {
    match (report.completion.as_str(), report.verification.as_str()) {
        ("PARTIAL", _) => "未完成 Partial",
        (_, "VERIFIED") => "已核閱 Verified",
        (_, "UNVERIFIED") => "未經核閱 Not verified",
        _ => "",
    }
}
