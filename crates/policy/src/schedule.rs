//! When: waiting periods, office windows, large orders, post. Each time comes with every reason that moved it.

use crate::calendar::plus_days;
use crate::rules::rows::{ClearanceRow, Dated, Holds, SpannedCite, WindowRow};
use crate::rules::switches::{ClockStart, FollowingDay, SevenDays, WaitingDays};
use crate::{ItemAsked, Overlay, Payable, ReadyTime, Reason, Rules, Situation, Text, taiwan};
use jiff::ToSpan;
use jiff::civil::{Date, DateTime};
use toml::Spanned;

/// A waiting period that an item is under.
#[derive(Clone, Debug)]
pub(crate) struct Wait<'a> {
    pub row: &'a ClearanceRow,
    pub holds: Holds,
    /// D; `None`: a report is not sent yet, so it is not known.
    pub clear_on: Option<Date>,
}

pub(crate) fn reason(
    id: &Spanned<String>,
    text: Text,
    cite: &SpannedCite,
    reading: &Option<Spanned<String>>,
) -> Reason {
    Reason {
        rule: id.get_ref().clone(),
        text,
        cite: cite.get_ref().cite(),
        reading: reading.as_ref().map(|r| r.get_ref().clone()),
    }
}

impl Wait<'_> {
    pub fn reason(&self) -> Reason {
        let r = self.row;
        let text = match self.clear_on {
            Some(d) => r.text.put("days", r.days).fill("date", &taiwan::day_text(d)),
            None => r.unknown.put("days", r.days),
        };
        reason(&r.id, text, &r.cite, &r.reading)
    }
}

/// An examination with the two dates a waiting period counts from.
struct Exam<'a> {
    kind: &'a str,
    exam_end: Option<DateTime>,
    report_sent: Option<DateTime>,
}

