//! Text: the character sets of the standard, the ones it does not know, and names.

mod support;

use filmdesk_instance::{CharacterSet, Note, PersonName, Reading, VR, tags};
use support::*;

fn decode(declared: &str, raw: &[u8]) -> (String, Reading) {
    CharacterSet::declared(declared.as_bytes()).decode(raw)
}

#[test]
fn one_name_in_every_way_it_is_written() {
    use Reading::*;
    // 許功蓋 is the name that breaks readers: each character ends in a backslash in Big5.
    const BIG5: &[u8] = b"\xB3\x5C\xA5\x5C\xBB\x5C";
    const UTF8: &[u8] = "許功蓋".as_bytes();
    const GB18030: &[u8] = b"\xD4\x53\xB9\xA6\xC9\x77";
    let cases: &[(&str, &[u8], Reading)] = &[
        ("ISO_IR 192", UTF8, AsDeclared),
        ("GB18030", GB18030, AsDeclared),
        ("GBK", GB18030, AsDeclared),
        ("", UTF8, Utf8),
        ("ISO_IR 6", UTF8, Utf8),
        ("ISO_IR 100", UTF8, Utf8),
        ("ISO 2022 IR 149", UTF8, Utf8),
        ("", BIG5, Big5),
        ("ISO_IR 6", BIG5, Big5),
        ("ISO_IR 100", BIG5, Big5),
        ("ISO_IR 192", BIG5, Big5),
        ("BIG5", BIG5, Big5),
        ("ISO_IR 999", BIG5, Big5),
    ];
    for (declared, raw, reading) in cases {
        assert_eq!(decode(declared, raw), ("許功蓋".to_owned(), *reading), "{declared}");
        let values = CharacterSet::declared(declared.as_bytes()).decode_values(VR::LO, raw);
        assert_eq!(values, ["許功蓋"], "{declared}");
    }
}

#[test]
fn sets_of_the_standard() {
    let cases: &[(&str, &[u8], &str)] = &[
        ("ISO_IR 100", b"Buc^J\xE9r\xF4me", "Buc^Jérôme"),
        ("ISO-IR 100", b"\xC4neas^R\xFCdiger", "Äneas^Rüdiger"),
        ("ISO_IR 101", b"Wa\xB3\xEAsa", "Wałęsa"),
        ("ISO_IR 144", b"\xBB\xEE\xDAce\xDC\xD1yp\xD3", "Люкceмбypг"),
        ("ISO_IR 126", b"\xC4\xE9\xEF\xED", "Διον"),
        ("ISO_IR 138", b"\xF9\xF8\xE5\xEF", "שרון"),
        ("ISO_IR 166", b"\xB9\xD2\xC2", "นาย"),
        ("ISO_IR 13", b"\xD4\xCF\xC0\xDE", "ﾔﾏﾀﾞ"),
        ("ISO_IR 203", b"\xA4", "€"),
        // PS3.5 H.3, Yamada Tarou: romaji, kanji, kana.
        (
            "\\ISO 2022 IR 87",
            b"Yamada^Tarou=\x1B$B;3ED\x1B(B^\x1B$BB@O:\x1B(B=\x1B$B$d$^$@\x1B(B^\x1B$B$?$m$&\x1B(B",
            "Yamada^Tarou=山田^太郎=やまだ^たろう",
        ),
        (
            "ISO 2022 IR 13\\ISO 2022 IR 87",
            b"\xD4\xCF\xC0\xDE^\xC0\xDB\xB3=\x1B$B;3ED\x1B(J^\x1B$BB@O:\x1B(J",
            "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎",
        ),
        // PS3.5 I.2, Hong Gildong.
        (
            "\\ISO 2022 IR 149",
            b"Hong^Gildong=\x1B$)C\xFB\xF3^\x1B$)C\xD1\xCE\xD4\xD7=\x1B$)C\xC8\xAB^\x1B$)C\xB1\xE6\xB5\xBF",
            "Hong^Gildong=洪^吉洞=홍^길동",
        ),
        // PS3.5 K.3, Zhang XiaoDong.
        ("\\ISO 2022 IR 58", b"Zhang^XiaoDong=\x1B$)A\xD5\xC5^\x1B$)A\xD0\xA1\xB6\xAB=", "Zhang^XiaoDong=张^小东="),
        ("\\ISO 2022 IR 159", b"\x1B$(D0!\x1B(B", "丂"),
    ];
    for (declared, raw, expected) in cases {
        assert_eq!(decode(declared, raw), ((*expected).to_owned(), Reading::AsDeclared), "{declared}");
    }
}

/// Western names under their right label stay what they are, though their bytes begin pairs of Big5.
#[test]
fn western_letters_are_not_taken_for_chinese() {
    for name in [
        "Müller^Jürgen",
        "José^María",
        "Åse Ødegård",
        "Ängström^Örjan",
        "Größe",
        "Ñuñez^Iñigo",
        "É",
        "À^Ö",
        "Jérôme",
        "Hélène^Renée",
    ] {
        let raw: Vec<u8> = name.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect();
        assert_eq!(decode("ISO_IR 100", &raw), (name.to_owned(), Reading::AsDeclared), "{name}");
    }
    let cyrillic = decode("ISO_IR 144", b"\xB8\xD2\xD0\xDD\xDE\xD2");
    assert_eq!(cyrillic, ("Иванов".to_owned(), Reading::AsDeclared));
}

