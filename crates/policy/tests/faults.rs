//! Mistakes in a rules folder are refused with file, line and remedy.

mod common;

use common::{lines, rule_files};
use filmdesk_policy::{RuleFault, Rules};

/// Loads the hospital's rules with one text replaced (its first occurrence) and returns the faults.
fn with(file: &str, from: &str, to: &str) -> (Vec<RuleFault>, usize) {
    let mut files = rule_files("ntuh");
    let text = files.files.get_mut(file).expect("a rule file");
    let at = text.find(from).unwrap_or_else(|| panic!("{file} does not have {from:?}"));
    let line = text[..at].matches('\n').count() + 1;
    text.replace_range(at..at + from.len(), to);
    (Rules::load(&files).err().unwrap_or_default(), line)
}

/// A mistake must be found in its file, on or near its line, saying this, with a remedy.
fn check(file: &str, from: &str, to: &str, message: &str) {
    let (faults, line) = with(file, from, to);
    let found = faults.iter().find(|f| f.file == file && f.message.contains(message));
    let fault = found.unwrap_or_else(|| panic!("{file}: {to:?} was not refused for {message:?}:\n{}", lines(&faults)));
    assert!(fault.line.abs_diff(line) <= 9, "{fault} is far from line {line}");
    assert!(fault.column > 0 && !fault.remedy.is_empty(), "{fault}");
}

#[test]
fn the_hospital_itself_loads() {
    assert_eq!(Rules::load(&rule_files("ntuh")).map(|r| r.hospital().id.clone()), Ok("ntuh".to_owned()));
}

#[test]
fn shapes_that_are_wrong() {
    check("fees.toml", "basis = \"disc-tier\"", "bassis = \"disc-tier\"", "unknown field");
    check("fees.toml", "basis = \"disc-tier\"", "basis = \"disk\"", "unknown variant");
    check("fees.toml", "twd = 100", "twd = \"a hundred\"", "invalid type");
    check("fees.toml", "since = \"undated\"", "since = \"long ago\"", "undated");
    check("fees.toml", "since = \"undated\"", "since = 2026-02-30", "invalid");
    check("fees.toml", "[[fee]]", "[[fee]", "");
    check("schedule.toml", "opens = \"08:00\"", "opens = \"8 o'clock\"", "08:00");
    check("record-kinds.toml", "class = \"general\"", "class = \"usual\"", "unknown variant");
    check("calendar.toml", "date = 2025-01-01", "date = 2025-13-01", "");
}

#[test]
fn texts_that_are_not_in_both_languages() {
    let name = "zh = \"一般X光攝影\", en = \"General X-ray\"";
    check("record-kinds.toml", name, "zh = \"一般X光攝影\"", "missing field `en`");
    check("record-kinds.toml", name, "zh = \"\", en = \"General X-ray\"", "missing translation");
    check("record-kinds.toml", name, "zh = \"一般\", en = \"General\", fr = \"radio\"", "unknown field");
    check("schedule.toml", "ready after {minutes} minutes", "ready soon", "different holes");
}

#[test]
fn citations_and_readings_that_do_not_exist() {
    check("fees.toml", "page = \"Application Fees › General\"", "page = \"Prices\"", "no heading \"Prices\"");
    check("fees.toml", "{ page = \"Application Fees › General\" }", "{ }", "one source");
    check("fees.toml", "{ page = \"Application Fees › General\" }", "{ law = \"\" }", "empty");
    check("fees.toml", "reading = \"A05\"", "reading = \"A99\"", "no reading \"A99\"");
    check("readings.toml", "chosen = \"half-open\"", "chosen = \"open\"", "no choice \"open\"");
    check("readings.toml", "id = \"closed-end\"", "id = \"ajar\"", "nothing implements the choice \"ajar\"");
    check("readings.toml", "id = \"A02\"", "id = \"A01\"", "used twice");
    check("record-kinds.toml", "switch = \"A18=dentistry\"", "switch = \"A18=surgery\"", "no reading has the choice");
    check("documents.toml", "switch = \"A43=either\"", "switch = \"either\"", "no reading has the choice");
}

#[test]
fn amounts_and_tiers_with_gaps() {
    check("fees.toml", "{ items = 2, twd = 400 }, ", "", "a tier for 2 is missing");
    check("fees.toml", "{ items = 2, twd = 400 }", "{ items = 1, twd = 400 }", "a tier for 2 is missing");
    check("fees.toml", "or_more = true, twd = 500", "twd = 500", "or_more");
    check("fees.toml", "twd = 500", "twd = 300", "costs less");
    check("fees.toml", "twd = 100", "twd = -100", "below zero");
    check("fees.toml", "basis = \"additional-disc\"", "basis = \"extra-set-disc\"", "at the same time");
    let (faults, _) =
        with("fees.toml", "basis = \"film-sheet\"\nclass = \"special\"", "basis = \"film-sheet\"\nclass = \"general\"");
    assert!(faults.iter().any(|f| f.message.contains("FilmSheet of class special")), "{}", lines(&faults));
}

