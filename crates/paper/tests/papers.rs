//! Each paper is printed with sample facts in both languages; `FILMDESK_PAPERS=dir` keeps the PDFs to look at.

use filmdesk_paper::{
    ConsentFacts, LabelFacts, LabelPrinter, PaperError, ReceiptFacts, Row, SlipFacts, consent_form, disc_label,
    receipt, slip,
};
use filmdesk_policy::Lang;
use std::path::{Path, PathBuf};
use std::process::Command;

fn row(label: &str, value: &str) -> Row {
    Row { label: label.into(), value: value.into() }
}

fn keep(name: &str, pdf: &[u8]) {
    assert!(pdf.starts_with(b"%PDF-"), "{name} is a PDF");
    #[expect(clippy::disallowed_methods, reason = "a test asks where to keep what it printed")]
    if let Ok(folder) = std::env::var("FILMDESK_PAPERS") {
        std::fs::write(std::path::Path::new(&folder).join(name), pdf).expect("the folder exists");
    }
}

fn slip_facts(lang: Lang) -> SlipFacts {
    let zh = lang == Lang::ZhTw;
    let t = |zh_text: &str, en: &str| if zh { zh_text.to_owned() } else { en.to_owned() };
    SlipFacts {
        lang,
        hospital: t("範例醫院 影像醫學部", "Example Hospital, Medical Imaging"),
        number: "F7K4-2MQX".into(),
        code: "8H3T".into(),
        patient_masked: "王○明".into(),
        papers: vec![
            t("病人國民身分證（正本）", "The patient's identity card"),
            t("委託同意書，病人簽名", "Consent form signed by the patient"),
        ],
        lines: vec![row(&t("特殊檢查 2 份", "Special, 2 examinations"), "NT$400")],
        total: "NT$400".into(),
        facts: vec![
            row(&t("地點", "Where"), &t("檢查大樓 登記室", "Registration Office, Examination Building")),
            row(&t("最快領件", "Earliest collection"), &t("民國115年12月1日 11:00", "1 December 2026, 11:00")),
            row(&t("服務專線", "Service line"), "02-2356-2810"),
        ],
    }
}

fn receipt_facts(lang: Lang, reprint: bool) -> ReceiptFacts {
    ReceiptFacts {
        lang,
        hospital: "範例醫院 Example Hospital".into(),
        receipt_number: "000123".into(),
        number: "F7K4-2MQX".into(),
        patient_masked: "王○明".into(),
        lines: vec![
            row("特殊檢查（電腦斷層、磁振造影）2 份 · disc.special", "NT$400"),
            row("增加光碟 1 片 · disc.additional", "NT$100"),
        ],
        total: "NT$500".into(),
        total_words: "新臺幣伍佰元整".into(),
        facts: vec![row("日期 Date", "民國115年12月1日 2026-12-01 10:05"), row("方式 Means", "現金 Cash")],
        reprint,
    }
}

fn label_facts(web: Option<bool>) -> LabelFacts {
    LabelFacts {
        printer: LabelPrinter::Sheet,
        hospital: "範例醫院 Example Hospital".into(),
        patient_masked: "王○明".into(),
        number: "F7K4-2MQX".into(),
        date: "2026-12-01 · 民國115年12月1日".into(),
        disc: (1, 2),
        code: "7QX4-M2KT".into(),
        web,
    }
}

#[test]
fn every_paper_prints_in_both_languages() {
    for (lang, tag) in [(Lang::ZhTw, "zh"), (Lang::En, "en")] {
        keep(&format!("slip-{tag}.pdf"), &slip(&slip_facts(lang)).expect("slip"));
        keep(&format!("receipt-{tag}.pdf"), &receipt(&receipt_facts(lang, lang == Lang::En)).expect("receipt"));
    }
    for printer in LabelPrinter::ALL {
        let facts = LabelFacts { printer, ..label_facts(Some(true)) };
        keep(&format!("label-{}.pdf", printer.name()), &disc_label(&facts).expect("label"));
    }
    for (sealed, value) in [(false, "王測試"), (true, "")] {
        let rows = ["病人姓名 Patient", "身分證號 Identity number", "受託人姓名 Agent", "受託人證號 Agent’s number"]
            .iter()
            .chain(&["與病人關係 Relation", "目的 Purpose", "範圍（檢查、日期） Scope (examinations, dates)"])
            .map(|label| row(label, value))
            .collect();
        let facts = ConsentFacts {
            hospital: ("範例醫院".into(), "Example Hospital".into()),
            phone: "02-2356-2810".into(),
            rows,
            sealed,
        };
        keep(
            &format!("consent-{}.pdf", if sealed { "sealed" } else { "plain" }),
            &consent_form(&facts).expect("consent"),
        );
    }
}

