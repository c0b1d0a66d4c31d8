//! Names on shared screens and labels: 王○明. Rare characters beyond the BMP and names with 「·」 count as people
//! count them.

/// Masks a person's name: the first and the last character stay (`王○明`, two characters `王○`), the dot of indigenous
/// names stays, and each Latin word keeps its first letter (`T○○ W○○`).
pub fn mask_name(name: &str) -> String {
    let name = name.replace('^', " ");
    let name = name.split_whitespace().collect::<Vec<&str>>().join(" ");
    if name.chars().any(is_han) { mask_han(&name.replace(' ', "")) } else { mask_latin(&name) }
}

fn mask_han(name: &str) -> String {
    let letters = clusters(name);
    let last = letters.len().saturating_sub(1);
    let masked = letters.iter().enumerate().map(|(i, letter)| match letter.as_str() {
        "·" | "‧" | "・" | "．" => letter.clone(),
        _ if i == 0 || (i == last && last > 1) => letter.clone(),
        _ => "○".to_owned(),
    });
    masked.collect()
}

/// The length of a Latin word tells more than that of a Han name, so it is not shown.
fn mask_latin(name: &str) -> String {
    let word = |w: &str| clusters(w).first().map(|first| format!("{first}○○")).unwrap_or_default();
    name.split(' ').map(word).collect::<Vec<String>>().join(" ")
}

/// Characters with their variation selectors and combining marks.
fn clusters(name: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for c in name.chars() {
        let joins = matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{300}'..='\u{36f}');
        match found.last_mut() {
            Some(last) if joins => last.push(c),
            Some(_) | None => found.push(c.to_string()),
        }
    }
    found
}

/// Han characters of every plane, compatibility forms included.
fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '〇' | '々')
}
