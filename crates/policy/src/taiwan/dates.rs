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
