//! Taiwan's facts, checked against published examples.

use filmdesk_policy::Twd;
use filmdesk_policy::taiwan::*;
use jiff::civil::{Date, date};

#[test]
fn identity_numbers_of_every_kind_pass() {
    for (numbers, kind) in [
        ("A123456789 A223456781 F130000005 I100000003 O200000006 W150000006", IdentityKind::NationalId),
        ("A900000016 A800000014 ａ９００００００１６", IdentityKind::UnifiedNumber),
        ("AC01234567 AD30196818 ac-0123 4567", IdentityKind::OldResidentNumber),
    ] {
        let numbers = numbers.replace("ac-0123 4567", "ac-01234567");
        for number in numbers.split(' ') {
            assert_eq!(check_identity(number), Ok(kind), "{number}");
        }
    }
}

#[test]
fn wrong_identity_numbers_are_refused_with_their_reason() {
    for number in ["A123456788", "B287654321", "Z123456789"] {
        assert_eq!(check_identity(number), Err(IdentityFault::CheckDigit), "{number}");
    }
    for number in
        ["Z596839485", "", "A", "1234567890", "A12345678", "A1234567890", "A32345678X", "王123456789", "AE01234567"]
    {
        assert_eq!(check_identity(number), Err(IdentityFault::Shape), "{number}");
    }
}

#[test]
fn a_slip_where_the_weight_shares_no_factor_with_ten_is_always_caught() {
    let good: Vec<char> = "A123456789".chars().collect();
    for place in [2, 6, 8, 9] {
        for digit in '0'..='9' {
            let mut slip = good.clone();
            slip[place] = digit;
            let slip: String = slip.iter().collect();
            assert_eq!(check_identity(&slip).is_ok(), slip == "A123456789", "{slip}");
        }
    }
}

#[test]
fn dates_are_read_in_every_written_form() {
    for written in [
        "115/12/1",
        "1151201",
        "115.12.01",
        "民國115年12月1日",
        "115-12-01",
        "115年12月1日",
        "2026-12-01",
        "2026/12/1",
        "20261201",
        "１１５／１２／１",
        " 115 / 12 / 01 ",
        "民國 115 年 12 月 1 日",
    ] {
        assert_eq!(parse_date(written), Ok(date(2026, 12, 1)), "{written}");
    }
    assert_eq!(parse_date("99/2/28"), Ok(date(2010, 2, 28)));
    assert_eq!(parse_date("990228"), Ok(date(2010, 2, 28)));
    assert_eq!(parse_date("民國5年1月1日"), Ok(date(1916, 1, 1)));
    assert_eq!(parse_date("民國前1年12月1日"), Ok(date(1911, 12, 1)));
    assert_eq!(parse_date("民國前5年1月2日"), Ok(date(1907, 1, 2)));
}

#[test]
fn dates_that_do_not_exist_or_cannot_be_read_say_so() {
    for written in ["2026-02-29", "115/2/30", "115/13/1", "1150001", "000101", "民國前0年1月1日"] {
        assert_eq!(parse_date(written), Err(DateFault::NoSuchDay), "{written}");
    }
    for written in
        ["", "5/1/1", "yesterday", "115/12", "115/12/1/1", "12345", "123456789", "115//1", "-115/1/1", "20261/1/1"]
    {
        assert_eq!(parse_date(written), Err(DateFault::Form), "{written}");
    }
}

#[test]
fn moments_carry_a_time_or_midnight() {
    let at = |h, m, s| date(2026, 12, 1).at(h, m, s, 0);
    for (written, moment) in
        [("2026-12-01T10:00", at(10, 0, 0)), ("115/12/1 15:59:59", at(15, 59, 59)), ("2026-12-01", at(0, 0, 0))]
    {
        assert_eq!(parse_moment(written), Ok(moment), "{written}");
    }
    assert_eq!(parse_moment("2026-12-01T25:00"), Err(DateFault::NoSuchDay));
    for written in ["2026-12-01T10", "2026-12-01T10:0", "2026-12-01T10:00:00:00", "T10:00", "2026-12-01T10:00Z"] {
        assert_eq!(parse_moment(written), Err(DateFault::Form), "{written}");
    }
}

#[test]
fn dates_are_printed_in_both_calendars() {
    assert_eq!(day_text(date(2026, 12, 14)).zh, "115年12月14日（一）");
    assert_eq!(day_text(date(2026, 12, 14)).en, "Mon 14 Dec 2026");
    assert_eq!(both_calendars(date(2026, 12, 1)).zh, "2026-12-01（民國115年12月1日）");
    assert_eq!(both_calendars(date(2026, 12, 1)).en, "1 Dec 2026 (ROC 115)");
    assert_eq!(roc_date(date(1911, 12, 1)), "民國前1年12月1日");
    assert_eq!(roc_date(date(1912, 1, 1)), "1年1月1日");
}

