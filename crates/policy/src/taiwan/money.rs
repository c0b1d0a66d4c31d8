//! Amounts as people read them, and in words as a receipt prints them against later change.

use crate::{Text, Twd};

const DIGITS: [&str; 10] = ["零", "壹", "貳", "參", "肆", "伍", "陸", "柒", "捌", "玖"];
const PLACES: [&str; 4] = ["", "拾", "佰", "仟"];
const GROUPS: [&str; 5] = ["", "萬", "億", "兆", "京"];

/// `新臺幣1,200元` and `NT$1,200`.
pub fn money_text(amount: Twd) -> Text {
    let digits = thousands(amount.dollars());
    Text::new(format!("新臺幣{digits}元"), format!("NT${digits}"))
}

fn thousands(dollars: i64) -> String {
    let plain = dollars.unsigned_abs().to_string();
    let mut grouped = String::with_capacity(plain.len() * 2);
    if dollars < 0 {
        grouped.push('-');
    }
    for (i, c) in plain.chars().enumerate() {
        if i > 0 && (plain.len() - i).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(c);
    }
    grouped
}

/// The amount in words: 200 → `貳佰元整`, 10 005 → `壹萬零伍元整`.
pub fn amount_in_words(amount: Twd) -> String {
    let dollars = amount.dollars();
    let mut rest = dollars.unsigned_abs();
    let mut groups = Vec::new();
    while rest > 0 {
        groups.push(u16::try_from(rest % 10_000).unwrap_or(0));
        rest /= 10_000;
    }
    let mut words = String::new();
    let mut gap = false;
    for (i, group) in groups.iter().enumerate().rev() {
        if *group == 0 {
            gap = true;
            continue;
        }
        if !words.is_empty() && (gap || *group < 1000) {
            words.push_str(DIGITS[0]);
        }
        gap = false;
        words.push_str(&group_in_words(*group));
        words.push_str(GROUPS[i]);
    }
    if words.is_empty() {
        words.push_str(DIGITS[0]);
    }
    format!("{}{words}元整", if dollars < 0 { "負" } else { "" })
}

/// 1 to 9999; a zero between digits is said once, zeros at the end are not.
fn group_in_words(group: u16) -> String {
    let mut words = String::new();
    let mut zero = false;
    for place in (0..4u32).rev() {
        let digit = usize::from(group / 10u16.pow(place) % 10);
        if digit == 0 {
            zero = !words.is_empty();
            continue;
        }
        if zero {
            words.push_str(DIGITS[0]);
            zero = false;
        }
        words.push_str(DIGITS[digit]);
        words.push_str(PLACES[place as usize]);
    }
    words
}
