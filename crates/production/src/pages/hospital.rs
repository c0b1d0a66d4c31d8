//! The page for the receiving hospital: what the medium conforms to, what is on it, how to check and import it.

use super::DiscView;
use super::html::{both, end, esc, paragraph, row, start, value};
use super::text;
use crate::contents::MANIFEST;
use crate::plan::Bilingual;
use filmdesk_fileset::Synthesised;
use filmdesk_fileset::record_type::sop_class_name;
use filmdesk_instance::tags;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Values shown of a key that stands in for thousands of objects.
const FIRST_VALUES: usize = 3;

/// One key that stands in records of one kind without being in the objects.
pub(crate) struct StoodInView {
    record: &'static str,
    keyword: &'static str,
    n: usize,
    first: Vec<String>,
}

/// By record and key, in the order of the index.
pub(crate) fn stood_in(synthesised: &[Synthesised]) -> Vec<StoodInView> {
    let mut all: Vec<StoodInView> = Vec::new();
    for one in synthesised {
        let record = one.record_type.value();
        let at =
            all.iter().position(|view| (view.record, view.keyword) == (record, one.keyword)).unwrap_or_else(|| {
                all.push(StoodInView { record, keyword: one.keyword, n: 0, first: Vec::new() });
                all.len() - 1
            });
        let view = &mut all[at];
        view.n += 1;
        if view.first.len() < FIRST_VALUES {
            view.first.push(one.value.clone());
        }
    }
    all
}

/// Its path.
pub(crate) const HOSPITAL: &str = "IHE_PDI/HOSPITAL.HTM";

/// `IHE_PDI/HOSPITAL.HTM`.
pub(crate) fn hospital(view: &DiscView<'_>) -> Vec<u8> {
    let title = Bilingual::new("給收件醫院", "For the receiving hospital");
    let back = format!("<a href=\"../INDEX.HTM\">← {}</a>", both("回到目錄", "Contents"));
    let mut out = start(&title, &back, "../");
    conformance(view, &mut out);
    import(&mut out);
    counts(view, &mut out);
    series(view, &mut out);
    index_keys(view, &mut out);
    checksums(&mut out);
    end(out, view)
}

fn conformance(view: &DiscView<'_>, out: &mut String) {
    let _ = writeln!(out, "<section>\n<h2>{}</h2>\n<dl>", both("規格", "Conformance"));
    row(
        out,
        "媒體規格",
        "Media profile",
        &format!("DICOM PS3.11 {} · PS3.10 · PS3.12 ({})", view.profile, view.file_system()),
    );
    if let Some(integration) = view.integration() {
        row(out, "整合規範", "Integration profile", integration);
    }
    row(out, "光碟識別", "File-set ID", &view.volume_id);
    row(out, "檔案集 UID", "File-set UID", &view.file_set_uid);
    row(out, "光碟碼", "Disc code", &view.code);
    row(out, "片數", "Disc", &format!("{} / {}", view.number, view.of));
    row(out, "製作程式", "Made by", &view.texts.program);
    out.push_str("</dl>\n");
    paragraph(
        out,
        "每個 DICOM 檔的資料集與來源逐位元組相同；只有媒體規格不接受的傳輸語法會解壓縮為 Explicit VR Little Endian，像素值不變。\
         病人識別碼未更動，請依貴院程序對應。索引必要而影像缺少的欄位只補在 DICOMDIR。",
        "The data set of every DICOM file is byte for byte as in its source, unless the profile does not take its transfer \
         syntax: then it is decoded to Explicit VR Little Endian with equal pixel values. Patient identifiers are as they \
         were; reconcile them as you always do. Keys the index must have and the images lack are in the DICOMDIR only.",
    );
    out.push_str("</section>\n");
}

fn import(out: &mut String) {
    let _ = writeln!(out, "<section>\n<h2>{}</h2>", both("匯入", "Import"));
    paragraph(
        out,
        "在工作站或 PACS 匯入程式選擇光碟根目錄的 DICOMDIR。所有 DICOM 檔都在 DICOM 資料夾，且都列在索引中；其他檔案（網頁、檢視程式）不必匯入。",
        "Point your workstation or PACS importer at the DICOMDIR in the root. Every DICOM file is in the DICOM folder and in \
         the index; nothing else (pages, viewer) needs importing.",
    );
    paragraph(
        out,
        "匯入後請比對下表的物件數。",
        "After importing, compare the number of objects with the tables below.",
    );
    out.push_str("</section>\n");
}

