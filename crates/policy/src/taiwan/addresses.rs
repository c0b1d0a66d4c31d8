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
        let digits = flat.chars().take_while(char::is_ascii_digit).count();
        let (code, rest) = flat.split_at(if matches!(digits, 3 | 5 | 6) { digits } else { 0 });
        let normalised = sections(&rest.replace('台', "臺")).replace('之', "-");
        let county =
            COUNTIES.iter().find(|c| normalised.starts_with(**c) || normalised.starts_with(&format!("臺灣省{c}")));
        let islands = || normalised.starts_with("馬祖").then_some("連江縣");
        Address {
            typed: typed.to_owned(),
            postal_code: (!code.is_empty()).then(|| code.to_owned()),
            county: county.copied().or_else(islands),
            normalised,
        }
    }

    /// Whether domestic post delivers there.
    pub fn is_domestic(&self) -> bool {
        self.county.is_some()
    }
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
