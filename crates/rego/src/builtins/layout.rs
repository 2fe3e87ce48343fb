//! Go's layouts of dates: the moment `Mon Jan 2 15:04:05 MST 2006`, written as dates are to be written.

/// One part of a layout.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Text(String),
    Year,
    ShortYear,
    MonthName {
        short: bool,
    },
    /// Whether it always has two digits; the same in those below.
    Month(bool),
    Weekday {
        short: bool,
    },
    Day(bool),
    PaddedDay,
    DayOfYear,
    Hour,
    HalfDayHour(bool),
    Minute(bool),
    Second(bool),
    /// How many digits, where the layout says so.
    Fraction {
        digits: Option<usize>,
    },
    Afternoon {
        upper: bool,
    },
    /// Whether `Z` stands for Greenwich, how long it is otherwise, and whether there are colons.
    Zone {
        z: bool,
        width: usize,
        colons: bool,
    },
    ZoneName,
}

/// Layouts that have a name.
const NAMED: [(&str, &str); 10] = [
    ("ANSIC", "Mon Jan _2 15:04:05 2006"),
    ("UnixDate", "Mon Jan _2 15:04:05 MST 2006"),
    ("RubyDate", "Mon Jan 02 15:04:05 -0700 2006"),
    ("RFC822", "02 Jan 06 15:04 MST"),
    ("RFC822Z", "02 Jan 06 15:04 -0700"),
    ("RFC850", "Monday, 02-Jan-06 15:04:05 MST"),
    ("RFC1123", "Mon, 02 Jan 2006 15:04:05 MST"),
    ("RFC1123Z", "Mon, 02 Jan 2006 15:04:05 -0700"),
    ("RFC3339", "2006-01-02T15:04:05Z07:00"),
    ("RFC3339Nano", "2006-01-02T15:04:05.999999999Z07:00"),
];

/// The parts of a layout, or of the one that has this name.
pub(super) fn parts(layout: &str) -> Vec<Part> {
    let named = NAMED.iter().find(|(name, _)| *name == layout).map(|(_, layout)| *layout);
    let mut rest = named.unwrap_or(layout);
    let mut parts = Vec::new();
    while let Some(first) = rest.chars().next() {
        if let Some((part, length)) = part(rest) {
            parts.push(part);
            rest = &rest[length..];
            continue;
        }
        // `_2006` is a text and a year, not a padded day.
        let length = if rest.starts_with("_2006") { 1 } else { first.len_utf8() };
        match parts.last_mut() {
            Some(Part::Text(text)) => text.push_str(&rest[..length]),
            _ => parts.push(Part::Text(rest[..length].to_owned())),
        }
        rest = &rest[length..];
    }
    parts
}

/// The part that a layout begins with, and how long it is.
fn part(layout: &str) -> Option<(Part, usize)> {
    if let Some((name, part)) = table().into_iter().find(|(name, _)| layout.starts_with(name)) {
        let rest = &layout[name.len()..];
        // A name is none where it is the beginning of a word.
        let word = matches!(name, "Jan" | "Mon") && rest.starts_with(|c: char| c.is_ascii_lowercase());
        let year = name == "_2" && rest.starts_with("006");
        return (!word && !year).then_some((part, name.len()));
    }
    let digit = layout.strip_prefix(['.', ','])?.chars().next().filter(|digit| matches!(digit, '0' | '9'))?;
    let digits = layout[1..].bytes().take_while(|byte| char::from(*byte) == digit).count();
    if layout[1 + digits..].starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    Some((Part::Fraction { digits: (digit == '0').then_some(digits) }, 1 + digits))
}

/// Longer names stand before those that they begin with.
fn table() -> [(&'static str, Part); 33] {
    let zone = |z, width, colons| Part::Zone { z, width, colons };
    [
        ("January", Part::MonthName { short: false }),
        ("Jan", Part::MonthName { short: true }),
        ("Monday", Part::Weekday { short: false }),
        ("Mon", Part::Weekday { short: true }),
        ("MST", Part::ZoneName),
        ("002", Part::DayOfYear),
        ("__2", Part::DayOfYear),
        ("01", Part::Month(true)),
        ("02", Part::Day(true)),
        ("03", Part::HalfDayHour(true)),
        ("04", Part::Minute(true)),
        ("05", Part::Second(true)),
        ("06", Part::ShortYear),
        ("15", Part::Hour),
        ("1", Part::Month(false)),
        ("2006", Part::Year),
        ("2", Part::Day(false)),
        ("_2", Part::PaddedDay),
        ("3", Part::HalfDayHour(false)),
        ("4", Part::Minute(false)),
        ("5", Part::Second(false)),
        ("PM", Part::Afternoon { upper: true }),
        ("pm", Part::Afternoon { upper: false }),
        ("-07:00:00", zone(false, 9, true)),
        ("-070000", zone(false, 7, false)),
        ("-07:00", zone(false, 6, true)),
        ("-0700", zone(false, 5, false)),
        ("-07", zone(false, 3, false)),
        ("Z07:00:00", zone(true, 9, true)),
        ("Z070000", zone(true, 7, false)),
        ("Z07:00", zone(true, 6, true)),
        ("Z0700", zone(true, 5, false)),
        ("Z07", zone(true, 3, false)),
    ]
}
