//! What cannot be done as asked: each with a stable code, the field, what is wrong, and what is allowed.

use crate::{Cite, ItemAsked, Overlay, RecordKind, Rules, Situation, Text, Violation};
use jiff::ToSpan;
use jiff::civil::DateTime;

struct Found<'a> {
    rules: &'a Rules,
    list: Vec<Violation>,
}

impl Found<'_> {
    fn add(&mut self, code: &str, field: String, text: Text, cite: Option<Cite>) {
        self.list.push(Violation { code: code.to_owned(), field, text, cite });
    }

    fn over(&mut self, code: &str, field: String, value: u32, most: u32) {
        if value > most {
            let text = Text::new(
                format!("數量 {value} 超過上限 {most}。"),
                format!("{value} is more than the {most} that one application may have."),
            );
            self.add(code, field, text, None);
        }
    }
}

/// Every violation, in the order of the form.
pub(crate) fn violations(rules: &Rules, overlay: &Overlay, s: &Situation) -> Vec<Violation> {
    let mut found = Found { rules, list: Vec::new() };
    if s.items.is_empty() {
        let text = Text::new("請至少選擇一項檢查。", "Choose at least one examination.");
        found.add("no-items", "items".to_owned(), text, None);
    }
    found.over(
        "too-many-items",
        "items".to_owned(),
        u32::try_from(s.items.len()).unwrap_or(u32::MAX),
        rules.hospital.limits.items,
    );
    for (i, item) in s.items.iter().enumerate() {
        item_violations(&mut found, s, i, item);
    }
    order_violations(&mut found, overlay, s);
    people_violations(&mut found, s);
    let standing = rules.standing_violations(s.at.date(), &s.people);
    found.list.extend(standing);
    found.list
}

fn item_violations(found: &mut Found, s: &Situation, i: usize, item: &ItemAsked) {
    let field = |name: &str| format!("items[{i}].{name}");
    let on = s.at.date();
    let Some(kind) = found.rules.record_kind_on(&item.kind, on) else {
        let known: Vec<&str> = found.rules.record_kinds_on(on).map(|k| k.id.0.as_str()).collect();
        let known = known.join(", ");
        let text = Text::new(
            format!("沒有「{}」這個項目；可用的項目：{known}。", item.kind.0),
            format!("There is no item \"{}\"; the items are {known}.", item.kind.0),
        );
        return found.add("unknown-item", field("kind"), text, None);
    };
    let kind = kind.clone();
    let m = item.media;
    if !m.disc && m.film_sheets == 0 && m.hard_copy_sheets == 0 {
        let text = Text::new(
            format!("{}：請選擇媒體（{}）。", kind.name.zh, media(&kind).zh),
            format!("{}: choose a medium ({}).", kind.name.en, media(&kind).en),
        );
        found.add("no-medium", field("media"), text, None);
    }
    let route = found.rules.route(on, i, item);
    let not_offered = [
        (m.disc && !kind.disc && route.here, "disc-not-offered", "media.disc", ("光碟", "a disc")),
        (m.film_sheets > 0 && !kind.film && route.here, "film-not-offered", "media.film_sheets", ("X光片", "film")),
        (
            m.hard_copy_sheets > 0 && !kind.hard_copy && route.hard_copy_here,
            "hard-copy-not-offered",
            "media.hard_copy_sheets",
            ("紙本", "paper"),
        ),
    ];
    for (wrong, code, name, (zh, en)) in not_offered {
        if wrong {
            let allowed = media(&kind);
            let text = Text::new(
                format!("{}不提供{zh}；可提供：{}。", kind.name.zh, allowed.zh),
                format!("{} cannot be had on {en}; it can be had on: {}.", kind.name.en, allowed.en),
            );
            found.add(code, field(name), text, Some(kind.cite.clone()));
        }
    }
    let most = found.rules.hospital.limits.sheets;
    found.over("too-many-sheets", field("media.film_sheets"), m.film_sheets, most);
    found.over("too-many-sheets", field("media.hard_copy_sheets"), m.hard_copy_sheets, most);
    item_dates(found, s, i, item);
    if let Some((have, of)) = item.receivable.filter(|(have, of)| have > of || *of == 0) {
        let text = Text::new(
            format!("可提供 {have} 張、共 {of} 張：前者不可大於後者，且總數不可為 0。"),
            format!("{have} of {of} images: the first cannot be more than the second, and the second not 0."),
        );
        found.add("receivable-impossible", field("receivable"), text, None);
    }
    let unit = item.performing_unit.as_deref().unwrap_or_default();
    if !unit.is_empty() && !found.rules.hospital.units.iter().any(|u| u.id == unit) {
        let known: Vec<&str> = found.rules.hospital.units.iter().map(|u| u.id.as_str()).collect();
        let known = known.join(", ");
        let text = Text::new(
            format!("沒有「{unit}」這個執行單位；可用：{known}。"),
            format!("There is no unit \"{unit}\"; the units are {known}."),
        );
        found.add("unknown-unit", field("performing_unit"), text, None);
    }
}