#[test]
fn ages_follow_the_civil_code() {
    let age = |born: Date, on: Date| age_on(born, on);
    assert_eq!(age(date(2008, 12, 1), date(2026, 11, 30)), Some(17));
    assert_eq!(age(date(2008, 12, 1), date(2026, 12, 1)), Some(18));
    assert_eq!(age(date(2008, 2, 29), date(2026, 2, 28)), Some(17));
    assert_eq!(age(date(2008, 2, 29), date(2026, 3, 1)), Some(18));
    assert_eq!(age(date(2008, 2, 29), date(2028, 2, 29)), Some(20));
    assert_eq!(age(date(2026, 12, 2), date(2026, 12, 1)), None);
}

#[test]
fn names_are_masked_as_people_expect() {
    for (name, masked) in [
        ("王測試", "王○試"),
        ("林範", "林○"),
        ("王", "王"),
        ("歐陽測試", "歐○○試"),
        ("\u{20bb7}測試", "\u{20bb7}○試"),
        ("瓦歷斯·諾幹", "瓦○○·○幹"),
        ("TEST^WANG", "T○○ W○○"),
        ("Test Patient", "T○○ P○○"),
        ("王^測試", "王○試"),
        ("葛\u{e0100}測試", "葛\u{e0100}○試"),
        ("", ""),
    ] {
        assert_eq!(mask_name(name), masked, "{name}");
    }
}

#[test]
fn amounts_are_written_in_words() {
    for (dollars, words) in [
        (0, "零元整"),
        (5, "伍元整"),
        (10, "壹拾元整"),
        (200, "貳佰元整"),
        (205, "貳佰零伍元整"),
        (250, "貳佰伍拾元整"),
        (1005, "壹仟零伍元整"),
        (1050, "壹仟零伍拾元整"),
        (10_000, "壹萬元整"),
        (10_005, "壹萬零伍元整"),
        (12_345, "壹萬貳仟參佰肆拾伍元整"),
        (100_050, "壹拾萬零伍拾元整"),
        (20_000_300, "貳仟萬零參佰元整"),
        (100_000_001, "壹億零壹元整"),
        (-400, "負肆佰元整"),
    ] {
        assert_eq!(amount_in_words(Twd::restore(dollars)), words, "{dollars}");
    }
    assert_eq!(money_text(Twd::restore(1200)).zh, "新臺幣1,200元");
    assert_eq!(money_text(Twd::restore(-1_234_567)).en, "NT$-1,234,567");
}

#[test]
fn addresses_keep_what_was_typed_and_know_domestic_post() {
    let address = Address::read("100 台北市中正區 測試路一段１２之３號");
    assert_eq!(address.normalised, "臺北市中正區測試路1段12-3號");
    assert_eq!(address.postal_code.as_deref(), Some("100"));
    assert_eq!(address.county, Some("臺北市"));
    assert_eq!(address.typed, "100 台北市中正區 測試路一段１２之３號");
    for (typed, code, normalised) in [
        ("100006 臺北市中正區常德街1號", Some("100006"), "臺北市中正區常德街1號"),
        ("100-006臺北市", Some("100006"), "臺北市"),
        ("100-06 臺北市", Some("10006"), "臺北市"),
        ("100-1臺北市", Some("100"), "-1臺北市"),
        ("臺北市之初路3號之2", None, "臺北市之初路3號-2"),
        ("臺北市測試路３樓之１", None, "臺北市測試路3樓-1"),
    ] {
        let address = Address::read(typed);
        assert_eq!((address.postal_code.as_deref(), address.normalised.as_str()), (code, normalised), "{typed}");
    }
    for domestic in
        ["金門縣金城鎮測試路1號", "澎湖縣馬公市測試里1號", "連江縣南竿鄉1號", "馬祖南竿1號", "台灣省彰化縣1號"]
    {
        assert!(Address::read(domestic).is_domestic(), "{domestic}");
    }
    for abroad in ["東京都千代田区1-1", "香港九龍測試道1號", "1 Test Street, London", ""] {
        assert!(!Address::read(abroad).is_domestic(), "{abroad}");
    }
    assert!(!format!("{address:?}").contains("測試路"));
}

#[test]
fn telephone_and_last_four() {
    assert!(is_mobile("0912-345-678") && is_mobile("０９１２３４５６７８"));
    assert!(!is_mobile("02-23562810") && !is_mobile("09123456789"));
    assert_eq!(last_four("A123456789"), "6789");
    assert_eq!(last_four("12"), "12");
}