impl Rules {
    /// Every waiting period of an item that is made here.
    pub(crate) fn waits<'a>(&'a self, overlay: &Overlay, s: &Situation, item: &ItemAsked) -> Vec<Wait<'a>> {
        let on = s.at.date();
        let own = self.record_kind_on(&item.kind, on).and_then(|k| k.clearance.as_deref());
        let mut waits = Vec::new();
        for row in self.schedule.clearance.iter().filter(|r| r.validity().holds_on(on)) {
            let concerned = self.concerned(row, s, item);
            if own != Some(row.id.get_ref().as_str()) && concerned.is_empty() {
                continue;
            }
            let itself = Exam::of(item);
            let last = concerned.iter().chain([&itself]).map(Exam::last_date).collect::<Option<Vec<Date>>>();
            let last = last.and_then(|dates| dates.into_iter().max());
            let clear_on = last.and_then(|d| self.plus_waiting(overlay, row, d));
            waits.push(Wait { row, holds: self.holding(row), clear_on });
        }
        waits
    }

    /// The examinations that a row makes count together with this item: a pair on one day, or the flag of staff.
    fn concerned<'a>(&'a self, row: &'a ClearanceRow, s: &'a Situation, item: &'a ItemAsked) -> Vec<Exam<'a>> {
        let mut found = Vec::new();
        if row.flagged && item.post_processing {
            found.push(Exam::of(item));
        }
        let Some(day) = item.exam_end.map(|e| e.date()) else { return found };
        let mine = self.counts_as(row, &item.kind.0);
        for pair in row.same_day.iter().filter(|p| p.iter().any(|k| *k.get_ref() == mine)) {
            let others = exams(s).filter(|e| e.exam_end.is_some_and(|x| x.date() == day));
            let others = others.filter(|e| {
                let theirs = self.counts_as(row, e.kind);
                theirs != mine && pair.iter().any(|k| *k.get_ref() == theirs)
            });
            found.extend(others);
        }
        found
    }

    fn counts_as<'a>(&'a self, row: &'a ClearanceRow, kind: &'a str) -> &'a str {
        let also = row.also.iter().find(|a| *a.kind.get_ref() == kind && self.holds(a.switch.get_ref()));
        also.map_or(kind, |a| a.counts_as.get_ref())
    }

    fn holding(&self, row: &ClearanceRow) -> Holds {
        match (row.holds, self.switches.seven_days) {
            (Holds::Payment, SevenDays::HoldMaking) => Holds::Making,
            (Holds::Payment, SevenDays::HoldPayment) => Holds::Payment,
            (Holds::Making, _) => Holds::Making,
        }
    }

    fn plus_waiting(&self, overlay: &Overlay, row: &ClearanceRow, from: Date) -> Option<Date> {
        match (row.holds, self.switches.waiting_days) {
            (Holds::Making, WaitingDays::Working) => self.plus_open_days(overlay, from, row.days),
            (Holds::Making, WaitingDays::Calendar) | (Holds::Payment, _) => plus_days(from, row.days),
        }
    }

    /// Whether the counter takes money at the moment of asking, and if not, from when.
    pub(crate) fn payable(&self, overlay: &Overlay, at: DateTime, waits: &[Wait]) -> Payable {
        let held: Vec<&Wait> = waits.iter().filter(|w| w.holds == Holds::Payment).collect();
        let mut why = Vec::new();
        if held.iter().any(|w| w.clear_on.is_none()) {
            return Payable::From { at: None, why: dedup(held.iter().map(|w| w.reason()).collect()) };
        }
        let clear_on = held.iter().filter_map(|w| w.clear_on).max().filter(|d| *d > at.date());
        why.extend(held.iter().filter(|w| w.clear_on == clear_on && clear_on.is_some()).map(|w| w.reason()));
        let earliest = clear_on.map_or(at, |d| d.to_datetime(self.opening_time(d)));
        let Some(from) = self.next_counter_moment(overlay, earliest) else {
            why.push(self.calendar_ends(earliest.date()));
            return Payable::From { at: None, why: dedup(why) };
        };
        if from == at {
            return Payable::Now;
        }
        why.extend(self.closures_between(overlay, earliest.date(), from.date()));
        if from != earliest {
            why.push(self.closed_reason(from));
        }
        Payable::From { at: Some(from), why: dedup(why) }
    }

    fn closed_reason(&self, opens: DateTime) -> Reason {
        let row = self.in_force(&self.schedule.closed, opens.date());
        let text = row.text.fill("date", &taiwan::day_text(opens.date())).put("time", taiwan::time_text(opens.time()));
        reason(&row.id, text, &row.cite, &row.reading)
    }

    /// The moment from which the clock runs (A02): the payment, or when none is recorded yet, the first moment at
    /// which it can be taken. `None`: not known.
    pub(crate) fn clock_start(&self, overlay: &Overlay, s: &Situation, payable: &Payable) -> Option<DateTime> {
        let start = match (s.paid_at, self.switches.clock_start) {
            (Some(paid), ClockStart::Payment) => paid,
            (Some(_), ClockStart::Accepted) => s.at,
            (None, _) => match payable {
                Payable::Now => s.at,
                Payable::From { at, .. } => (*at)?,
            },
        };
        self.next_counter_moment(overlay, start)
    }

    /// When items under these waiting periods are ready, the clock having started at `start`.
    pub(crate) fn ready(&self, overlay: &Overlay, s: &Situation, start: Option<DateTime>, waits: &[Wait]) -> ReadyTime {
        let unknown: Vec<Reason> = waits.iter().filter(|w| w.clear_on.is_none()).map(Wait::reason).collect();
        if !unknown.is_empty() {
            return ReadyTime::Unknown { why: dedup(unknown) };
        }
        let Some(start) = start else {
            return ReadyTime::Unknown { why: vec![self.calendar_ends(s.paid_at.unwrap_or(s.at).date())] };
        };
        let ready = match waits.iter().filter(|w| w.clear_on > Some(start.date())).max_by_key(|w| w.clear_on) {
            Some(last) => self.ready_after_waiting(overlay, last),
            None => self.ready_by_window(overlay, start),
        };
        match ready {
            ReadyTime::At { at, why } if self.is_large(s) => self.agreed(overlay, s, at, why),
            ReadyTime::At { .. } | ReadyTime::ToBeAgreed { .. } | ReadyTime::Unknown { .. } => ready,
        }
    }

    fn ready_after_waiting(&self, overlay: &Overlay, wait: &Wait) -> ReadyTime {
        let clear_on = wait.clear_on.unwrap_or(Date::MAX);
        let mut why = vec![wait.reason()];
        let Some(open) = self.first_open_on_or_after(overlay, clear_on) else {
            why.push(self.calendar_ends(clear_on));
            return ReadyTime::Unknown { why };
        };
        why.extend(self.closures_between(overlay, clear_on, open));
        self.collectable(overlay, open.to_datetime(wait.row.ready_at.0), why)
    }

    fn ready_by_window(&self, overlay: &Overlay, start: DateTime) -> ReadyTime {
        let Some(window) = self.window_at(overlay, start) else {
            return ReadyTime::Unknown { why: vec![self.calendar_ends(start.date())] };
        };
        let rule = window.ready.get_ref();
        if let Some(minutes) = rule.after_minutes {
            let at = start.checked_add(i64::from(minutes).minutes()).unwrap_or(start);
            return self.collectable(overlay, at, vec![window_reason(window, start, at)]);
        }
        let Some(day) = self.next_open(overlay, start.date()) else {
            return ReadyTime::Unknown { why: vec![self.calendar_ends(start.date())] };
        };
        let opening = day.to_datetime(rule.next_open_day_at.map_or(self.opening_time(day), |c| c.0));
        let wait = match self.switches.following_day {
            FollowingDay::Opening => 0,
            FollowingDay::OpeningPlusWait => i64::from(rule.plus_minutes.unwrap_or(0)),
        };
        let at = opening.checked_add(wait.minutes()).unwrap_or(opening);
        let mut why = vec![window_reason(window, start, at)];
        why.extend(self.closures_between(overlay, start.date(), day));
        self.collectable(overlay, at, why)
    }

    /// What is made when the counter is closed is collected at its next opening.
    fn collectable(&self, overlay: &Overlay, made: DateTime, mut why: Vec<Reason>) -> ReadyTime {
        let Some(at) = self.next_counter_moment(overlay, made) else {
            why.push(self.calendar_ends(made.date()));
            return ReadyTime::Unknown { why };
        };
        if at != made {
            why.push(self.closed_reason(at));
            why.extend(self.closures_between(overlay, made.date(), at.date()));
        }
        ReadyTime::At { at, why }
    }

    /// A26: more discs or minutes than the row says.
    pub(crate) fn is_large(&self, s: &Situation) -> bool {
        let row = self.in_force(&self.schedule.large, s.at.date());
        s.weighed.is_some_and(|w| w.discs > row.over_discs || w.making_minutes > row.over_minutes)
    }

    fn agreed(&self, overlay: &Overlay, s: &Situation, earliest: DateTime, mut why: Vec<Reason>) -> ReadyTime {
        let row = self.in_force(&self.schedule.large, s.at.date());
        let Some(agreed) = s.agreed_time.filter(|a| self.window_at(overlay, *a).is_some()) else {
            let weighed = s.weighed.unwrap_or(crate::WeighedGoods { discs: 0, making_minutes: 0 });
            let text = row.text.put("discs", weighed.discs).put("minutes", weighed.making_minutes);
            why.retain(|r| self.schedule.clearance.iter().any(|c| *c.id.get_ref() == r.rule));
            why.push(reason(&row.id, text, &row.cite, &row.reading));
            return ReadyTime::ToBeAgreed { why };
        };
        let text =
            row.agreed.fill("date", &taiwan::day_text(agreed.date())).put("time", taiwan::time_text(agreed.time()));
        why.push(reason(&row.id, text, &row.cite, &row.reading));
        ReadyTime::At { at: agreed.max(earliest), why }
    }
}

