//! `filmdesk quote`: what it costs, which papers, where, and when, for one situation, with reasons.

use crate::clock::RealClock;
use crate::config::Config;
use crate::exit::Failed;
use crate::hospital;
use clap::{Args, ValueEnum};
use filmdesk_desk::Clock;
use filmdesk_policy::cases::{answer_to_json, situation_from_json, situation_from_toml};
use filmdesk_policy::{
    Answer, Capacity, Collection, ItemAsked, Lang, Overlay, Payable, People, ReadyTime, Reason, RecordKindId, Rules,
    Situation,
};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::fmt::Write as _;
use std::path::PathBuf;

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
    /// A situation in the format of rules/README.md, TOML or JSON, instead of the options
    #[arg(long, conflicts_with_all = ["items", "capacity", "agent", "post", "extra_sets"])]
    situation: Option<PathBuf>,
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
    let situation = situation(&rules, args)?;
    let answer = filmdesk_policy::answer(&rules, &Overlay::default(), &situation);
    if args.json {
        println!("{}", answer_to_json(&answer));
    } else {
        print!("{}", printed(&answer, lang));
    }
    Ok(())
}

fn situation(rules: &Rules, args: &QuoteArgs) -> Result<Situation, Failed> {
    let at = match args.at {
        Some(at) => at,
        None => {
            let zone = TimeZone::get(&rules.hospital().time_zone).map_err(|e| Failed::usage(e.to_string()))?;
            RealClock.now().to_zoned(zone).datetime()
        }
    };
    if let Some(path) = &args.situation {
        let text = std::fs::read_to_string(path).map_err(|e| Failed::usage(format!("{}: {e}", path.display())))?;
        let is_json = path.extension().is_some_and(|extension| extension == "json");
        let read = if is_json { situation_from_json(rules, &text, at) } else { situation_from_toml(rules, &text, at) };
        return read.map_err(|faults| {
            let lines = faults.iter().map(|v| format!("\n  {} ({}): {}", v.field, v.code, v.text.en));
            Failed::usage(format!("{}:{}", path.display(), lines.collect::<String>()))
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
    Ok(Situation { people, collection, extra_sets: args.extra_sets, ..Situation::new(at, items) })
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
