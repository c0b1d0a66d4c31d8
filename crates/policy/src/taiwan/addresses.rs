//! Addresses of Chunghwa Post's domestic service: Taiwan with 澎湖, 金門 and 馬祖. What was typed is kept; the
//! normalised form is for comparing and for the counties.

use super::half_width;

/// The counties and cities to which domestic post goes, as the official list names them.
pub const COUNTIES: [&str; 22] = [
    "臺北市",
    "新北市",
    "桃園市",
    "臺中市",
    "臺南市",
    "高雄市",
    "基隆市",
    "新竹市",
    "嘉義市",
    "新竹縣",
    "苗栗縣",
    "彰化縣",
    "南投縣",
    "雲林縣",
    "嘉義縣",
    "屏東縣",
    "宜蘭縣",
    "花蓮縣",
    "臺東縣",
    "澎湖縣",
    "金門縣",
    "連江縣",
];

/// An address with what was typed and its comparable form.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// As typed.
    pub typed: String,
    /// 台 as 臺, digits half-width, 一段 as 1段, 之 between numbers as a hyphen, no spaces, no postal code.
    pub normalised: String,
    /// Postal code typed before it: three, five or six digits.
    pub postal_code: Option<String>,
    /// Its county or city, when it names one of domestic post.
    pub county: Option<&'static str>,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "Address(county: {:?})", self.county)
    }
}

impl Address {
    /// Reads an address as typed.
    pub fn read(typed: &str) -> Address {
        let flat: String = half_width(typed).chars().filter(|c| !c.is_whitespace()).collect();
        let (code, rest) = postal_code(&flat);
        let normalised = between_numbers(&sections(&rest.replace('台', "臺")));
        let county =
            COUNTIES.iter().find(|c| normalised.starts_with(**c) || normalised.starts_with(&format!("臺灣省{c}")));
        let islands = || normalised.starts_with("馬祖").then_some("連江縣");
        Address {
            typed: typed.to_owned(),
            postal_code: (!code.is_empty()).then_some(code),
            county: county.copied().or_else(islands),
            normalised,
        }
    }

    /// Whether domestic post delivers there.
    pub fn is_domestic(&self) -> bool {
        self.county.is_some()
    }
}

/// Three, five (3+2) or six (3+3) digits before the address, with or without a hyphen after the third; and the rest.
fn postal_code(flat: &str) -> (String, &str) {
    let digits = |text: &str| text.chars().take_while(char::is_ascii_digit).count();
    let first = digits(flat);
    let after = flat[first..].strip_prefix('-').filter(|_| first == 3);
    match (first, after, after.map(digits)) {
        (3, Some(after), Some(more @ 2..=3)) => (format!("{}{}", &flat[..3], &after[..more]), &after[more..]),
        (3 | 5 | 6, _, _) => (flat[..first].to_owned(), &flat[first..]),
        _ => (String::new(), flat),
    }
}

/// 之 between numbers as a hyphen, 12之3號 as 12-3號; in a name it stays. 號之3 is written so too.
fn between_numbers(address: &str) -> String {
    let chars: Vec<char> = address.chars().collect();
    let number = |c: Option<&char>| c.is_some_and(char::is_ascii_digit);
    let joins = |i: usize| {
        let before = i.checked_sub(1).and_then(|b| chars.get(b));
        (number(before) || before == Some(&'號') || before == Some(&'樓')) && number(chars.get(i + 1))
    };
    chars.iter().enumerate().map(|(i, c)| if *c == '之' && joins(i) { '-' } else { *c }).collect()
}

/// 一段 … 九段 as 1段 … 9段.
fn sections(address: &str) -> String {
    let numerals = ["一", "二", "三", "四", "五", "六", "七", "八", "九"];
    let mut address = address.to_owned();
    for (i, numeral) in numerals.iter().enumerate() {
        address = address.replace(&format!("{numeral}段"), &format!("{}段", i + 1));
    }
    address
}