#[test]
fn validities_that_overlap_or_leave_a_gap() {
    check("documents.toml", "until = 2023-01-01", "until = 2023-06-01", "at the same time");
    check("documents.toml", "until = 2023-01-01", "until = 2022-01-01", "nothing holds after");
    check("documents.toml", "since = 2023-01-01", "since = 2024-01-01", "nothing holds before");
    check("documents.toml", "printed = true", "printed = false", "page prints");
    check("documents.toml", "years = 18", "years = 180", "no law");
}

/// The folder with a row written twice, the second time changed.
fn twice(file: &str, id: &str, from: &str, to: &str) -> (Vec<RuleFault>, usize) {
    let mut files = rule_files("ntuh");
    let text = files.files.get_mut(file).expect("a rule file");
    let at = text.find(&format!("id = \"{id}\"\n")).unwrap_or_else(|| panic!("{file} has no row {id}"));
    let start = text[..at].rfind("[[").expect("a table");
    let end = text[at..].find("\n[[").map_or(text.len(), |n| at + n + 1);
    let again = text[start..end].replacen(from, to, 1);
    let line = text.matches('\n').count() + 1;
    text.push_str(&format!("\n{again}"));
    (Rules::load(&files).err().unwrap_or_default(), line)
}

#[test]
fn rows_of_every_table_follow_each_other() {
    let rows = [
        ("record-kinds.toml", "ct", false),
        ("record-kinds.toml", "route.imported", false),
        ("fees.toml", "disc.additional", true),
        ("documents.toml", "D2", true),
        ("documents.toml", "majority.18", true),
        ("documents.toml", "heir.parent", false),
        ("documents.toml", "heirs.spouse", true),
        ("documents.toml", "standing", true),
        ("schedule.toml", "schedule.same-day", false),
        ("schedule.toml", "schedule.closed", true),
        ("schedule.toml", "clearance.nuclear-medicine", false),
        ("schedule.toml", "schedule.large", true),
        ("schedule.toml", "schedule.post", true),
        ("schedule.toml", "schedule.split", true),
        ("schedule.toml", "schedule.periods", true),
    ];
    for (file, id, always) in rows {
        let (faults, line) = twice(file, id, "", "");
        let fault = faults.iter().find(|f| f.file == file && f.line > line);
        let fault = fault.unwrap_or_else(|| panic!("{file}: {id} twice was not refused:\n{}", lines(&faults)));
        assert!(fault.message.contains("at the same time") || fault.message.contains("overlaps"), "{fault}");
        assert!(!fault.remedy.is_empty(), "{fault}");
        // What every day needs may not begin on a day with nothing before it either.
        if always && id != "majority.18" {
            let (faults, _) = twice(file, id, "since = \"undated\"", "since = 2027-01-01\nuntil = 2027-02-01");
            assert!(faults.iter().any(|f| f.message.contains("nothing holds")), "{id}:\n{}", lines(&faults));
        }
    }
}

#[test]
fn a_row_may_follow_another_and_the_day_decides() {
    let mut files = rule_files("ntuh");
    let text = files.files.get_mut("schedule.toml").expect("the schedule");
    let start = text.find("[[periods]]").expect("periods");
    let later = text[start..]
        .replace("since = \"undated\"", "since = 2027-01-01")
        .replace("quote_days = 30", "quote_days = 14");
    let earlier = text[start..].replace("since = \"undated\"", "since = \"undated\"\nuntil = 2027-01-01");
    text.replace_range(start.., &format!("{earlier}\n{later}"));
    let rules = Rules::load(&files).unwrap_or_else(|faults| panic!("{}", lines(&faults)));
    let days = |year, month, day| rules.periods(jiff::civil::date(year, month, day)).quote_days;
    assert_eq!((days(2026, 12, 31), days(2027, 1, 1)), (30, 14));
}

