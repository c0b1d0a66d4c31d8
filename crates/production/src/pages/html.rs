//! The pages themselves, as HTML that is XML too.

use super::{DiscView, HOSPITAL, SeriesView, VIEWER, date, name, text};
use crate::gather::LeftOut;
use crate::pictures::{PICTURES_PER_SERIES, Picture, PictureKind};
use crate::plan::Bilingual;
use filmdesk_fileset::record_type::sop_class_name;
use filmdesk_instance::tags;
use std::fmt::Write as _;

/// The one style sheet.
pub(crate) fn style() -> Vec<u8> {
    include_bytes!("style.css").to_vec()
}

/// Text from a tag or from anybody, as content or as an attribute's value.
pub(super) fn esc(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Controls are not XML; marks of direction would turn the text around them.
            c if c.is_control() => out.push(' '),
            '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => out.push('\u{FFFD}'),
            '\u{FFFE}' | '\u{FFFF}' => out.push('\u{FFFD}'),
            c => out.push(c),
        }
    }
    out
}

/// A value from an object: isolated from the direction of what surrounds it.
pub(super) fn value(text: &str) -> String {
    if text.trim().is_empty() { "—".to_owned() } else { format!("<bdi>{}</bdi>", esc(text)) }
}

/// The same in two languages, one after the other.
pub(super) fn both(zh: &str, en: &str) -> String {
    format!("<span lang=\"zh-Hant-TW\">{}</span> <span lang=\"en\">{}</span>", esc(zh), esc(en))
}

pub(super) fn paragraph(out: &mut String, zh: &str, en: &str) {
    let _ = writeln!(out, "<p lang=\"zh-Hant-TW\">{}</p>\n<p lang=\"en\">{}</p>", esc(zh), esc(en));
}

pub(super) fn row(out: &mut String, zh: &str, en: &str, text: &str) {
    let _ = writeln!(out, "<dt>{}</dt><dd>{}</dd>", both(zh, en), value(text));
}

/// Head and header of a page. `up` leads from the page to the root of the disc.
pub(super) fn start(title: &Bilingual, lead: &str, up: &str) -> String {
    let mut out = String::with_capacity(16 << 10);
    let _ = write!(
        out,
        "<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"zh-Hant-TW\">\n<head>\n\
         <meta charset=\"utf-8\" />\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src 'self' file:; style-src 'self' \
         file:\" />\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\" />\n\
         <meta name=\"referrer\" content=\"no-referrer\" />\n\
         <title>{} {}</title>\n<link rel=\"stylesheet\" href=\"{up}IHE_PDI/STYLE.CSS\" />\n</head>\n<body>\n\
         <header><div class=\"in\"><h1>{}</h1>\n<p>{lead}</p></div></header>\n<main>\n",
        esc(&title.zh),
        esc(&title.en),
        both(&title.zh, &title.en),
    );
    out
}

/// The foot of a page, with what tells this disc from others.
pub(super) fn end(out: String, view: &DiscView<'_>) -> Vec<u8> {
    end_of(out, &format!("{} · {} · {} · {}", view.volume_id, view.code, view.created_at, view.texts.program))
}

pub(super) fn end_of(mut out: String, about: &str) -> Vec<u8> {
    let _ = write!(
        out,
        "</main>\n<footer>\n<p>{}</p>\n<p>{}</p>\n</footer>\n</body>\n</html>\n",
        both("縮圖不供診斷；診斷請使用 DICOM 影像。", "The pictures are not for diagnosis; use the DICOM images."),
        esc(about),
    );
    out.into_bytes()
}

/// `INDEX.HTM`.
pub(crate) fn index(view: &DiscView<'_>) -> Vec<u8> {
    let title = Bilingual::new("醫學影像光碟", "Medical images");
    let mut lead =
        both(&format!("第 {} 片，共 {} 片", view.number, view.of), &format!("Disc {} of {}", view.number, view.of));
    if let Some(institution) = &view.texts.institution {
        lead = format!("{} · {lead}", both(&institution.zh, &institution.en));
    }
    let mut out = start(&title, &lead, "");
    patient(view, &mut out);
    missing(view, &mut out);
    viewer(view, &mut out);
    studies(view, &mut out);
    how_to_open(view, &mut out);
    receiving(view, &mut out);
    end(out, view)
}

