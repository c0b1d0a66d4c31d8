//! Dates as people in Taiwan write them: ROC years (民國) and ISO, read in every written form, printed in both.

use crate::Text;
use jiff::civil::{Date, DateTime, Time, Weekday};

/// ROC year 1 is 1912.
const ROC_OFFSET: i16 = 1911;

/// A day for people: `115年12月14日（一）` and `Mon 14 Dec 2026`.
pub fn day_text(date: Date) -> Text {
    let (zh, en) = match date.weekday() {
        Weekday::Monday => ("一", "Mon"),
        Weekday::Tuesday => ("二", "Tue"),
        Weekday::Wednesday => ("三", "Wed"),
        Weekday::Thursday => ("四", "Thu"),
        Weekday::Friday => ("五", "Fri"),
        Weekday::Saturday => ("六", "Sat"),
        Weekday::Sunday => ("日", "Sun"),
    };
    let month = MONTHS[usize::from(date.month().unsigned_abs()) - 1];
    Text::new(format!("{}（{zh}）", roc_date(date)), format!("{en} {} {month} {}", date.day(), date.year()))
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A time of day for people, `08:00`.
pub fn time_text(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// A moment for people, both parts.
pub fn moment_text(at: DateTime) -> Text {
    let (day, time) = (day_text(at.date()), time_text(at.time()));
    Text::new(format!("{} {time}", day.zh), format!("{} {time}", day.en))
}

/// A day with its ROC year: `115年12月1日`; before 1912, `民國前1年12月1日`.
pub fn roc_date(date: Date) -> String {
    let (month, day) = (date.month(), date.day());
    let year = date.year() - ROC_OFFSET;
    if year > 0 {
        format!("{year}年{month}月{day}日")
    } else {
        format!("民國前{}年{month}月{day}日", 1 - year)
    }
}

/// Completed years on a day, by the Civil Code (121, 124): a year is complete from 00:00 of the birthday, and who was
/// born on 29 February completes it on 1 March of a common year. `None`: born after `on`.
pub fn age_on(born: Date, on: Date) -> Option<i16> {
    if born > on {
        return None;
    }
    let reached = (on.month(), on.day()) >= (born.month(), born.day());
    Some(on.year() - born.year() - i16::from(!reached))
}

/// Why a written date is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFault {
    /// None of the forms that are read.
    Form,
    /// The form is right and the day does not exist, such as 30 February.
    NoSuchDay,
}

impl std::fmt::Display for DateFault {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(match self {
            DateFault::Form => "a date is written 115/12/1, 1151201, 民國115年12月1日 or 2026-12-01",
            DateFault::NoSuchDay => "there is no such day",
        })
    }
}

/// Reads a date in any written form: `115/12/1`, `1151201`, `115.12.01`, `民國115年12月1日`, `2026-12-01`, `20261201`.
/// A year of two or three digits is always ROC, one of four always CE; with 民國 any number is ROC.
///
/// # Errors
/// The form is unknown, or the day does not exist.
pub fn parse_date(written: &str) -> Result<Date, DateFault> {
    let text: String = super::half_width(written).chars().filter(|c| !c.is_whitespace()).collect();
    let (era, rest) = if let Some(rest) = text.strip_prefix("民國前") {
        (Some(-1), rest)
    } else if let Some(rest) = text.strip_prefix("民國") {
        (Some(1), rest)
    } else {
        (None, text.as_str())
    };
    let fields = fields(rest).ok_or(DateFault::Form)?;
    let digits = fields[0].len();
    let number = |i: usize| fields[i].parse::<i16>().map_err(|_| DateFault::Form);
    let written_year = number(0)?;
    let year = match (era, digits) {
        (Some(-1), _) => ROC_OFFSET + 1 - written_year,
        (Some(_), 1..=3) | (None, 2 | 3) => ROC_OFFSET + written_year,
        (None, 4) => written_year,
        (Some(_) | None, _) => return Err(DateFault::Form),
    };
    if written_year == 0 {
        return Err(DateFault::NoSuchDay);
    }
    let part = |i: usize| number(i).and_then(|n| i8::try_from(n).map_err(|_| DateFault::NoSuchDay));
    Date::new(year, part(1)?, part(2)?).map_err(|_| DateFault::NoSuchDay)
}

/// Year, month and day as written: by separators, or by position in one run of 6, 7 or 8 digits.
fn fields(text: &str) -> Option<[&str; 3]> {
    let found: [&str; 3] = if text.bytes().all(|b| b.is_ascii_digit()) {
        let year = text.len().checked_sub(4).filter(|y| (2..=4).contains(y))?;
        [&text[..year], &text[year..year + 2], &text[year + 2..]]
    } else {
        let text = text.strip_suffix('日').unwrap_or(text);
        let mut parts = text.split(['/', '-', '.', '年', '月']);
        [parts.next()?, parts.next()?, parts.next().filter(|_| parts.next().is_none())?]
    };
    let fits = |f: &&str| !f.is_empty() && f.len() <= 4 && f.bytes().all(|b| b.is_ascii_digit());
    found.iter().all(fits).then_some(found)
}

/// Reads a moment: a date in any written form, then optionally `T` or a space and `HH:MM` or `HH:MM:SS`. A date alone is
/// 00:00 of that day.
///
/// # Errors
/// The form is unknown, or the day or time does not exist.
pub fn parse_moment(written: &str) -> Result<DateTime, DateFault> {
    let text = super::half_width(written);
    let Some((day, time)) = text.split_once(['T', 't', ' ']) else {
        return parse_date(&text).map(|d| d.to_datetime(Time::midnight()));
    };
    let mut parts = time.trim().split(':');
    let mut part = |missing: Option<i8>| match parts.next() {
        Some(p) if p.len() == 2 && p.bytes().all(|b| b.is_ascii_digit()) => {
            p.parse::<i8>().map_err(|_| DateFault::Form)
        }
        Some(_) => Err(DateFault::Form),
        None => missing.ok_or(DateFault::Form),
    };
    let (hour, minute, second) = (part(None)?, part(None)?, part(Some(0))?);
    if parts.next().is_some() {
        return Err(DateFault::Form);
    }
    let time = Time::new(hour, minute, second, 0).map_err(|_| DateFault::NoSuchDay)?;
    parse_date(day).map(|d| d.to_datetime(time))
}

/// A day in both calendars: `2026-12-01（民國115年12月1日）` and `1 Dec 2026 (ROC 115)`.
pub fn both_calendars(date: Date) -> Text {
    let month = MONTHS[usize::from(date.month().unsigned_abs()) - 1];
    let roc = roc_date(date);
    let era = if date.year() > ROC_OFFSET { "民國" } else { "" };
    let english = match date.year() - ROC_OFFSET {
        year if year > 0 => format!("ROC {year}"),
        year => format!("{} before ROC", 1 - year),
    };
    Text::new(format!("{date}（{era}{roc}）"), format!("{} {month} {} ({english})", date.day(), date.year()))
}