#[test]
fn references_to_rows_that_do_not_exist() {
    check("record-kinds.toml", "unit = \"dentistry\"\n\n", "unit = \"dental\"\n\n", "no unit \"dental\"");
    check("record-kinds.toml", "modalities = [\"PT\"]\n", "", "fits every study");
    check("record-kinds.toml", "words = [\"dental\", ", "words = [\"\", ", "an empty word");
    check(
        "hospital.toml",
        "default_venue = \"imaging-registration\"",
        "default_venue = \"lobby\"",
        "no venue \"lobby\"",
    );
    check("hospital.toml", "time_zone = \"Asia/Taipei\"", "time_zone = \"Asia/Formosa\"", "not a time zone");
    check("record-kinds.toml", "places = [\"origin-hospital\"]", "places = [\"elsewhere\"]", "no venue \"elsewhere\"");
    check("record-kinds.toml", "places = [\"origin-hospital\"]", "places = []", "needs a place");
    check("record-kinds.toml", "kinds = [\"dental-ct\"]", "kinds = [\"dental-mri\"]", "no kind \"dental-mri\"");
    check("record-kinds.toml", "unit = \"dentistry\"", "unit = \"teeth\"", "no unit \"teeth\"");
    check("record-kinds.toml", "kind = \"mri\"", "kind = \"nmr\"", "no kind \"nmr\"");
    check(
        "record-kinds.toml",
        "clearance = \"clearance.nuclear-medicine\"",
        "clearance = \"wait\"",
        "no waiting period",
    );
    check("record-kinds.toml", "elsewhere = true\n", "", "media");
    check("record-kinds.toml", "id = \"mammography\"", "id = \"general-x-ray\"", "at the same time");
    check("documents.toml", "with = \"D4v\"", "with = \"D99\"", "no document \"D99\"");
    check("documents.toml", "documents = [\"D1\"]", "documents = [\"D0\"]", "no document \"D0\"");
    check("documents.toml", "kinship = \"descendant\"", "kinship = \"spouse\"", "two rows");
}

#[test]
fn hours_and_days_that_do_not_fit() {
    check("schedule.toml", "closes = \"16:00\"", "closes = \"07:00\"", "empty");
    check("schedule.toml", "opens = \"16:00\"", "opens = \"15:00\"", "overlaps");
    check("schedule.toml", "{ after_minutes = 60 }", "{ }", "when what is paid");
    check("schedule.toml", "next_open_day_at = \"08:00\"", "next_open_day_at = \"06:00\"", "closed at 06:00");
    check("schedule.toml", "ready_at = \"09:00\"", "ready_at = \"19:00\"", "closed at 19:00");
    check("schedule.toml", "days = 3", "days = -3", "impossible length");
    check("schedule.toml", "[7, 14, 25]", "[7, 14, 45]", "rise");
    check("calendar.toml", "date = 2025-01-01", "date = 2024-01-01", "does not have");
    check("calendar.toml", "date = 2025-01-27", "date = 2025-01-01", "twice");
    check("calendar.toml", "version = \"2026-11-01\"", "version = \"\"", "version");
}

#[test]
fn papers_for_everybody() {
    let (faults, _) = with("documents.toml", "capacity = \"heir\"\nagent = false", "capacity = \"heir\"\nagent = true");
    assert!(faults.iter().any(|f| f.message.contains("Heir (agent: false")), "{}", lines(&faults));
    assert!(faults.iter().any(|f| f.message.contains("at the same time")), "{}", lines(&faults));
}

#[test]
fn files_that_are_missing_or_strange() {
    let mut files = rule_files("ntuh");
    files.files.remove("fees.toml");
    files.files.insert("prices.toml".to_owned(), String::new());
    let faults = Rules::load(&files).expect_err("a folder without fees");
    assert!(faults.iter().any(|f| f.file == "fees.toml" && f.message.contains("missing")), "{}", lines(&faults));
    assert!(faults.iter().any(|f| f.file == "prices.toml"), "{}", lines(&faults));
}

#[test]
fn several_mistakes_are_all_named() {
    let mut files = rule_files("ntuh");
    for (file, from, to) in [("fees.toml", "A05", "A98"), ("documents.toml", "\"D4v\"", "\"D98\"")] {
        let text = files.files.get_mut(file).expect("a rule file");
        *text = text.replacen(from, to, 1);
    }
    let faults = Rules::load(&files).expect_err("two mistakes");
    assert!(faults.iter().any(|f| f.file == "fees.toml") && faults.iter().any(|f| f.file == "documents.toml"));
}

#[test]
fn the_hash_follows_every_byte_of_every_file() {
    let files = rule_files("ntuh");
    let hash = |f: &filmdesk_policy::RuleFiles| Rules::load(f).expect("rules").hash().to_owned();
    let before = hash(&files);
    assert_eq!(before.len(), 64);
    for name in filmdesk_policy::RULE_FILE_NAMES {
        let mut changed = files.clone();
        changed.files.get_mut(name).expect("a rule file").push_str("# a note\n");
        assert_ne!(hash(&changed), before, "{name}");
    }
}