fn counts(view: &DiscView<'_>, out: &mut String) {
    let mut kinds: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for header in view.objects() {
        *kinds.entry((&header.sop_class_uid, &header.transfer_syntax)).or_default() += 1;
    }
    let _ = writeln!(out, "<section>\n<h2>{}</h2>", both("內容", "Content"));
    let (studies, series, objects) = (view.n_studies(), view.series.len(), view.n_instances);
    paragraph(
        out,
        &format!("{studies} 次檢查、{series} 個序列、{objects} 個物件。"),
        &format!("{studies} studies, {series} series, {objects} SOP Instances."),
    );
    let _ = writeln!(
        out,
        "<div class=\"table\"><table>\n<thead><tr><th>SOP Class</th><th>Transfer Syntax UID</th><th>{}</th></tr></thead>\n<tbody>",
        both("物件數", "Objects")
    );
    for ((class, syntax), n) in kinds {
        let named = sop_class_name(class).unwrap_or(class);
        let _ = writeln!(out, "<tr><td>{}</td><td>{}</td><td>{n}</td></tr>", value(named), value(syntax));
    }
    out.push_str("</tbody></table></div>\n</section>\n");
}

fn series(view: &DiscView<'_>, out: &mut String) {
    let _ = writeln!(
        out,
        "<section>\n<h2>{}</h2>\n<div class=\"table\"><table>\n<thead><tr><th>{}</th><th>Series Instance UID</th><th>{}</th>\
         <th>{}</th></tr></thead>\n<tbody>",
        both("序列", "Series"),
        both("種類", "Modality"),
        both("資料夾", "Folder"),
        both("物件數", "Objects"),
    );
    for series in &view.series {
        let modality = [text(series.first, tags::MODALITY), text(series.first, tags::SERIES_NUMBER)].join(" ");
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
            value(modality.trim()),
            value(&series.first.series_uid),
            esc(&series.folder),
            series.n_instances
        );
    }
    out.push_str("</tbody></table></div>\n</section>\n");
}

/// What the index says and no object does, so that nobody takes it for a finding of the hospital's.
fn index_keys(view: &DiscView<'_>, out: &mut String) {
    if view.stood_in.is_empty() {
        return;
    }
    let _ = writeln!(out, "<section>\n<h2>{}</h2>", both("只在索引中的欄位", "Keys only in the index"));
    paragraph(
        out,
        "下列欄位是索引必要而影像沒有的，由製作程式補在 DICOMDIR；影像本身未更動。",
        "The index must have these keys and the images lack them; the program that made the disc wrote them into the \
         DICOMDIR. The images are unchanged.",
    );
    let _ = writeln!(
        out,
        "<div class=\"table\"><table>\n<thead><tr><th>{}</th><th>{}</th><th>{}</th><th>{}</th></tr></thead>\n<tbody>",
        both("紀錄", "Record"),
        both("欄位", "Key"),
        both("筆數", "Records"),
        both("值", "Value"),
    );
    for StoodInView { record, keyword, n, first } in &view.stood_in {
        let more = if *n > first.len() { ", …" } else { "" };
        let _ = writeln!(
            out,
            "<tr><td>{record}</td><td>{keyword}</td><td>{n}</td><td>{}{more}</td></tr>",
            value(&first.join(", "))
        );
    }
    out.push_str("</tbody></table></div>\n</section>\n");
}

fn checksums(out: &mut String) {
    let _ = writeln!(out, "<section>\n<h2>{}</h2>", both("檢查碼", "Checksums"));
    paragraph(
        out,
        &format!("{MANIFEST} 列出光碟上其他每個檔案的 SHA-256。在光碟根目錄執行："),
        &format!("{MANIFEST} holds the SHA-256 of every other file. In the root of the disc:"),
    );
    let _ = writeln!(out, "<pre>sha256sum -c {MANIFEST}</pre>");
    let _ = writeln!(
        out,
        "<p>Windows PowerShell:</p>\n<pre>Get-Content {MANIFEST} | % {{ $h,$f = $_ -split '  ',2; if ((Get-FileHash $f).Hash -ne $h) {{ $f }} }}</pre>"
    );
    paragraph(
        out,
        "沒有列出任何檔名即為全部相符。",
        "PowerShell prints the names that differ, and nothing when all agree.",
    );
    out.push_str("</section>\n");
}