/// IHE PDI's words for a label; a disc whose record does not say claims neither.
#[test]
fn a_label_says_whether_there_are_web_pages_on_the_disc() {
    let folder = tempfile::tempdir().expect("a folder");
    for (web, said) in [(Some(true), "DICOM PLUS WEB"), (Some(false), "DICOM ONLY"), (None, "DICOM")] {
        let file = folder.path().join("label.pdf");
        std::fs::write(&file, disc_label(&label_facts(web)).expect("label")).expect("written");
        let text = asked("pdftotext", &["-layout"], &file);
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| line.starts_with("DICOM")).collect();
        assert_eq!(lines, [said], "{text}");
        let letters: String = text.split_whitespace().collect();
        assert!(["王○明", "7QX4-M2KT", "F7K4-2MQX"].iter().all(|said| letters.contains(said)), "{text}");
    }
}

/// A label as the dots of a 300 dpi printer: a PNG, or a bitmap of black and white.
fn dots(facts: &LabelFacts, how: &[&str], folder: &Path) -> PathBuf {
    let pdf = folder.join("label.pdf");
    std::fs::write(&pdf, disc_label(facts).expect("label")).expect("written");
    let to = folder.join("dots");
    let status = Command::new("pdftoppm").args(["-r", "300", "-singlefile"]).args(how).arg(&pdf).arg(&to).status();
    assert!(status.unwrap_or_else(|e| panic!("pdftoppm: {e}; install poppler-utils")).success());
    let mut made = ["png", "pbm", "pgm"].into_iter().map(|e| to.with_extension(e)).filter(|path| path.is_file());
    made.next().expect("a picture")
}