#[test]
fn descriptions_mix_both() {
    let (text, reading) = decode("", b"CT\xC0\xCB\xACd chest \xAF\xDD\xB3\xA1");
    assert_eq!((text.as_str(), reading), ("CT檢查 chest 胸部", Reading::Big5));
}

#[test]
fn what_cannot_be_read_is_said() {
    assert_eq!(decode("ISO_IR 192", b"\xFF\xFEabc").1, Reading::Damaged);
    assert_eq!(decode("\\ISO 2022 IR 87", b"\x1B$Z12").1, Reading::Damaged);
    assert_eq!(decode("", b"\xFC\xFC").1, Reading::Damaged);
}

#[test]
fn a_name_has_three_groups() {
    let name = PersonName::parse("WANG^XIAOMING^^=王^小明 =  ");
    assert_eq!(
        (name.alphabetic.as_str(), name.ideographic.as_str(), name.phonetic.as_str()),
        ("WANG^XIAOMING", "王^小明", "")
    );
    assert_eq!((name.display().as_str(), name.to_dicom().as_str()), ("王小明", "WANG^XIAOMING=王^小明"));
    assert_eq!(PersonName::parse("TEST^ONE^A").display(), "TEST ONE A");
    assert_eq!(PersonName::parse("王測試").display(), "王測試");
    for (group, shown) in [
        ("Müller^Jörg", "Müller Jörg"),
        ("Иванов^Иван", "Иванов Иван"),
        ("שרון^דבורה", "שרון דבורה"),
        ("홍^길동", "홍길동"),
        ("やまだ^たろう", "やまだたろう"),
        ("\u{20BB7}^測試", "\u{20BB7}測試"),
        ("王^David", "王 David"),
    ] {
        assert_eq!(PersonName::parse(group).display(), shown);
    }
    assert!(PersonName::parse("==").is_empty());
    assert_eq!(format!("{name:?}"), "PersonName(…)");
}

#[test]
fn an_item_inherits_the_character_set_or_has_its_own() {
    use filmdesk_testkit::dicom_file::DataSet;
    let code = |set: Option<&str>, meaning: &[u8]| {
        let mut item = DataSet::new();
        if let Some(set) = set {
            item.text((8, 5), "CS", set);
        }
        item.bytes((8, 0x104), "LO", meaning);
        item
    };
    let mut report = identified();
    let own = code(Some("GB18030"), b"\xB1\xA8\xB8\xE6");
    report.items((0x40, 0xA043), vec![code(None, "報告".as_bytes()), own]);
    let header = read(&report.part10(ELE)).unwrap();
    let meanings: Vec<_> =
        header.items(tags::CONCEPT_NAME_CODE_SEQUENCE).map(|item| item.text(tags::CODE_MEANING).unwrap()).collect();
    assert_eq!(meanings, ["報告", "报告"]);
}

#[test]
fn a_guessed_name_is_noted() {
    let mut object = identified();
    object.text((8, 5), "CS", "ISO_IR 100").bytes((0x10, 0x10), "PN", b"\xB3\x5C\xA5\x5C\xBB\x5C".to_vec());
    let header = read(&object.part10(ELE)).unwrap();
    assert_eq!(header.person_name(tags::PATIENT_NAME).alphabetic, "許功蓋");
    let tag = "(0010,0010)".to_owned();
    assert_eq!(header.notes, [Note::TextNotAsDeclared { tag, reading: Reading::Big5 }]);
    assert_eq!(header.raw(tags::PATIENT_NAME), Some(b"\xB3\x5C\xA5\x5C\xBB\x5C".as_slice()));
}

/// What its label makes of a mislabelled text, and what an archive that converted it by that label can be brought back to.
#[test]
fn a_mislabelled_text_is_known_as_read_and_as_repaired() {
    const BIG5: &[u8] = b"\xB3\x5C\xA5\x5C\xBB\x5C";
    let as_read = |label: &str, raw: &[u8]| CharacterSet::declared(label.as_bytes()).decode_as_declared(raw);
    assert_eq!(as_read("ISO_IR 100", BIG5), "³\\¥\\»\\");
    assert_eq!(as_read("", BIG5), "³\\¥\\»\\");
    assert!(as_read("ISO_IR 192", BIG5).contains('\u{FFFD}'));
    assert_eq!(as_read("ISO_IR 192", "許功蓋".as_bytes()), "許功蓋");
    assert_eq!(CharacterSet::repaired("³\\¥\\»\\").as_deref(), Some("許功蓋"));
    let utf8: String = "許功蓋".bytes().map(char::from).collect();
    assert_eq!(CharacterSet::repaired(&utf8).as_deref(), Some("許功蓋"));
    for right in ["許功蓋", "Müller^Jürgen", "Buc^Jérôme", "TEST^ONE", "Иванов", ""] {
        assert_eq!(CharacterSet::repaired(right), None, "{right}");
    }
}
