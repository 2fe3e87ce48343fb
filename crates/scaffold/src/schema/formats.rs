//! Formats of text. One that nobody knows is kept by every text.

use crate::template::is_pattern;

pub(super) fn keeps(text: &str, format: &str) -> bool {
    match format {
        "date" => is_date(text),
        "time" => is_time(text),
        "date-time" => is_date_time(text),
        "email" => is_email(text),
        "hostname" | "host-name" => is_hostname(text),
        "ipv4" | "ip-address" => is_ipv4(text),
        "ipv6" => text.trim().parse::<std::net::Ipv6Addr>().is_ok(),
        "uri" | "iri" => is_uri(text),
        "uuid" => is_uuid(text),
        "regex" | "regexp" | "pattern" => is_pattern(text),
        _ => true,
    }
}

fn number(text: &str, length: usize, range: std::ops::RangeInclusive<u32>) -> bool {
    text.len() == length
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.parse::<u32>().is_ok_and(|number| range.contains(&number))
}

fn is_date(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    matches!(parts.as_slice(), [year, month, day]
        if number(year, 4, 0..=9999) && number(month, 2, 0..=12) && number(day, 2, 1..=31))
}

fn is_time(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    matches!(parts.as_slice(), [hour, minute, second]
        if number(hour, 2, 0..=24) && number(minute, 2, 0..=59) && number(second, 2, 0..=60))
}

fn is_date_time(text: &str) -> bool {
    let Some((date, rest)) = text.split_once(['t', 'T', ' ']) else { return false };
    let Some(zone) = rest.find(['z', 'Z', '+', '-']) else { return is_date(date) && is_time_of_day(rest) };
    let (time, zone) = rest.split_at(zone);
    let zone_is_known = match zone.strip_prefix(['+', '-']) {
        Some(offset) => matches!(offset.split_once(':'), Some((hours, minutes))
            if number(hours, 2, 0..=59) && number(minutes, 2, 0..=60)),
        None => zone.len() == 1,
    };
    zone_is_known && is_date(date) && is_time_of_day(time)
}

fn is_time_of_day(text: &str) -> bool {
    let (time, fraction) = text.split_once('.').unwrap_or((text, "0"));
    is_time(time) && !fraction.is_empty() && fraction.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let local_part = |part: &str| {
        !part.is_empty()
            && part
                .chars()
                .all(|character| character.is_ascii_alphanumeric() || "_!#$%&'*+-/=?^`{|}~".contains(character))
    };
    local.split('.').all(local_part) && domain.contains('.') && domain.split('.').all(is_label)
}

fn is_hostname(text: &str) -> bool {
    let name = text.strip_suffix('.').unwrap_or(text);
    !text.is_empty() && text.len() <= 255 && name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    !label.is_empty()
        && label.len() <= 63
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.chars().all(|character| character.is_ascii_alphanumeric() || character == '-')
}

fn is_ipv4(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 4 && parts.iter().all(|part| (1..=3).contains(&part.len()) && number(part, part.len(), 0..=255))
}

fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    scheme.starts_with(|character: char| character.is_ascii_alphabetic())
        && scheme.chars().all(|character| character.is_ascii_alphanumeric() || "+.-".contains(character))
        && !rest.contains(char::is_whitespace)
}

fn is_uuid(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    parts.len() == 5
        && parts
            .iter()
            .zip([8, 4, 4, 4, 12])
            .all(|(part, length)| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
}