/// What a scanner reads in a picture.
fn scanned(picture: &Path) -> String {
    let output =
        Command::new("zbarimg").args(["--quiet", "--raw", "-Sdisable", "-Scode39.enable"]).arg(picture).output();
    let output = output.unwrap_or_else(|e| panic!("zbarimg: {e}; install zbar-tools"));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The dots of a label without smoothing, row by row: 0 is black, 255 paper.
fn rows(facts: &LabelFacts, folder: &Path) -> Vec<Vec<u8>> {
    let bytes = std::fs::read(dots(facts, &["-gray", "-aa", "no", "-aaVector", "no"], folder)).expect("a picture");
    let fields: Vec<&[u8]> = bytes.splitn(5, u8::is_ascii_whitespace).collect();
    assert_eq!((fields[0], fields[3]), (&b"P5"[..], &b"255"[..]));
    let width = std::str::from_utf8(fields[1]).ok().and_then(|w| w.parse().ok()).expect("a width");
    fields[4].chunks_exact(width).map(<[u8]>::to_vec).collect()
}

/// Heat prints a dot or none: a label for it has no grey, no ring, and bars of whole dots.
#[test]
fn a_thermal_label_is_black_only_and_its_bars_are_whole_dots() {
    let folder = tempfile::tempdir().expect("a folder");
    for printer in LabelPrinter::ALL {
        let rows = rows(&LabelFacts { printer, ..label_facts(Some(true)) }, folder.path());
        let black_only = rows.iter().flatten().all(|dot| matches!(dot, 0 | 255));
        assert_eq!(black_only, printer == LabelPrinter::Thermal, "{printer:?}");
        // The ring to cut along runs through the middle of the page, 1 mm to 3 mm from its left edge.
        let ring = rows[rows.len() / 2][12..36].iter().any(|dot| *dot != 255);
        assert_eq!(ring, printer == LabelPrinter::Sheet, "{printer:?}");
        // Eleven characters of five bars and four spaces, with a gap between two: 109 runs of three dots or eight.
        let of_bars = |row: &&Vec<u8>| {
            // Between the places where the ring runs.
            let runs: Vec<usize> = row[420..1000].chunk_by(|a, b| a == b).map(<[u8]>::len).collect();
            runs.len() == 111 && runs[1..110].iter().all(|run| matches!(run, 3 | 8))
        };
        assert!(rows.iter().filter(of_bars).count() > 70, "{printer:?}: bars of other widths");
    }
}

/// The code in bars is the code in letters, on what every printer makes of it.
#[test]
fn the_bars_of_a_label_are_read_by_a_scanner_for_every_printer() {
    let folder = tempfile::tempdir().expect("a folder");
    for code in ["7QX4-M2KT", "ZZ99-22WW"] {
        for (printer, how) in [
            (LabelPrinter::Sheet, &["-png"][..]),
            (LabelPrinter::Inkjet, &["-png"]),
            (LabelPrinter::Thermal, &["-png"]),
            (LabelPrinter::Thermal, &["-mono"]),
        ] {
            let folder = tempfile::tempdir_in(folder.path()).expect("a folder");
            let facts = LabelFacts { printer, code: code.into(), ..label_facts(Some(true)) };
            let read = scanned(&dots(&facts, how, folder.path()));
            // The other code of this loop is the control: what is read is this label's.
            assert_eq!(read, code, "{printer:?} {how:?}");
        }
    }
}

#[test]
fn a_label_without_a_name_is_printed() {
    let facts = LabelFacts { patient_masked: String::new(), ..label_facts(Some(true)) };
    keep("label-nobody.pdf", &disc_label(&facts).expect("label"));
}

#[test]
fn the_same_facts_give_the_same_bytes() {
    let facts = slip_facts(Lang::ZhTw);
    assert_eq!(slip(&facts).expect("slip"), slip(&facts).expect("slip"));
}

#[test]
fn a_character_without_a_glyph_is_named_and_nothing_is_printed() {
    let mut facts = slip_facts(Lang::ZhTw);
    facts.patient_masked = "王\u{3fffd}明".into();
    match slip(&facts) {
        Err(PaperError::MissingGlyph { character, code }) => assert_eq!((character, code), ('\u{3fffd}', 0x3fffd)),
        other => panic!("expected the character to be named, got {:?}", other.map(|pdf| pdf.len())),
    }
}

#[test]
fn a_name_is_never_code() {
    let mut facts = slip_facts(Lang::En);
    facts.patient_masked = "#panic(\"x\") *b* $y$".into();
    slip(&facts).expect("typst markup in a name is only text");
}

/// What a tool of poppler says of a PDF.
fn asked(tool: &str, arguments: &[&str], pdf: &std::path::Path) -> String {
    let output = std::process::Command::new(tool).args(arguments).arg(pdf).arg("-").output();
    let output = output.unwrap_or_else(|e| panic!("{tool}: {e}; install poppler-utils"));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// How wide a word is printed, points, by `pdftotext -bbox`.
fn width(words: &str, word: &str) -> f64 {
    let line = words.lines().find(|line| line.contains(&format!(">{word}<"))).unwrap_or_else(|| panic!("no {word}"));
    let at =
        |key: &str| line.split(key).nth(1).and_then(|rest| rest.split('"').nth(1)).and_then(|n| n.parse::<f64>().ok());
    at("xMax").expect("xMax") - at("xMin").expect("xMin")
}

#[test]
fn the_consent_form_is_tagged_in_both_languages_with_its_fonts_in_it_and_the_six_things_of_article_8() {
    let folder = tempfile::tempdir().expect("a folder");
    for sealed in [false, true] {
        let facts = ConsentFacts {
            hospital: ("範例醫院".into(), "Example Hospital".into()),
            phone: "02-2356-2810".into(),
            rows: vec![
                row("病人姓名 Patient’s name", "Patient 王測試"),
                row("申請用途 Purpose of the copies", "轉診（測試）"),
            ],
            sealed,
        };
        let file = folder.path().join("consent.pdf");
        std::fs::write(&file, consent_form(&facts).expect("consent")).expect("written");
        let info = std::process::Command::new("pdfinfo").arg(&file).output().expect("pdfinfo: install poppler-utils");
        let info = String::from_utf8_lossy(&info.stdout).into_owned();
        let says = |what: &str, yes: &str| info.lines().any(|l| l.starts_with(what) && l.ends_with(yes));
        assert!(says("Tagged:", "yes") && says("Pages:", "1"), "{info}");
        let fonts = std::process::Command::new("pdffonts").arg(&file).output().expect("pdffonts");
        let fonts = String::from_utf8_lossy(&fonts.stdout).into_owned();
        let rows: Vec<&str> = fonts.lines().skip(2).collect();
        // name, type, encoding, emb, sub, uni: embedded, a subset, and with its text.
        assert!(!rows.is_empty() && rows.iter().all(|r| r.contains(" yes yes yes ")), "{fonts}");
        let text: String = asked("pdftotext", &["-layout"], &file).split_whitespace().collect();
        for said in [
            "王測試",
            "Patient’sname",
            "範例醫院為辦理",
            "目的：",
            "聯絡方式、關係證明",
            "於病歷保存期間、在臺灣",
            "電子或紙本",
            "刪除",
            "若不提供",
            "ExampleHospitalcollects",
            "aslongasmedicalrecords",
            "electronicallyandonpaper",
            "Withoutthem",
        ] {
            assert!(text.contains(said), "{said:?} is not in\n{text}");
        }
        // An English apostrophe takes the room of one, not of a Han character (an em, a third of this word).
        let words = asked("pdftotext", &["-bbox"], &file);
        let apostrophe = width(&words, "Patient’s") - width(&words, "Patient");
        assert!(apostrophe < 0.3 * width(&words, "Patient"), "{apostrophe} points more\n{words}");
        assert_eq!(text.contains("Seal(required)"), sealed);
        assert_eq!(text.contains("簽名並蓋章"), sealed);
    }
}