fn patient(view: &DiscView<'_>, out: &mut String) {
    let Some(first) = view.series.first().map(|series| series.first) else { return };
    let _ = writeln!(out, "<section>\n<h2>{}</h2>\n<dl>", both("病人", "Patient"));
    row(out, "姓名", "Name", &name(first));
    row(out, "病歷號", "Patient ID", &text(first, tags::PATIENT_ID));
    row(out, "出生日期", "Birth date", &date(first, tags::PATIENT_BIRTH_DATE));
    row(out, "製作時間", "Made", &view.created_at);
    if let Some(institution) = &view.texts.institution {
        row(out, "製作單位", "Institution", &format!("{} {}", institution.zh, institution.en));
        for contact in &view.texts.contact {
            row(out, "聯絡", "Contact", &format!("{} {}", contact.zh, contact.en));
        }
    }
    out.push_str("</dl>\n</section>\n");
}

/// What is not here, so that nobody believes the disc whole when it is not.
fn missing(view: &DiscView<'_>, out: &mut String) {
    let mut reasons: Vec<(&LeftOut, usize)> = Vec::new();
    for left in view.left_out() {
        match reasons.iter_mut().find(|(first, _)| first.what() == left.what()) {
            Some((_, n)) => *n += 1,
            None => reasons.push((left, 1)),
        }
    }
    if reasons.is_empty() {
        return;
    }
    let _ =
        writeln!(out, "<section class=\"note\">\n<h2>{}</h2>\n<ul>", both("未能放入本光碟的物件", "Not on this disc"));
    for (left, n) in reasons {
        let told = left.told();
        let _ = writeln!(out, "<li><b>{n} ×</b> {}</li>", both(&told.zh, &told.en));
    }
    out.push_str("</ul>\n</section>\n");
}

/// The way to the viewer. Everything below it works without.
fn viewer(view: &DiscView<'_>, out: &mut String) {
    if !view.viewer {
        return;
    }
    let _ = writeln!(out, "<section>\n<h2>{}</h2>", both("看全部影像", "See all images"));
    let _ =
        writeln!(out, "<p class=\"viewer\"><a href=\"{VIEWER}\">{}</a></p>", both("開啟檢視程式", "Open the viewer"));
    paragraph(
        out,
        "檢視程式在這個瀏覽器裡執行：開啟後選擇這片光碟。可捲動、調整明暗、縮放、測量、播放、並排；不安裝、不連線、不供診斷。",
        "The viewer runs in this browser: open it and choose this disc. Scroll, window, zoom, measure, play, compare. It \
         installs nothing, connects to nothing, and is not for diagnosis.",
    );
    out.push_str("</section>\n");
}

fn studies(view: &DiscView<'_>, out: &mut String) {
    let mut study = "";
    for series in &view.series {
        let header = series.first;
        if header.study_uid != study {
            if !study.is_empty() {
                out.push_str("</ul>\n</section>\n");
            }
            study = &header.study_uid;
            let description = text(header, tags::STUDY_DESCRIPTION);
            let heading = [date(header, tags::STUDY_DATE), description].join("　");
            let _ = writeln!(out, "<section>\n<h2>{}</h2>\n<dl>", value(&heading));
            row(out, "檢查單號", "Accession number", &text(header, tags::ACCESSION_NUMBER));
            row(out, "檢查單位", "Performed at", &text(header, tags::INSTITUTION_NAME));
            out.push_str("</dl>\n<ul class=\"series\">\n");
        }
        let _ = writeln!(
            out,
            "<li><a href=\"{}\">{}<span class=\"what\"><b>{}</b><br />{}</span></a></li>",
            esc(&series.page),
            small_picture(view, series),
            value(&series_name(series)),
            count(series),
        );
    }
    if !study.is_empty() {
        out.push_str("</ul>\n</section>\n");
    }
}

