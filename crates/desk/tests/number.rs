//! Application numbers: what people type and mistype.

use filmdesk_desk::{ApplicationNumber, NumberError};

const ALPHABET: &str = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

#[test]
fn is_read_as_people_type_it() {
    let number = ApplicationNumber::generate([7, 12, 31, 0, 19, 5, 22]);
    let printed = number.to_string();
    assert_eq!(printed.len(), 9);
    for typed in [
        printed.clone(),
        printed.to_lowercase(),
        printed.replace('-', ""),
        format!(" {} ", printed.replace('-', " – ")),
        printed.chars().map(|c| if c == '-' { '－' } else { char::from_u32(u32::from(c) + 0xfee0).unwrap() }).collect(),
    ] {
        assert_eq!(ApplicationNumber::parse(&typed), Ok(number.clone()), "{typed}");
    }
}

#[test]
fn one_wrong_character_is_found() {
    let number = ApplicationNumber::generate([1, 2, 3, 4, 5, 6, 7]);
    for i in 0..8 {
        for other in ALPHABET.chars() {
            let mut typed: Vec<char> = number.compact().chars().collect();
            if typed[i] != other {
                typed[i] = other;
                let typed: String = typed.iter().collect();
                assert_eq!(ApplicationNumber::parse(&typed), Err(NumberError::Check), "{typed}");
            }
        }
    }
}

#[test]
fn two_exchanged_characters_are_found() {
    for seed in 0..200_u32 {
        let number =
            ApplicationNumber::generate(std::array::from_fn(|i| (seed.wrapping_mul(2_654_435_761) >> i) as u8));
        for (i, j) in (0..8).flat_map(|i| (0..i).map(move |j| (i, j))) {
            let mut typed: Vec<char> = number.compact().chars().collect();
            typed.swap(i, j);
            let same = typed[i] == typed[j];
            let typed: String = typed.iter().collect();
            assert_eq!(ApplicationNumber::parse(&typed).is_ok(), same, "{number} as {typed}");
        }
    }
}

#[test]
fn what_is_no_number_says_why() {
    assert_eq!(ApplicationNumber::parse("2345"), Err(NumberError::Length(4)));
    assert_eq!(ApplicationNumber::parse("2345-678O"), Err(NumberError::Character('O')));
    assert_eq!(ApplicationNumber::parse(""), Err(NumberError::Length(0)));
    assert_eq!(ApplicationNumber::parse("２３４５ー"), Err(NumberError::Character('ー')));
}
