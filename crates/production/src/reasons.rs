//! Why an object is not on a medium, in words for people, and what could be done instead: in 正體中文 and English, by code.

use crate::gather::LeftOut;
use crate::plan::Bilingual;
use std::collections::BTreeMap;

/// UIDs named for each reason; the receiving hospital asks for the others.
const MOST_UIDS: usize = 50;

/// What is told about a code.
struct Row {
    codes: &'static [&'static str],
    what: (&'static str, &'static str),
    instead: (&'static str, &'static str),
}

#[rustfmt::skip]
const ROWS: &[Row] = &[
    Row {
        codes: &["transfer-syntax-not-decodable", "unknown-transfer-syntax", "transfer-syntax-not-in-profile"],
        what: ("它的壓縮方式（例如錄影）這種媒體不收，也無法無損解壓縮", "its compression (a video, for example) is not taken by this kind of medium and cannot be decoded without loss"),
        instead: ("錄影可燒錄在藍光光碟（STD-GEN-BD-MPEG2 或 MPEG4 規格），或洽製作單位提供影片、至病歷室申請書面報告；12 位元 JPEG 影像可改用 JPEG 規格的 DVD 或 USB 隨身碟原樣存放", "a video has its place on a Blu-ray disc (a profile STD-GEN-BD-MPEG2 or -MPEG4); otherwise ask the unit that made it for the video itself, or for a written report at the Medical Records Office; a 12-bit JPEG image goes as it is on a DVD or a USB stick of a JPEG profile"),
    },
    Row {
        codes: &["instance-oversized"],
        what: ("單一檔案超過這種媒體的容量", "this object alone is larger than the medium"),
        instead: ("請改用容量較大的媒體（DVD、USB 隨身碟或藍光光碟）；仍放不下時，請以網路傳送或至病歷室申請書面報告", "choose a larger medium (a DVD, a USB stick or a Blu-ray disc); where that is too small, send it over the network or apply for a written report at the Medical Records Office"),
    },
    Row {
        codes: &["too-large-to-decode"],
        what: ("解壓縮後過大，本系統無法解壓縮", "it is too large to be decoded here"),
        instead: ("請改用接受其原壓縮格式的媒體（DVD 或 USB 隨身碟），以網路傳送，或至病歷室申請書面報告", "choose a medium that takes it compressed as it is (a DVD or a USB stick), send it over the network, or apply for a written report at the Medical Records Office"),
    },
    Row {
        codes: &[LeftOut::OVER_4_GIB],
        what: ("單一檔案達 4 GiB 以上，CD、DVD 與隨身碟的檔案系統都放不下", "this object alone has 4 GiB or more, which no file of a CD, a DVD or a stick can have"),
        instead: ("請改用藍光光碟（UDF 檔案系統放得下），或以網路傳送", "choose a Blu-ray disc, whose file system takes it, or send it over the network"),
    },
    Row {
        codes: &["no-record-type"],
        what: ("這類物件（掃描程序、已廢止的疊圖或曲線等）依 DICOM 標準不屬於病人的媒體", "DICOM gives objects of this kind (a scanner's protocol, a retired overlay or curve) no place on a patient's medium"),
        instead: ("病人的影像不受影響；需要時請影像管理人員另行提供", "no image of the patient is affected; the archive's administrator can hand it out by itself"),
    },
    Row {
        codes: &["private-sop-class"],
        what: ("這是儀器廠商自訂的物件類別，DICOM 媒體的目錄不收，其中可能含有影像", "it is of a class private to the maker of the machine, which no directory of a DICOM medium takes; it may hold images"),
        instead: ("請洽製作單位以廠商的工作站輸出標準 DICOM 影像後重新申請，或至病歷室申請書面報告", "ask the unit that made it to export standard DICOM images from the maker's workstation, then ask again; or apply for a written report at the Medical Records Office"),
    },
    Row {
        codes: &["unknown-sop-class"],
        what: ("本系統不認得這種標準物件類別，無法寫入光碟目錄，其中可能含有影像", "it is of a standard class this program does not know, so it has no place in the directory; it may hold images"),
        instead: ("請以網路傳送，或至病歷室申請書面報告；系統管理人員可查詢是否有新版程式", "send it over the network, or apply for a written report at the Medical Records Office; the operator can see whether a newer version knows it"),
    },
    Row {
        codes: &["sop-class-not-in-profile"],
        what: ("所選的媒體規格只收電腦斷層與磁振造影", "the chosen profile takes CT and MR only"),
        instead: ("請改用一般用途的規格（STD-GEN-CD）", "choose a general purpose profile (STD-GEN-CD)"),
    },
    Row {
        codes: &["duplicate-instance"],
        what: ("兩個內容不同的物件用了同一個識別碼，無法判斷何者正確", "two objects with different contents have one identifier, and nobody can tell which is right"),
        instead: ("請影像管理人員更正後重新申請", "the archive's administrator settles it; then ask again"),
    },
    Row {
        codes: &["rejected-113001", "rejected-113037", "rejected-113038", "rejected-113039", "rejection-note"],
        what: ("醫院已註記作廢（品質、安全、歸屬錯誤或逾保存期限）", "the hospital has rejected it (quality, safety, filed wrongly, or past retention)"),
        instead: ("有疑問請洽影像管理人員", "the archive's administrator knows why"),
    },
    Row {
        codes: &["no-study-or-series-uid", "no-study-uid", "no-series-uid", "series-of-two-studies"],
        what: ("物件沒有說明它屬於哪一次檢查或序列", "the object does not say of which study or series it is"),
        instead: ("請影像管理人員更正後重新申請", "the archive's administrator corrects it; then ask again"),
    },
    Row {
        codes: &["not-dicom", "empty", "dicomdir", "no-pixels"],
        what: ("這不是 DICOM 物件", "this is no DICOM object"),
        instead: ("沒有影像因此缺少", "no image is missing because of it"),
    },
    Row {
        codes: &["unreadable", "cannot-write", "inspector-unavailable"],
        what: ("檔案無法讀取", "the file cannot be read"),
        instead: ("請資訊人員檢查後重試", "the operator looks at the machine; then try again"),
    },
];

