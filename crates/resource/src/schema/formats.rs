//! The formats that the API server checks; it passes over all others.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::LazyLock;

use regex::Regex;

use super::node::Kind;
use crate::calendar::days_in;
use crate::go;
use crate::go_regex;

/// A format that is checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// 32-bit integers.
    Int32,
    /// 64-bit integers.
    Int64,
    /// 32-bit floats.
    Float,
    /// 64-bit floats.
    Double,
    /// A format of strings.
    Text(TextFormat),
}

macro_rules! text_formats {
    ($($name:literal $variant:ident $check:expr,)*) => {
        /// A format of strings.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum TextFormat { $($variant,)* }

        impl TextFormat {
            fn named(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }

            /// True for text of this format.
            pub(crate) fn accepts(self, text: &str) -> bool {
                let check: fn(&str) -> bool = match self { $(Self::$variant => $check,)* };
                check(text)
            }
        }
    };
}

text_formats! {
    "bsonobjectid" ObjectId |text| text.len() == 24 && text.bytes().all(|byte| byte.is_ascii_hexdigit()),
    "uri" Uri is_uri,
    "email" Email is_email,
    "hostname" Hostname is_hostname,
    "ipv4" Ipv4 |text| is_ipv4(text) || (text.contains('.') && is_ipv6(text)),
    "ipv6" Ipv6 is_ipv6,
    "cidr" Cidr is_cidr,
    "mac" Mac is_mac,
    "uuid" Uuid |text| matches(&UUID, text),
    "uuid3" Uuid3 |text| matches(&UUID3, text),
    "uuid4" Uuid4 |text| matches(&UUID4, text),
    "uuid5" Uuid5 |text| matches(&UUID5, text),
    "isbn" Isbn |text| is_isbn10(text) || is_isbn13(text),
    "isbn10" Isbn10 is_isbn10,
    "isbn13" Isbn13 is_isbn13,
    "creditcard" CreditCard is_credit_card,
    "ssn" Ssn |text| text.len() == 11 && matches(&SSN, text),
    "hexcolor" HexColor |text| matches(&HEX_COLOR, text),
    "rgbcolor" RgbColor |text| matches(&RGB_COLOR, text),
    "byte" Byte |text| matches(&BASE64, text),
    "password" Password |_| true,
    "date" Date is_date,
    "duration" Duration is_duration,
    "datetime" DateTime is_date_time,
    "k8sshortname" ShortName |text| text.len() <= 63 && matches(&SHORT_NAME, text),
    "k8slongname" LongName |text| text.len() <= 253 && matches(&LONG_NAME, text),
}

impl Format {
    /// The format of this name on a field of this type, if the API server checks it there.
    pub(super) fn known(name: &str, kind: Option<Kind>) -> Option<Self> {
        match (kind, name) {
            (Some(Kind::Integer), "int32") => Some(Self::Int32),
            (Some(Kind::Integer), "int64") => Some(Self::Int64),
            (Some(Kind::Number), "float") => Some(Self::Float),
            (Some(Kind::Number), "double") => Some(Self::Double),
            (None | Some(Kind::String), _) => TextFormat::named(&name.replace('-', "")).map(Self::Text),
            _ => None,
        }
    }
}

macro_rules! patterns {
    ($($name:ident $pattern:expr;)*) => {
        $(static $name: LazyLock<Option<Regex>> = LazyLock::new(|| go_regex::compile($pattern).ok());)*
        #[cfg(test)]
        const PATTERNS: &[&LazyLock<Option<Regex>>] = &[$(&$name),*];
    };
}

patterns! {
    HOSTNAME r"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}](([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$";
    UUID r"(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$";
    UUID3 r"(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?3[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$";
    UUID4 r"(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?4[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$";
    UUID5 r"(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?5[0-9a-f]{3}-?[89ab][0-9a-f]{3}-?[0-9a-f]{12}$";
    SSN r"^\d{3}[- ]?\d{2}[- ]?\d{4}$";
    HEX_COLOR r"^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$";
    RGB_COLOR r"^rgb\(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*\)$";
    BASE64 r"^(?:[A-Za-z0-9+\/]{4})*(?:[A-Za-z0-9+\/]{2}==|[A-Za-z0-9+\/]{3}=|[A-Za-z0-9+\/]{4})$";
    CREDIT_CARD r"^(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11})$";
    SHORT_NAME "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
    LONG_NAME r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
    TIME r"^([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))$";
    DURATION r"((\d+)\s*([A-Za-zµ]+))";
    URI_SCHEME r"^[a-zA-Z][a-zA-Z0-9+.-]*:";
    EMAIL r#"^[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x{80}-\x{10FFFF}-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~\x{80}-\x{10FFFF}-]+)*@([^\s@<>()\[\]\\,;:"]+|\[[^\]]*\])$"#;
}

