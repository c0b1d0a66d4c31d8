//! From texts to [`Rules`]: every file parsed strictly, every reference resolved, then checked as a whole.

use super::fault::{Faults, line_and_column};
use super::rows::*;
use super::switches::Switches;
use super::*;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

/// The eight files as rows.
pub(crate) struct Parsed {
    pub hospital: HospitalFile,
    pub kinds: RecordKindsFile,
    pub fees: FeesFile,
    pub documents: DocumentsFile,
    pub schedule: ScheduleFile,
    pub calendar: CalendarFile,
    pub readings: ReadingsFile,
    pub page: PageFile,
}

impl Rules {
    /// Loads a rules folder.
    ///
    /// # Errors
    /// Every mistake found, each with file, line, column and remedy. Nothing is guessed or skipped.
    pub fn load(files: &RuleFiles) -> Result<Rules, Vec<RuleFault>> {
        let mut faults = Faults::new(&files.files);
        for name in files.files.keys().filter(|n| !RULE_FILE_NAMES.contains(&n.as_str())) {
            faults.at(
                name,
                0..0,
                "this file is not one of a rules folder",
                format!("remove it, or use one of {}", RULE_FILE_NAMES.join(", ")),
            );
        }
        let Some(parsed) = parse_all(&files.files, &mut faults) else { return Err(sorted(faults)) };
        super::check::check(&parsed, &mut faults);
        if !faults.found.is_empty() {
            return Err(sorted(faults));
        }
        Ok(build(parsed, hash_of(files.files.iter().map(|(n, t)| (n.as_str(), t.as_str())))))
    }
}

fn sorted(faults: Faults) -> Vec<RuleFault> {
    let mut found = faults.found;
    found.sort();
    found.dedup();
    found
}

/// SHA-256 in hexadecimal over (name, text) pairs, each length-prefixed so that no two folders collide by moving text.
pub(crate) fn hash_of<'a>(texts: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let mut sha = Sha256::new();
    for (name, text) in texts {
        for part in [name, text] {
            sha.update((part.len() as u64).to_le_bytes());
            sha.update(part.as_bytes());
        }
    }
    sha.finalize().iter().map(|b| format!("{b:02x}")).collect()
}

fn parse_all(files: &BTreeMap<String, String>, faults: &mut Faults) -> Option<Parsed> {
    let [hospital, kinds, fees, documents, schedule, calendar, readings, page] = RULE_FILE_NAMES;
    let hospital = parse(files, hospital, faults);
    let kinds = parse(files, kinds, faults);
    let fees = parse(files, fees, faults);
    let documents = parse(files, documents, faults);
    let schedule = parse(files, schedule, faults);
    let calendar = parse(files, calendar, faults);
    let readings = parse(files, readings, faults);
    let page = parse(files, page, faults);
    Some(Parsed {
        hospital: hospital?,
        kinds: kinds?,
        fees: fees?,
        documents: documents?,
        schedule: schedule?,
        calendar: calendar?,
        readings: readings?,
        page: page?,
    })
}

fn parse<T: DeserializeOwned>(files: &BTreeMap<String, String>, name: &str, faults: &mut Faults) -> Option<T> {
    let Some(text) = files.get(name) else {
        faults.at(name, 0..0, "the file is missing", "add it; rules/README.md says what is in it");
        return None;
    };
    match toml::from_str(text) {
        Ok(rows) => Some(rows),
        Err(e) => {
            let (line, column) = line_and_column(text, e.span().map_or(0, |s| s.start));
            let message = e.message().trim().to_owned();
            let remedy = remedy_for(&message).to_owned();
            faults.found.push(RuleFault { file: name.to_owned(), line, column, message, remedy });
            None
        }
    }
}

fn remedy_for(message: &str) -> &'static str {
    if message.contains("unknown field") {
        "correct the spelling, or remove the key; the message names the keys known here"
    } else if message.contains("missing field `zh`") || message.contains("missing field `en`") {
        "write the sentence in both languages: { zh = \"…\", en = \"…\" }"
    } else if message.contains("missing field") {
        "add the key to this row; rules/README.md says what it means"
    } else if message.contains("unknown variant") {
        "use one of the words the message names"
    } else {
        "correct the value or the TOML syntax at this place"
    }
}

fn id(s: &toml::Spanned<String>) -> String {
    s.get_ref().clone()
}

fn opt_id(s: &Option<toml::Spanned<String>>) -> Option<String> {
    s.as_ref().map(id)
}