fn item_dates(found: &mut Found, s: &Situation, i: usize, item: &ItemAsked) {
    let now = s.paid_at.map_or(s.at, |p| p.max(s.at));
    let oldest = now.checked_sub(i64::from(found.rules.hospital.limits.past_years).years()).unwrap_or(DateTime::MIN);
    for (name, moment) in [("exam_end", item.exam_end), ("report_sent", item.report_sent)] {
        let Some(moment) = moment else { continue };
        if moment > now {
            let text = Text::new("日期晚於申請時間。", "This is later than the moment of asking.");
            found.add("date-in-future", format!("items[{i}].{name}"), text, None);
        } else if moment < oldest {
            let text = Text::new("日期過早，請確認。", "This is too long ago to be right.");
            found.add("date-too-early", format!("items[{i}].{name}"), text, None);
        }
    }
    if let (Some(exam), Some(report)) = (item.exam_end, item.report_sent)
        && report.date() < exam.date()
    {
        let text = Text::new("報告時間早於檢查時間。", "The report is earlier than the examination.");
        found.add("report-before-exam", format!("items[{i}].report_sent"), text, None);
    }
}

fn order_violations(found: &mut Found, overlay: &Overlay, s: &Situation) {
    let limits = found.rules.hospital.limits;
    found.over("too-many-extra-sets", "extra_sets".to_owned(), s.extra_sets, limits.extra_sets);
    if s.extra_sets > 0 && !s.items.iter().any(|i| i.media.disc) {
        let text = Text::new("沒有光碟可加製。", "There is no disc to make an extra set of.");
        found.add("extra-set-without-disc", "extra_sets".to_owned(), text, None);
    }
    if let Some(w) = s.weighed {
        found.over("too-many-discs", "weighed.discs".to_owned(), w.discs, limits.discs);
    }
    if let Some(paid) = s.paid_at.filter(|p| *p < s.at) {
        let text = Text::new(
            format!("繳費時間（{paid}）早於申請時間。"),
            format!("The payment ({paid}) is earlier than the moment of asking."),
        );
        found.add("paid-before-asked", "paid_at".to_owned(), text, None);
    }
    if let Some(agreed) = s.agreed_time.filter(|a| found.rules.window_at(overlay, *a).is_none()) {
        let text = Text::new(
            format!("約定時間（{agreed}）櫃檯未開放。"),
            format!("The counter is closed at the agreed time ({agreed})."),
        );
        let row = found.rules.in_force(&found.rules.schedule.large, s.at.date());
        let cite = Some(row.cite.get_ref().cite());
        found.add("agreed-time-closed", "agreed_time".to_owned(), text, cite);
    }
}

fn people_violations(found: &mut Found, s: &Situation) {
    let Some(born) = s.people.patient_born else { return };
    let years = found.rules.hospital.limits.oldest_patient_years;
    let field = || "people.patient_born".to_owned();
    match crate::taiwan::age_on(born, s.at.date()) {
        None => {
            let text = Text::new("出生日期晚於申請日。", "The birthday is later than the day of asking.");
            found.add("born-in-future", field(), text, None);
        }
        Some(age) if age > years => {
            let text = Text::new(
                format!("年齡 {age} 歲超過 {years} 歲，請確認。"),
                format!("An age of {age} is more than {years}: please check."),
            );
            found.add("impossible-age", field(), text, None);
        }
        Some(_) => {}
    }
}

fn media(kind: &RecordKind) -> Text {
    let offered = [(kind.disc, "光碟", "disc"), (kind.film, "X光片", "film"), (kind.hard_copy, "紙本", "paper")];
    let pick = |f: fn(&(bool, &'static str, &'static str)) -> &'static str| -> Vec<&str> {
        offered.iter().filter(|o| o.0).map(f).collect()
    };
    Text::new(pick(|o| o.1).join("、"), pick(|o| o.2).join(", "))
}