fn matches(pattern: &LazyLock<Option<Regex>>, text: &str) -> bool {
    pattern.as_ref().is_some_and(|pattern| pattern.is_match(text))
}

fn is_hostname(text: &str) -> bool {
    matches(&HOSTNAME, text) && text.len() <= 255 && text.split('.').all(|part| part.len() <= 63)
}

/// Go's parser of addresses refuses leading zeros, as Rust's does.
fn is_ipv4(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

fn is_ipv6(text: &str) -> bool {
    // `net.ParseIP` knows no zones.
    text.parse::<Ipv6Addr>().is_ok()
}

fn is_cidr(text: &str) -> bool {
    let Some((address, length)) = text.split_once('/') else { return false };
    let bits = if is_ipv4(address) { 32 } else { 128 };
    let digits = !length.is_empty() && length.len() <= 3 && length.bytes().all(|byte| byte.is_ascii_digit());
    (is_ipv4(address) || is_ipv6(address)) && digits && length.parse::<u32>().is_ok_and(|length| length <= bits)
}

/// 6, 8 or 20 bytes, `:` or `-` between bytes or `.` between pairs of bytes.
fn is_mac(text: &str) -> bool {
    let hex = |part: &str, length: usize| part.len() == length && part.bytes().all(|byte| byte.is_ascii_hexdigit());
    let separated = |separator: char, length: usize, counts: [usize; 3]| {
        let parts: Vec<&str> = text.split(separator).collect();
        counts.contains(&parts.len()) && parts.iter().all(|part| hex(part, length))
    };
    separated(':', 2, [6, 8, 20]) || separated('-', 2, [6, 8, 20]) || separated('.', 4, [3, 4, 10])
}

/// `url.ParseRequestURI`: an absolute path or a scheme, no control characters, sound escapes and a sound port.
fn is_uri(text: &str) -> bool {
    let escapes_sound = text
        .split('%')
        .skip(1)
        .all(|after| after.get(..2).is_some_and(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit())));
    if text.chars().any(|character| character.is_ascii_control()) {
        return false;
    }
    let Some(scheme_end) = text.find(':').filter(|_| matches(&URI_SCHEME, text)) else {
        return text.starts_with('/') && escapes_sound || text == "*";
    };
    let rest = text.get(scheme_end + 1..).unwrap_or("");
    match rest.strip_prefix("//") {
        None => !rest.starts_with('/') || escapes_sound,
        Some(after) => {
            let authority = after.split(['/', '?']).next().unwrap_or("");
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            let port =
                host.rsplit_once(']').map_or(host, |(_, port)| port).rsplit_once(':').map_or("", |(_, port)| port);
            let bad = |character: char| " \"<>\\^`{|}".contains(character);
            port.bytes().all(|byte| byte.is_ascii_digit()) && !host.contains(bad) && escapes_sound
        }
    }
}

/// Near to `mail.ParseAddress`: a bare address, or one in angle brackets after a display name.
fn is_email(text: &str) -> bool {
    let text = text.trim_matches([' ', '\t']);
    let address = text.strip_suffix('>').and_then(|inner| inner.rsplit_once('<')).map_or(text, |(_, address)| address);
    matches(&EMAIL, address)
}

fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|character| character.to_digit(10)).collect()
}

fn compact(text: &str) -> String {
    text.chars().filter(|character| !"\t\n\u{c}\r -".contains(*character)).collect()
}

fn is_isbn10(text: &str) -> bool {
    let text = compact(text);
    let body = text.strip_suffix('X').map_or_else(|| text.clone(), |body| format!("{body}0"));
    let found = digits(&body);
    if found.len() != 10 || body.chars().count() != 10 {
        return false;
    }
    let last = if text.ends_with('X') { 10 } else { found.last().copied().unwrap_or(0) };
    let sum: u32 = (1..).zip(found.iter().take(9)).map(|(weight, digit)| weight * digit).sum();
    (sum + 10 * last).is_multiple_of(11)
}

fn is_isbn13(text: &str) -> bool {
    let text = compact(text);
    let found = digits(&text);
    if found.len() != 13 || text.chars().count() != 13 {
        return false;
    }
    let sum: u32 = found.iter().zip([1, 3].into_iter().cycle()).map(|(digit, weight)| digit * weight).sum();
    sum.is_multiple_of(10)
}

fn is_credit_card(text: &str) -> bool {
    let number: String = text.chars().filter(char::is_ascii_digit).collect();
    let doubled = |(index, digit): (usize, u32)| if index % 2 == 0 { digit } else { digit * 2 / 10 + digit * 2 % 10 };
    matches(&CREDIT_CARD, &number) && digits(&number).into_iter().rev().enumerate().map(doubled).sum::<u32>() % 10 == 0
}

