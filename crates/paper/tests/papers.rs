//! Each paper is printed with sample facts in both languages; `FILMDESK_PAPERS=dir` keeps the PDFs to look at.

use filmdesk_paper::{
    ConsentFacts, LabelFacts, PaperError, ReceiptFacts, Row, SlipFacts, consent_form, disc_label, receipt, slip,
};
use filmdesk_policy::Lang;

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
    keep("label.pdf", &disc_label(&label_facts(Some(true))).expect("label"));
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