const DAMAGED: Row = Row {
    codes: &[],
    what: ("物件損壞或內容互相矛盾", "the object is damaged or contradicts itself"),
    instead: (
        "請影像管理人員由來源重新取得或修復後重新申請",
        "the archive's administrator repairs it or gets it again from where it was made; then ask again",
    ),
};

fn row(code: &str) -> &'static Row {
    ROWS.iter().find(|row| row.codes.contains(&code)).unwrap_or(&DAMAGED)
}

impl LeftOut {
    /// The reason in general, for people; [`LeftOut::reason`] has the particulars.
    pub fn what(&self) -> Bilingual {
        let (zh, en) = row(&self.code).what;
        Bilingual::new(zh, en)
    }

    /// What can be done instead.
    pub fn instead(&self) -> Bilingual {
        let (zh, en) = row(&self.code).instead;
        Bilingual::new(zh, en)
    }

    /// Why in general and what can be done instead: the words of the disc's pages, its README and the counter.
    pub fn told(&self) -> Bilingual {
        let (what, instead) = (self.what(), self.instead());
        Bilingual::new(format!("{}；{}。", what.zh, instead.zh), format!("{}: {}.", what.en, instead.en))
    }
}

/// What is not on the medium, for its README: reasons with their counts, what can be done instead, and which objects.
pub(crate) fn readme_lines<'a>(left_out: impl Iterator<Item = &'a LeftOut>) -> Vec<String> {
    let mut by_reason: BTreeMap<&str, Vec<&LeftOut>> = BTreeMap::new();
    for left in left_out {
        by_reason.entry(row(&left.code).what.1).or_default().push(left);
    }
    if by_reason.is_empty() {
        return Vec::new();
    }
    let n: usize = by_reason.values().map(Vec::len).sum();
    let mut lines = vec![
        "未能放入的物件　Not on this medium".to_owned(),
        "----------------------------------".to_owned(),
        format!("有 {n} 個物件未能放入。　{n} objects are not on it."),
    ];
    for same in by_reason.values() {
        let told = same[0].told();
        lines.push(format!("* {} × {}", same.len(), told.zh));
        lines.push(format!("  {} × {}", same.len(), told.en));
        let named = same.iter().filter(|left| !left.sop_instance_uid.is_empty());
        lines.extend(named.clone().take(MOST_UIDS).map(|left| format!("    {}", left.sop_instance_uid)));
        let more = named.count().saturating_sub(MOST_UIDS);
        if more > 0 {
            lines.push(format!("    ＋{more}"));
        }
    }
    lines.push(String::new());
    lines
}
