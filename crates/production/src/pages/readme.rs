//! `README.TXT` (IHE RAD TF-3 §4.47): who made the disc, what is where, how to open it.

use super::DiscView;
use crate::contents::MANIFEST;
use crate::reasons::readme_lines;

/// UTF-8 with a byte order mark, which every editor of the last twenty years understands, and lines as DOS ends them.
pub(crate) fn readme(view: &DiscView<'_>) -> Vec<u8> {
    let mut lines: Vec<String> = Vec::new();
    institution(view, &mut lines);
    facts(view, &mut lines);
    layout(view, &mut lines);
    opening(view, &mut lines);
    receiving(view, &mut lines);
    let text = lines.join("\r\n") + "\r\n";
    [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat()
}

fn push(lines: &mut Vec<String>, more: &[&str]) {
    lines.extend(more.iter().map(|line| (*line).to_owned()));
}

fn institution(view: &DiscView<'_>, lines: &mut Vec<String>) {
    push(lines, &["醫學影像光碟　Medical images", "=============================", ""]);
    if let Some(institution) = &view.texts.institution {
        lines.push(format!("製作單位　Institution：{}　{}", one_line(&institution.zh), one_line(&institution.en)));
        for contact in &view.texts.contact {
            lines.push(format!("　　　　　　　　　　　{}　{}", one_line(&contact.zh), one_line(&contact.en)));
        }
    }
    lines.push(format!("製作程式　Program　　：{}", one_line(&view.texts.program)));
    lines.push(String::new());
}

fn facts(view: &DiscView<'_>, lines: &mut Vec<String>) {
    lines.push(format!("光碟　Disc　　　　：{} / {}　（File-set ID {}）", view.number, view.of, view.volume_id));
    lines.push(format!("光碟碼　Disc code　：{}", view.code));
    lines.push(format!("製作時間　Made　　：{}", view.created_at));
    let (studies, series, instances) = (view.n_studies(), view.series.len(), view.n_instances);
    lines.push(format!("內容　Content　　　：{studies} 次檢查、{series} 個序列、{instances} 個 DICOM 檔"));
    lines.push(format!("　　　　　　　　　　{studies} studies, {series} series, {instances} DICOM files"));
    lines.push(String::new());
    lines.extend(readme_lines(view.left_out()));
}

fn layout(view: &DiscView<'_>, lines: &mut Vec<String>) {
    push(lines, &["光碟配置　Layout", "----------------"]);
    push(
        lines,
        &["DICOMDIR      DICOM 索引　index of the DICOM files", "DICOM\\        DICOM 影像與報告　images and reports"],
    );
    if view.web {
        push(
            lines,
            &["INDEX.HTM     用瀏覽器開啟　open in a web browser", "IHE_PDI\\      網頁與縮圖　web pages and pictures"],
        );
    }
    if view.viewer {
        push(lines, &["VIEWER\\       檢視程式　a viewer for web browsers"]);
    }
    lines.push(format!("{MANIFEST}    每個檔案的 SHA-256　checksums of all files (sha256sum -c {MANIFEST})"));
    lines.push(String::new());
}

fn opening(view: &DiscView<'_>, lines: &mut Vec<String>) {
    push(lines, &["如何開啟　How to open", "---------------------"]);
    if view.web {
        push(
            lines,
            &[
                "在瀏覽器開啟 INDEX.HTM 可看縮圖，不需安裝程式。縮圖不供診斷。",
                "Open INDEX.HTM in a web browser to see pictures; nothing is installed. They are not for diagnosis.",
            ],
        );
    }
    push(
        lines,
        &[
            "醫院請以 DICOM 工作站或 PACS 匯入 DICOMDIR。個人可用任何 DICOM 檢視程式開啟整片光碟。",
            "Hospitals import DICOMDIR with a workstation or PACS. Anybody can open the disc with a DICOM viewer.",
            "本光碟不會自動執行任何程式。",
            "Nothing on this disc starts by itself.",
        ],
    );
    if view.viewer {
        push(
            lines,
            &[
                "附檢視程式 VIEWER\\VIEWER.HTM：一個網頁，任何作業系統用目前的瀏覽器都能開啟（Chromium 實測），再選擇本光碟。",
                "不安裝、不連線、不供診斷。",
                "A viewer is included, VIEWER\\VIEWER.HTM: one web page for a current browser on any system (tried in Chromium).",
                "Open it and choose this disc. It installs nothing, connects to nothing, and is not for diagnosis.",
            ],
        );
    } else {
        push(lines, &["沒有附檢視程式。　No viewer is included."]);
    }
    lines.push(String::new());
}

fn receiving(view: &DiscView<'_>, lines: &mut Vec<String>) {
    push(lines, &["符合標準　Conformance", "---------------------"]);
    let (profile, format) = (view.profile, view.file_system());
    lines.push(format!("DICOM PS3.10, PS3.11 {profile} (File-set Creator), PS3.12 ({format})"));
    lines.extend(view.integration().map(str::to_owned));
    lines.push(format!("File-set UID {}", view.file_set_uid));
    push(
        lines,
        &[
            "病人識別碼及所有資料與來源相同；只有媒體規格不接受的傳輸語法會解壓縮，像素值不變。",
            "Patient identifiers and all data are as in the source; only a transfer syntax the profile does not take is",
            "decoded, with equal pixel values.",
            "光碟內含個人醫療資料，請妥善保管。",
            "This disc holds personal medical data: keep it safe.",
        ],
    );
}

/// A text that is one line, whatever was typed.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
