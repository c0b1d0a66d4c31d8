//! `filmdesk quote`: what it costs, which papers, where, and when, for one situation, with reasons.

use crate::clock::RealClock;
use crate::commands::rules::choice;
use crate::config::Config;
use crate::exit::Failed;
use crate::hospital;
use clap::{Args, ValueEnum};
use filmdesk_desk::Clock;
use filmdesk_policy::cases::{answer_to_json, situation_from_json, situation_from_toml, violation_to_json};
use filmdesk_policy::{
    Answer, Capacity, Collection, ItemAsked, Lang, Overlay, Payable, People, ReadyTime, Reason, RecordKindId, Rules,
    Situation, Violation, taiwan,
};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write as _};
use std::path::{Path, PathBuf};

/// One situation, by options or from a file.
#[derive(Clone, Debug, Args)]
pub struct QuoteArgs {
    /// An examination, as KIND of the catalogue; repeat for more (`--kinds` lists them)
    #[arg(long = "item", value_name = "KIND")]
    items: Vec<String>,
    /// List the catalogue
    #[arg(long)]
    kinds: bool,
    /// In what right the application is made
    #[arg(long, value_enum, default_value_t = CapacityArg::Patient)]
    capacity: CapacityArg,
    /// An agent applies
    #[arg(long)]
    agent: bool,
    /// Posted to an address in Taiwan
    #[arg(long)]
    post: bool,
    /// Identical extra disc sets
    #[arg(long, default_value_t = 0)]
    extra_sets: u32,
    /// The moment of asking, hospital time, such as 2026-12-01T10:00 [default: now]
    #[arg(long)]
    at: Option<DateTime>,
    /// A situation in the format of rules/README.md, TOML or JSON, instead of the options; `-` reads standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["items", "capacity", "agent", "post", "extra_sets"])]
    situation: Option<PathBuf>,
    /// Every line of the file is a situation as JSON; every line of the output is its answer, or what is wrong with it
    #[arg(long, requires = "situation")]
    lines: bool,
    /// Answer under another choice of a reading, such as A08=full-tariff; repeat for more
    #[arg(long = "set", value_name = "READING=CHOICE")]
    set: Vec<String>,
    /// A day the counter declared closed, with a reason if you like: `2026-12-01 typhoon`; repeat for more
    #[arg(long, value_name = "DAY REASON")]
    closed: Vec<String>,
    /// A day the counter declared open against the calendar; repeat for more
    #[arg(long, value_name = "DAY")]
    open: Vec<String>,
    /// Language of the answer
    #[arg(long, value_enum, default_value_t = LangArg::En)]
    lang: LangArg,
    /// The answer as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum CapacityArg {
    Patient,
    LegalRepresentative,
    Heir,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LangArg {
    Zh,
    En,
}

/// Prints the answer.
pub fn run(config: &Config, args: &QuoteArgs) -> Result<(), Failed> {
    let rules = hospital::rules(config)?;
    let lang = if args.lang == LangArg::Zh { Lang::ZhTw } else { Lang::En };
    if args.kinds {
        for kind in rules.record_kinds() {
            println!("{:28} {}", kind.id.0, kind.name.get(lang));
        }
        return Ok(());
    }
    let set = args.set.iter().map(|s| choice(s)).collect::<Result<Vec<_>, _>>()?;
    let rules = if set.is_empty() { rules } else { rules.with_choices(&set).map_err(Failed::usage)? };
    let overlay = overlay(args)?;
    if args.lines {
        return answer_lines(&rules, &overlay, args);
    }
    let answer = match situation(&rules, args)? {
        Ok(situation) => filmdesk_policy::answer(&rules, &overlay, &situation),
        Err(faults) => {
            let lines = faults.iter().map(|v| format!("\n  {} ({}): {}", v.field, v.code, v.text.get(lang)));
            if args.json {
                println!("{}", faults_to_json(&faults));
            }
            return Err(Failed::usage(format!("the situation cannot be read:{}", lines.collect::<String>())));
        }
    };
    if args.json {
        println!("{}", answer_to_json(&answer));
    } else {
        print!("{}", printed(&answer, lang));
    }
    Ok(())
}

/// One situation a line, one answer a line, in the same order.
fn answer_lines(rules: &Rules, overlay: &Overlay, args: &QuoteArgs) -> Result<(), Failed> {
    let at = moment(rules, args)?;
    let path = args.situation.as_deref().unwrap_or(Path::new("-"));
    let input: Box<dyn BufRead> = if path == Path::new("-") {
        Box::new(std::io::stdin().lock())
    } else {
        Box::new(BufReader::new(File::open(path).map_err(|e| unreadable(path, &e))?))
    };
    let mut out = std::io::stdout().lock();
    let (mut n, mut unread) = (0, 0);
    for line in input.lines() {
        let line = line.map_err(|e| unreadable(path, &e))?;
        let said = match situation_from_json(rules, &line, at) {
            Ok(situation) => answer_to_json(&filmdesk_policy::answer(rules, overlay, &situation)),
            Err(faults) => {
                unread += 1;
                faults_to_json(&faults)
            }
        };
        n += 1;
        writeln!(out, "{said}").map_err(|e| Failed::new(format!("standard output: {e}")))?;
    }
    match unread {
        0 => Ok(()),
        unread => Err(Failed::partly(format!("{unread} of {n} situations cannot be read; each line says why"))),
    }
}

fn faults_to_json(faults: &[Violation]) -> Value {
    json!({ "violations": faults.iter().map(violation_to_json).collect::<Vec<_>>() })
}

fn unreadable(path: &Path, error: &std::io::Error) -> Failed {
    Failed::usage(format!("{}: {error}", path.display()))
}

/// What the counter declared, by the options.
fn overlay(args: &QuoteArgs) -> Result<Overlay, Failed> {
    let day =
        |written: &str| taiwan::parse_date(written).map_err(|e| Failed::usage(format!("{written:?} is no day: {e}")));
    let closed = |written: &String| {
        let (date, reason) = written.split_once(' ').unwrap_or((written, "臨時休假 closed on the spot"));
        Ok::<_, Failed>((day(date)?, reason.to_owned()))
    };
    let closures = args.closed.iter().map(closed).collect::<Result<Vec<_>, _>>()?;
    let openings = args.open.iter().map(|d| day(d)).collect::<Result<Vec<_>, _>>()?;
    Ok(Overlay { closures, openings, ..Overlay::default() })
}

/// The moment of asking.
fn moment(rules: &Rules, args: &QuoteArgs) -> Result<DateTime, Failed> {
    if let Some(at) = args.at {
        return Ok(at);
    }
    let zone = TimeZone::get(&rules.hospital().time_zone).map_err(|e| Failed::usage(e.to_string()))?;
    // Hours are told to the minute.
    let now = RealClock.now().to_zoned(zone).datetime();
    Ok(now.date().at(now.hour(), now.minute(), 0, 0))
}

/// The text of a situation, from a file or standard input: never more of it than a situation may have.
fn text_of(rules: &Rules, path: &Path) -> Result<String, Failed> {
    let most = rules.hospital().limits.text_bytes as u64 + 1;
    let mut text = Vec::new();
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(most).read_to_end(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(most).read_to_end(&mut text))
    };
    read.map_err(|e| unreadable(path, &e))?;
    // What was cut within a character is too long anyway, and is told so.
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// The situation, or what is wrong with its text.
fn situation(rules: &Rules, args: &QuoteArgs) -> Result<Result<Situation, Vec<Violation>>, Failed> {
    let at = moment(rules, args)?;
    if let Some(path) = &args.situation {
        let text = text_of(rules, path)?;
        let is_json = match path.extension() {
            Some(extension) => extension == "json",
            None => text.trim_start().starts_with('{'),
        };
        return Ok(match is_json {
            true => situation_from_json(rules, &text, at),
            false => situation_from_toml(rules, &text, at),
        });
    }
    if args.items.is_empty() {
        return Err(Failed::usage("name at least one --item; --kinds lists the catalogue"));
    }
    for item in &args.items {
        if rules.record_kind(&RecordKindId(item.clone())).is_none() {
            return Err(Failed::usage(format!("{item:?} is not in the catalogue; `filmdesk quote --kinds` lists it")));
        }
    }
    let capacity = match args.capacity {
        CapacityArg::Patient => Capacity::Patient,
        CapacityArg::LegalRepresentative => Capacity::LegalRepresentative,
        CapacityArg::Heir => Capacity::Heir,
    };
    let people =
        People { capacity, agent: args.agent, patient_deceased: capacity == Capacity::Heir, ..People::default() };
    let collection = if args.post { Collection::ByPostInTaiwan } else { Collection::AtCounter };
    let items = args.items.iter().map(|kind| ItemAsked::on_disc(kind)).collect();
    Ok(Ok(Situation { people, collection, extra_sets: args.extra_sets, ..Situation::new(at, items) }))
}

/// The answer as lines for people.
fn printed(answer: &Answer, lang: Lang) -> String {
    let zh = lang == Lang::ZhTw;
    let word = |chinese: &'static str, english: &'static str| if zh { chinese } else { english };
    let mut out = String::new();
    let kind = if answer.binding { word("報價", "Quote") } else { word("試算", "Estimate") };
    let _ = writeln!(out, "{kind}  NT${}", answer.total.dollars());
    for line in &answer.lines {
        let _ = writeln!(out, "  NT${:<6} {}  [{}]", line.amount.dollars(), line.text.get(lang), line.rule);
    }
    let standing = answer.standing.iter().map(|r| reason(r, lang));
    list(&mut out, word("申請資格", "In what right"), standing);
    list(
        &mut out,
        word("應備文件", "Papers to bring"),
        answer.papers.iter().map(|p| format!("{}  {}", p.id, p.text.get(lang))),
    );
    if let Some(place) = &answer.place {
        let text = format!("{}, {} ({})", place.name.get(lang), place.address.get(lang), place.hours.get(lang));
        list(&mut out, word("申請地點", "Where"), [text].into_iter());
    }
    let elsewhere = answer.referrals.iter().map(|r| {
        let places: Vec<&str> = r.places.iter().map(|p| p.name.get(lang)).collect();
        format!("{}: {}", places.join(" → "), reason(&r.why, lang))
    });
    list(&mut out, word("請向他處申請", "Apply elsewhere"), elsewhere);
    list(&mut out, word("可領取時間", "Ready"), answer.ready.iter().map(|ready| ready_line(ready, lang)));
    if let Payable::From { at, why } = &answer.payable {
        let when = at.map_or_else(|| "—".to_owned(), |at| at.to_string());
        let text = format!("{when}  {}", reasons(why, lang));
        list(&mut out, word("可繳費時間", "Payable from"), [text].into_iter());
    }
    let violations = answer.violations.iter().map(|v| format!("{} ({}): {}", v.code, v.field, v.text.get(lang)));
    list(&mut out, word("不能照辦", "Cannot be done as asked"), violations);
    list(&mut out, word("假設", "Assumed"), answer.assumptions.iter().map(|a| a.get(lang).to_owned()));
    out
}

fn list(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    for (n, line) in lines.enumerate() {
        if n == 0 {
            let _ = writeln!(out, "{title}");
        }
        let _ = writeln!(out, "  {line}");
    }
}

fn ready_line(ready: &ReadyTime, lang: Lang) -> String {
    match ready {
        ReadyTime::At { at, why } => format!("{at}  {}", reasons(why, lang)),
        ReadyTime::ToBeAgreed { why } | ReadyTime::Unknown { why } => reasons(why, lang),
    }
}

fn reasons(why: &[Reason], lang: Lang) -> String {
    why.iter().map(|r| reason(r, lang)).collect::<Vec<_>>().join(" ")
}

fn reason(why: &Reason, lang: Lang) -> String {
    let reading = why.reading.as_ref().map(|id| format!(" {id}")).unwrap_or_default();
    format!("{} [{}{reading}]", why.text.get(lang), why.rule)
}