/// A picture from the middle of the series, or a word for what it is.
fn small_picture(view: &DiscView<'_>, series: &SeriesView<'_>) -> String {
    let images: Vec<&str> = view.shown(series, PictureKind::Image).map(|(path, _)| path).collect();
    match images.get(images.len() / 2) {
        Some(path) => format!("<span class=\"small\"><img src=\"{}\" alt=\"\" loading=\"lazy\" /></span>", esc(path)),
        None => format!("<span class=\"small\">{}</span>", value(&text(series.first, tags::MODALITY))),
    }
}

/// `CT 3 · CHEST`.
fn series_name(series: &SeriesView<'_>) -> String {
    let header = series.first;
    let named = [text(header, tags::MODALITY), text(header, tags::SERIES_NUMBER)].join(" ");
    let description = text(header, tags::SERIES_DESCRIPTION);
    let described = if description.is_empty() { String::new() } else { format!(" · {description}") };
    format!("{}{described}", named.trim())
}

fn count(series: &SeriesView<'_>) -> String {
    let n = series.n_instances;
    let frames = series.n_frames;
    let objects = if n == 1 { "1 object".to_owned() } else { format!("{n} objects") };
    if frames > n as u64 {
        return both(&format!("{n} 個檔、{frames} 張影像"), &format!("{objects}, {frames} frames"));
    }
    both(&format!("{n} 個檔"), &objects)
}

fn how_to_open(view: &DiscView<'_>, out: &mut String) {
    let _ = writeln!(out, "<section>\n<h2>{}</h2>", both("如何開啟", "How to open the images"));
    let _ = writeln!(out, "<h3>Windows</h3>");
    paragraph(
        out,
        if view.viewer {
            "在檔案總管開啟光碟，點兩下 INDEX.HTM。要看完整影像，請用上面的檢視程式，或任何 DICOM 檢視程式（選擇 DICOMDIR）。"
        } else {
            "在檔案總管開啟光碟，點兩下 INDEX.HTM。要看完整影像，請用任何 DICOM 檢視程式開啟這片光碟（選擇 DICOMDIR）。"
        },
        if view.viewer {
            "Open the disc in Explorer and double-click INDEX.HTM. For the full images use the viewer above, or any DICOM \
             viewer (choose DICOMDIR)."
        } else {
            "Open the disc in Explorer and double-click INDEX.HTM. For the full images use any DICOM viewer (choose DICOMDIR)."
        },
    );
    let _ = writeln!(out, "<h3>Mac</h3>");
    paragraph(
        out,
        "在 Finder 開啟光碟，點 INDEX.HTM。沒有光碟機時可用外接式光碟機。",
        "Open the disc in Finder and click INDEX.HTM. Without a drive, an external one will do.",
    );
    let _ = writeln!(out, "<h3>{}</h3>", both("手機或沒有光碟機", "Phone, or no drive"));
    paragraph(
        out,
        "請帶光碟到就診的醫院，由櫃檯或放射科匯入。",
        "Bring the disc to the hospital you visit; its counter or radiology department imports it.",
    );
    out.push_str("</section>\n");
}

fn receiving(view: &DiscView<'_>, out: &mut String) {
    let _ = writeln!(out, "<section>\n<h2>{}</h2>\n<dl>", both("給收件醫院", "For the receiving hospital"));
    let (studies, series, instances) = (view.n_studies(), view.series.len(), view.n_instances);
    row(out, "內容", "Content", &format!("{studies} studies, {series} series, {instances} SOP Instances"));
    let integration = if view.integration().is_some() { " · IHE PDI" } else { "" };
    row(out, "媒體規格", "Media profile", &format!("DICOM {}{integration}", view.profile));
    let _ = writeln!(
        out,
        "</dl>\n<p class=\"go\"><a href=\"{HOSPITAL}\">{}</a></p>\n</section>",
        both("規格、匯入、內容清單與檢查碼", "Conformance, import, list of contents, checksums"),
    );
}