fn build(p: Parsed, hash: String) -> Rules {
    let readings: Vec<Reading> = p.readings.reading.iter().map(reading).collect();
    let mut switches = Switches::default();
    for r in &readings {
        switches.set(&r.id, &r.chosen);
    }
    let mut disc_types: Vec<DiscTypeRule> = p.hospital.disc_type.iter().map(disc_type).collect();
    disc_types.sort_by_key(|d| !d.default);
    Rules {
        hash,
        catalogue: catalogue(&p.kinds.kind),
        kinds: p.kinds.kind.iter().map(record_kind).collect(),
        routes: p.kinds.route,
        classify: p.kinds.classify.into_iter().map(classify).collect(),
        disc_types,
        fees: p.fees.fee.iter().map(|f| fee(f.get_ref())).collect(),
        documents: p.documents.document,
        requirements: p.documents.requirement,
        majority: p.documents.age_of_majority,
        heirs: p.documents.heir,
        inheritance: p.documents.inheritance,
        representatives: p.documents.representative,
        standing: p.documents.standing,
        schedule: p.schedule,
        closures: p.calendar.closure.into_iter().map(|c| (c.date.get_ref().0, c)).collect(),
        calendar: p.calendar.calendar.into_inner(),
        page: p.page.line.iter().map(page_line).collect(),
        headings: p.page.headings.into_iter().collect(),
        hospital: hospital(p.hospital),
        readings,
        switches,
    }
}

fn hospital(file: HospitalFile) -> Hospital {
    let h = file.hospital.into_inner();
    let place = |v: &VenueRow| Place {
        id: id(&v.id),
        name: v.name.clone(),
        address: v.address.clone(),
        hours: v.hours.clone(),
        phone: v.phone.clone(),
    };
    let unit = |u: &UnitRow| Unit { id: id(&u.id), name: u.name.clone(), words: lower(&u.words) };
    Hospital {
        id: h.id,
        name: h.name,
        short_name: h.short_name,
        service: h.service,
        phone: h.phone,
        time_zone: id(&h.time_zone),
        currency: h.currency,
        default_venue: id(&h.default_venue),
        inpatient_venue: id(&h.inpatient_venue),
        venues: file.venue.iter().map(place).collect(),
        units: file.unit.iter().map(unit).collect(),
        limits: file.limits,
    }
}

pub(crate) fn lower(words: &[String]) -> Vec<String> {
    words.iter().map(|w| w.to_lowercase()).collect()
}

/// The row's words as they are compared: without regard to case.
fn classify(row: ClassifyRow) -> ClassifyRow {
    let modalities = |list: &[String]| list.iter().map(|m| m.to_uppercase()).collect();
    ClassifyRow {
        modalities: modalities(&row.modalities),
        without: modalities(&row.without),
        words: lower(&row.words),
        body_part: lower(&row.body_part),
        station: lower(&row.station),
        ..row
    }
}

fn record_kind(k: &KindRow) -> RecordKind {
    RecordKind {
        id: RecordKindId(id(&k.id)),
        name: k.name.clone(),
        class: k.class,
        disc: k.media.contains(&MediumWord::Disc),
        film: k.media.contains(&MediumWord::Film),
        hard_copy: k.media.contains(&MediumWord::HardCopy),
        nuclear_medicine: k.clearance.is_some(),
        elsewhere: k.elsewhere,
        note: k.note.clone(),
        cite: k.cite.get_ref().cite(),
        clearance: opt_id(&k.clearance),
        validity: k.validity(),
    }
}

/// Each item once, in page order, as its latest row has it.
fn catalogue(rows: &[KindRow]) -> Vec<RecordKind> {
    let mut found: Vec<RecordKind> = Vec::new();
    for kind in rows.iter().map(record_kind) {
        match found.iter_mut().find(|k| k.id == kind.id) {
            Some(known) if known.validity.is_before(&kind.validity) => *known = kind,
            Some(_) => {}
            None => found.push(kind),
        }
    }
    found
}

fn disc_type(d: &DiscTypeRow) -> DiscTypeRule {
    DiscTypeRule {
        id: id(&d.id),
        name: d.name.clone(),
        capacity_sectors: d.capacity_sectors,
        profile: d.profile.clone(),
        default: d.default,
        enabled: d.enabled,
    }
}

fn fee(f: &FeeRow) -> FeeRule {
    let flat = f.twd.map(|twd| (1, Twd::from_tariff(twd)));
    let tiers = f.tiers.iter().map(toml::Spanned::get_ref).map(|t| (t.items, Twd::from_tariff(t.twd)));
    FeeRule {
        id: id(&f.id),
        basis: f.basis,
        class: f.class,
        text: f.text.clone(),
        amounts: flat.into_iter().chain(tiers).collect(),
        cite: f.cite.get_ref().cite(),
        reading: opt_id(&f.reading),
        validity: f.validity(),
    }
}

fn reading(r: &ReadingRow) -> Reading {
    Reading {
        id: id(&r.id),
        chosen: id(&r.chosen),
        choices: r.choices.clone(),
        reason: r.reason.clone(),
        cite: r.cite.get_ref().cite(),
    }
}

pub(super) fn periods(p: &PeriodsRow) -> Periods {
    Periods {
        incomplete_papers_days: p.incomplete_papers_days,
        draft_days: p.draft_days,
        quote_days: p.quote_days,
        unclaimed_remind_days: p.unclaimed_remind_days.clone(),
        unclaimed_close_days: p.unclaimed_close_days,
        remake_days: p.remake_days,
        cite: p.cite.get_ref().cite(),
    }
}

fn page_line(l: &PageLineRow) -> PageLine {
    PageLine {
        n: *l.n.get_ref(),
        heading: id(&l.heading),
        topic: l.topic.clone(),
        rules: l.rules.iter().map(id).collect(),
        cases: l.cases.clone(),
    }
}