impl<'a> Exam<'a> {
    fn of(item: &'a ItemAsked) -> Self {
        Exam { kind: &item.kind.0, exam_end: item.exam_end, report_sent: item.report_sent }
    }

    /// max(exam, report); `None` while there is no report.
    fn last_date(&self) -> Option<Date> {
        let report = self.report_sent?.date();
        Some(self.exam_end.map_or(report, |e| e.date().max(report)))
    }
}

/// Every examination known: asked for and not.
fn exams(s: &Situation) -> impl Iterator<Item = Exam<'_>> {
    let companions =
        s.companions.iter().map(|c| Exam { kind: &c.kind.0, exam_end: Some(c.exam_end), report_sent: c.report_sent });
    s.items.iter().filter(|i| !i.imported).map(Exam::of).chain(companions)
}

fn window_reason(window: &WindowRow, start: DateTime, ready: DateTime) -> Reason {
    let text = window
        .text
        .put("from", taiwan::time_text(window.opens.0))
        .put("until", taiwan::time_text(window.closes.0))
        .put("minutes", window.ready.get_ref().after_minutes.unwrap_or(0))
        .put("paid", taiwan::time_text(start.time()))
        .fill("date", &taiwan::day_text(ready.date()))
        .put("time", taiwan::time_text(ready.time()));
    reason(&window.id, text, &window.cite, &window.reading)
}

/// Keeps the first of equal reasons.
pub(crate) fn dedup(reasons: Vec<Reason>) -> Vec<Reason> {
    let mut kept: Vec<Reason> = Vec::with_capacity(reasons.len());
    for r in reasons {
        if !kept.contains(&r) {
            kept.push(r);
        }
    }
    kept
}