/// The page of one series.
pub(crate) fn series(view: &DiscView<'_>, series: &SeriesView<'_>) -> Vec<u8> {
    let header = series.first;
    let title = Bilingual::new(series_name(series), "");
    let back = format!("<a href=\"../INDEX.HTM\">← {}</a>", both("回到目錄", "All series"));
    let mut out = start(&title, &back, "../");
    let _ = writeln!(out, "<section>\n<dl>");
    row(&mut out, "姓名", "Name", &name(header));
    row(&mut out, "檢查日期", "Study date", &date(header, tags::STUDY_DATE));
    row(&mut out, "檢查", "Study", &text(header, tags::STUDY_DESCRIPTION));
    row(&mut out, "種類", "Kind", sop_class_name(&header.sop_class_uid).unwrap_or_default());
    let _ = writeln!(out, "<dt>{}</dt><dd>{}</dd>", both("數量", "Count"), count(series));
    row(&mut out, "資料夾", "Folder", &series.folder);
    row(&mut out, "Series Instance UID", "", &header.series_uid);
    out.push_str("</dl>\n");
    documents(view, series, &mut out);
    pictures(view, series, &mut out);
    out.push_str("</section>\n");
    end(out, view)
}

/// Reports and documents of the series.
fn documents(view: &DiscView<'_>, series: &SeriesView<'_>, out: &mut String) {
    let kinds = [(PictureKind::Report, "閱讀報告", "Read the report"), (PictureKind::Pdf, "開啟 PDF", "Open the PDF")];
    for (kind, zh, en) in kinds {
        for (path, picture) in view.shown(series, kind) {
            let header = &view.goods.goods[picture.good].header;
            let titled = [text(header, tags::DOCUMENT_TITLE), date(header, tags::CONTENT_DATE)].join(" ");
            let file = path.strip_prefix("IHE_PDI/").unwrap_or(path);
            let _ = writeln!(
                out,
                "<p class=\"go\"><a href=\"{}\">{} <bdi>{}</bdi></a></p>",
                esc(file),
                both(zh, en),
                esc(titled.trim())
            );
        }
    }
}

fn pictures(view: &DiscView<'_>, series: &SeriesView<'_>, out: &mut String) {
    let images: Vec<(&str, &Picture)> = view.shown(series, PictureKind::Image).collect();
    if images.is_empty() {
        if series.pictures.is_empty() {
            paragraph(
                out,
                "這個序列沒有縮圖，請用檢視程式或 DICOM 工作站開啟。",
                "There are no pictures of this series; open it with the viewer or with a DICOM workstation.",
            );
        }
        return;
    }
    let n = images.len();
    if (n as u64) < series.n_frames && n >= PICTURES_PER_SERIES {
        let all = series.n_frames;
        paragraph(
            out,
            &format!("共 {all} 張影像，以下平均選出 {n} 張。全部影像都在 DICOM 資料夾。"),
            &format!("{n} of {all} images, evenly chosen. All of them are in the DICOM folder."),
        );
    }
    out.push_str("<ul class=\"pictures\">\n");
    for (number, (path, picture)) in images.into_iter().enumerate() {
        let header = &view.goods.goods[picture.good].header;
        let frames = header.pixels.as_ref().map_or(1, |pixels| pixels.frames);
        let mut caption = text(header, tags::INSTANCE_NUMBER);
        if frames > 1 {
            let _ = write!(caption, " [{}]", picture.frame + 1);
        }
        let file = path.strip_prefix("IHE_PDI/").unwrap_or(path);
        let number = number + 1;
        let _ = writeln!(
            out,
            "<li><a href=\"{file}\"><img src=\"{file}\" alt=\"影像 Image {number}\" loading=\"lazy\" /></a><p>#{}</p></li>",
            esc(&caption),
            file = esc(file),
        );
    }
    out.push_str("</ul>\n");
}