/// `2006-01-02`, a day that the calendar has.
fn is_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    let shape = bytes.len() == 10
        && bytes
            .iter()
            .enumerate()
            .all(|(index, byte)| if index == 4 || index == 7 { *byte == b'-' } else { byte.is_ascii_digit() });
    if !shape {
        return false;
    }
    let mut parts = text.split('-').filter_map(|part| part.parse::<i64>().ok());
    let (Some(year), Some(month), Some(day)) = (parts.next(), parts.next(), parts.next()) else { return false };
    (1..=days_in(year, month)).contains(&day)
}

fn is_date_time(text: &str) -> bool {
    let lower = text.to_lowercase();
    let mut parts = lower.split('t');
    let (Some(date), Some(time)) = (parts.next(), parts.next()) else { return false };
    let below = |range: std::ops::Range<usize>, limit: &str| time.get(range).is_some_and(|part| part <= limit);
    is_date(date) && matches(&TIME, time) && below(0..2, "23") && below(3..5, "59") && below(6..8, "59")
}

fn is_duration(text: &str) -> bool {
    span(text).is_some()
}

/// The units that a span of time may be given in, in nanoseconds. Of the last name of each only the beginning counts.
const UNITS: [(&[&str], i64); 8] = [
    (&["ns", "nano"], 1),
    (&["us", "µs", "micro"], 1_000),
    (&["ms", "milli"], 1_000_000),
    (&["s", "sec"], 1_000_000_000),
    (&["m", "min"], 60_000_000_000),
    (&["h", "hr", "hour"], 3_600_000_000_000),
    (&["d", "day"], 86_400_000_000_000),
    (&["w", "wk", "week"], 604_800_000_000_000),
];

/// The nanoseconds of a span of time: a Go duration, or any text with a number and a unit in it, however long the unit's
/// name.
pub(super) fn span(text: &str) -> Option<i64> {
    if let Some(nanos) = go::duration::parse(text) {
        return Some(nanos);
    }
    let mut total = None;
    for capture in DURATION.as_ref()?.captures_iter(text) {
        let number: i64 = capture.get(2)?.as_str().parse().ok()?;
        let unit = capture.get(3)?.as_str().to_lowercase();
        let is_meant = |names: &[&str]| {
            names.contains(&unit.as_str()) || names.last().is_some_and(|longest| unit.starts_with(longest))
        };
        for (_, nanos) in UNITS.iter().filter(|(names, _)| is_meant(names)) {
            // Go's arithmetic goes round.
            total = Some(total.unwrap_or(0_i64).wrapping_add(number.wrapping_mul(*nanos)));
        }
    }
    total
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_compiles() {
        assert!(PATTERNS.iter().all(|pattern| pattern.is_some()));
    }

    #[test]
    fn formats_accept_and_refuse() {
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("date", &["2024-02-29"], &["2023-02-29", "2024-2-1", "2024-00-10"]),
            (
                "date-time",
                &["2014-12-15T19:30:20.000Z", "2014-12-15t19:30:20+01:00"],
                &["2014-12-15", "2014-12-15T24:00:00Z"],
            ),
            ("duration", &["1h30m", "22 ns", "3 days", "-1.5h"], &["", "1 fortnight", "abc"]),
            ("ipv4", &["10.0.0.1", "::ffff:10.0.0.1"], &["10.0.0.256", "::1", "010.0.0.1"]),
            ("ipv6", &["::1", "fe80::1"], &["10.0.0.1", "fe80::1%eth0"]),
            ("cidr", &["10.0.0.0/8", "::/128"], &["10.0.0.0/33", "10.0.0.0"]),
            (
                "uri",
                &["http://a.b:80/c?d", "/abs", "mailto:a@b", "xyz://foobar.com"],
                &["", "foobar.com", "./rel", "http://a b/", "http://a:b/"],
            ),
            ("email", &["a@b.c", "A <a@b>"], &["a", "a@", "a b@c"]),
            ("uuid", &["6d0a3f6c-1111-2222-3333-444455556666"], &["6d0a"]),
            ("mac", &["01:02:03:04:05:ab", "0102.0304.05ab"], &["01:02", "01-02:03:04:05:06"]),
            ("byte", &["TG9y"], &["", "a"]),
            ("isbn", &["3836221195", "978-3-8362-2119-1"], &["3423214121"]),
            ("creditcard", &["4220855426222389"], &["4220855426213389"]),
            ("hostname", &["a.example.com"], &["-a", "a..b"]),
            ("k8s-short-name", &["a-1"], &["A", "a.b"]),
        ];
        for (name, good, bad) in cases {
            let Some(Format::Text(format)) = Format::known(name, Some(Kind::String)) else { panic!("{name}") };
            good.iter().for_each(|text| assert!(format.accepts(text), "{name} accepts {text:?}"));
            bad.iter().for_each(|text| assert!(!format.accepts(text), "{name} refuses {text:?}"));
        }
        assert_eq!(Format::known("int32", Some(Kind::String)), None);
        assert_eq!(Format::known("nonsense", Some(Kind::String)), None);
    }
}
