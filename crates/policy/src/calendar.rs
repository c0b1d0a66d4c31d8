//! Open days: the weekly windows, the published calendar, and what the counter declared on the spot.

use crate::rules::rows::{Dated, WindowRow};
use crate::rules::switches::{ClosedDays, WindowEnd};
use crate::{Overlay, Reason, Rules, Text, taiwan};
use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Time};

/// No closure lasts so long; past it the calendar has no answer.
const LONGEST_SEARCH_DAYS: i32 = 800;

impl Rules {
    /// Whether the counter is open on a day. A year the calendar does not cover is never open: see
    /// [`Rules::calendar_covers`].
    pub fn is_open(&self, overlay: &Overlay, date: Date) -> bool {
        if overlay.closures.iter().any(|(d, _)| *d == date) {
            return false;
        }
        if overlay.openings.contains(&date) {
            return true;
        }
        let weekday = date.weekday();
        let in_week = self.hours_on(date).any(|w| w.days.iter().any(|d| d.weekday() == weekday));
        in_week && self.calendar_covers(date) && !self.holiday(date)
    }

    /// The first open day from `date` on; `None` when the calendar ends before one.
    pub fn first_open_on_or_after(&self, overlay: &Overlay, date: Date) -> Option<Date> {
        let mut day = date;
        for _ in 0..LONGEST_SEARCH_DAYS {
            if self.is_open(overlay, day) {
                return Some(day);
            }
            day = day.tomorrow().ok()?;
        }
        None
    }

    /// Whether the calendar has the year of a day.
    pub fn calendar_covers(&self, date: Date) -> bool {
        self.calendar.years.contains(&date.year())
    }

    fn holiday(&self, date: Date) -> bool {
        match self.switches.closed_days {
            ClosedDays::OfficialCalendar => self.closures.contains_key(&date),
            ClosedDays::Weekdays => false,
        }
    }

    /// The first open day after `date`.
    pub(crate) fn next_open(&self, overlay: &Overlay, date: Date) -> Option<Date> {
        self.first_open_on_or_after(overlay, date.tomorrow().ok()?)
    }

    /// The windows in force on a day, of whatever weekday. Hours are those of the day itself, not of the application.
    fn hours_on(&self, date: Date) -> impl Iterator<Item = &WindowRow> {
        self.schedule.window.iter().filter(move |w| w.validity().holds_on(date))
    }

    /// The windows of an open day. A day declared open whose weekday has none is open in every window.
    fn windows_on(&self, date: Date) -> impl Iterator<Item = &WindowRow> {
        let weekday = date.weekday();
        let has = move |w: &WindowRow| w.days.iter().any(|d| d.weekday() == weekday);
        let any = self.hours_on(date).any(has);
        self.hours_on(date).filter(move |w| !any || has(w))
    }

    /// The window a moment falls in, on an open day.
    pub(crate) fn window_at(&self, overlay: &Overlay, at: DateTime) -> Option<&WindowRow> {
        if !self.is_open(overlay, at.date()) {
            return None;
        }
        self.windows_on(at.date()).find(|w| {
            let before_end = match self.switches.window_end {
                WindowEnd::HalfOpen => at.time() < w.closes.0,
                WindowEnd::ClosedEnd => at.time() <= w.closes.0,
            };
            w.opens.0 <= at.time() && before_end
        })
    }

    /// Opening time of an open day.
    pub(crate) fn opening_time(&self, date: Date) -> Time {
        self.windows_on(date).map(|w| w.opens.0).min().unwrap_or(Time::MIN)
    }

    /// The moment itself when the counter is open then, or its next opening; `None` when the calendar ends before one.
    pub fn next_counter_moment(&self, overlay: &Overlay, at: DateTime) -> Option<DateTime> {
        if self.window_at(overlay, at).is_some() {
            return Some(at);
        }
        if self.is_open(overlay, at.date()) {
            let later = self.windows_on(at.date()).map(|w| w.opens.0).filter(|from| *from > at.time()).min();
            if let Some(from) = later {
                return Some(at.date().to_datetime(from));
            }
        }
        self.next_open(overlay, at.date()).map(|d| d.to_datetime(self.opening_time(d)))
    }

    /// Why the days between two moments were skipped: each holiday or declared closure among them.
    pub(crate) fn closures_between(&self, overlay: &Overlay, from: Date, to: Date) -> Vec<Reason> {
        let declared = overlay.closures.iter().filter(|(d, _)| *d >= from && *d < to);
        let mut reasons: Vec<Reason> =
            declared.map(|(d, why)| self.closure_reason(*d, &Text::new(why.clone(), why.clone()))).collect();
        if self.switches.closed_days == ClosedDays::OfficialCalendar && from < to {
            reasons.extend(
                self.closures
                    .range(from..to)
                    .map(|(d, row)| Reason { cite: row.cite.get_ref().cite(), ..self.closure_reason(*d, &row.name) }),
            );
        }
        reasons
    }

    fn closure_reason(&self, date: Date, name: &Text) -> Reason {
        Reason {
            rule: format!("calendar.{date}"),
            text: self.calendar.text.fill("date", &taiwan::day_text(date)).fill("name", name),
            cite: self.calendar.cite.get_ref().cite(),
            reading: self.calendar.reading.as_ref().map(|r| r.get_ref().clone()),
        }
    }

    /// Why there is no answer: the year is not in the calendar.
    pub(crate) fn calendar_ends(&self, date: Date) -> Reason {
        Reason {
            rule: "calendar".to_owned(),
            text: self.calendar.unknown.put("year", date.year()),
            cite: self.calendar.cite.get_ref().cite(),
            reading: self.calendar.reading.as_ref().map(|r| r.get_ref().clone()),
        }
    }

    /// `date` plus a number of open days.
    pub(crate) fn plus_open_days(&self, overlay: &Overlay, date: Date, days: i32) -> Option<Date> {
        let mut day = date;
        for _ in 0..days {
            day = self.next_open(overlay, day)?;
        }
        Some(day)
    }
}

/// `date` plus calendar days.
pub(crate) fn plus_days(date: Date, days: i32) -> Option<Date> {
    date.checked_add(days.days()).ok()
}
