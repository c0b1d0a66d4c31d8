//! Sizes of files and functions, and amounts of money in code.

use super::{Limits, Offence, Tracked, offence};

pub(super) fn look(files: &[Tracked], limits: &Limits) -> Vec<Offence> {
    let mut found = Vec::new();
    let mut excused = Vec::new();
    for file in files.iter().filter(|file| file.path.ends_with(".rs")) {
        let lines = file.text.lines().count();
        if lines > limits.max_file_lines {
            let message = format!("{lines} lines, {} are allowed: divide it", limits.max_file_lines);
            found.push(offence(&file.path, message));
        }
        for (name, line, length) in functions(&file.text).into_iter().filter(|f| f.2 > limits.max_function_lines) {
            let key = format!("{}::{name}", file.path);
            if limits.long_functions.contains_key(&key) {
                excused.push(key);
                continue;
            }
            let message = format!("fn {name} has {length} lines, {} are allowed", limits.max_function_lines);
            found.push(offence(format!("{}:{line}", file.path), message));
        }
        found.extend(amounts(file));
    }
    for key in limits.long_functions.keys().filter(|key| !excused.contains(key)) {
        found.push(offence("xtask/tidy.toml", format!("{key} is short now, or gone: take it off [long_functions]")));
    }
    found
}

/// Amounts belong to `rules/`; only tests write them down.
fn amounts(file: &Tracked) -> Vec<Offence> {
    if is_test(&file.path) || !file.path.starts_with("crates/") {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (n, line) in blank(&file.text).lines().enumerate() {
        // Nothing to pay (0) is no amount.
        let digits_after = |word: &str| {
            let follows =
                |at: usize| line[at + word.len()..].trim_start().starts_with(|c: char| ('1'..='9').contains(&c));
            line.match_indices(word).any(|(at, _)| follows(at))
        };
        let lower = line.to_lowercase();
        let named = ["twd", "fee", "amount", "price"].iter().any(|word| lower.contains(word));
        if digits_after("from_tariff(")
            || digits_after("restore(")
            || (named && (digits_after(": Twd(") || digits_after("= Twd(")))
        {
            found.push(offence(format!("{}:{}", file.path, n + 1), "an amount in Rust: amounts are rows of rules/"));
        }
    }
    found
}

pub(super) fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs") || path.starts_with("crates/testkit/")
}

/// Name, first line and number of lines of every function with a body.
pub(super) fn functions(text: &str) -> Vec<(String, usize, usize)> {
    let code = blank(text);
    let bytes = code.as_bytes();
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let starts_word = at == 0 || !(bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        let name: String = code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        if !starts_word || name.is_empty() {
            continue;
        }
        let Some(open) = body(&code[at..]).map(|offset| at + offset) else { continue };
        let mut depth = 0i32;
        let close = code[open..].char_indices().find(|(_, c)| {
            depth += i32::from(*c == '{') - i32::from(*c == '}');
            depth == 0
        });
        let end = close.map_or(code.len(), |(offset, _)| open + offset);
        let line = code[..at].matches('\n').count() + 1;
        found.push((name, line, code[at..end].matches('\n').count() + 1));
    }
    found
}

/// Where the body opens: the first `{` outside brackets, or nothing when a `;` comes first.
fn body(code: &str) -> Option<usize> {
    let mut depth = 0i32;
    for (at, c) in code.char_indices() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            ';' if depth == 0 => return None,
            '{' if depth == 0 => return Some(at),
            _ => {}
        }
    }
    None
}

/// The code with comments, strings and characters blanked out; lines keep their numbers.
pub(super) fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < bytes.len() {
        let rest = &text[at..];
        let length =
            comment(rest).or_else(|| string(rest, at > 0 && is_word(bytes[at - 1]))).or_else(|| character(rest));
        let (length, keep) = match length {
            Some(length) => (length, false),
            None => (rest.chars().next().map_or(1, char::len_utf8), true),
        };
        let piece = &rest[..length];
        match keep {
            true => out.push_str(piece),
            false => out.extend(piece.chars().map(|c| if c == '\n' { '\n' } else { ' ' })),
        }
        at += length;
    }
    out
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    rest.starts_with("/*").then(|| rest.find("*/").map_or(rest.len(), |at| at + 2))
}

fn string(rest: &str, inside_word: bool) -> Option<usize> {
    let prefix = if inside_word {
        0
    } else {
        ["br", "b", "r", "c"].iter().find(|p| rest.starts_with(**p)).map_or(0, |p| p.len())
    };
    let raw = rest[..prefix].contains('r');
    let after = &rest[prefix..];
    let hashes = if raw { after.len() - after.trim_start_matches('#').len() } else { 0 };
    if !after[hashes..].starts_with('"') {
        return None;
    }
    let start = prefix + hashes + 1;
    if raw {
        let end = format!("\"{}", "#".repeat(hashes));
        return Some(rest[start..].find(&end).map_or(rest.len(), |at| start + at + end.len()));
    }
    let mut escaped = false;
    for (at, c) in rest[start..].char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return Some(start + at + 1),
            _ => {}
        }
    }
    Some(rest.len())
}

/// A character literal, told from a lifetime by its closing quote.
fn character(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    if let Some(escape) = inner.strip_prefix('\\') {
        let end = escape.char_indices().skip(1).find(|(_, c)| *c == '\'')?;
        return Some(2 + end.0 + 1);
    }
    let length = inner.chars().next()?.len_utf8();
    inner[length..].starts_with('\'').then_some(length + 2)
}
