//! What can go wrong with a template, in the words of the real renderer.
//!
//! Owns the classes of errors, their places and their bounded, escaped messages.

use super::number;

/// What kind of error a rendering ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// The source is no template.
    Syntax,
    /// An expression or tag failed.
    Evaluation,
    /// A filter or global of the host failed.
    Capability,
    /// A limit on size, depth or work was exceeded.
    Limit,
    /// A value cannot be given to a template.
    Context,
}

/// A rendering that failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RenderError {
    /// Its class.
    pub kind: ErrorKind,
    /// What is wrong, with its place, as the real renderer says it.
    pub message: String,
    /// The line, from 1, where it is known.
    pub line: Option<usize>,
    /// The column in UTF-16 code units, from 1, where it is known.
    pub column: Option<usize>,
}

impl std::fmt::Display for RenderError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for RenderError {}

/// A place in a template, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Place {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

/// The resource that a limit is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resource {
    SourceCodeUnits,
    AstNodes,
    WorkUnits,
    NestingDepth,
    OutputCodeUnits,
    ScratchBytes,
    CapabilityCalls,
}

impl Resource {
    fn name(self) -> &'static str {
        match self {
            Self::SourceCodeUnits => "source code unit",
            Self::AstNodes => "AST node",
            Self::WorkUnits => "work unit",
            Self::NestingDepth => "nesting depth",
            Self::OutputCodeUnits => "output code unit",
            Self::ScratchBytes => "scratch byte",
            Self::CapabilityCalls => "capability call",
        }
    }
}

/// Boxed: most evaluations succeed, and recursion has to keep small frames.
pub(crate) type Outcome<T> = Result<T, Box<Failure>>;

/// An error on its way out, before all about it is known.
#[derive(Debug, Clone)]
pub(crate) enum Failure {
    /// An expression or tag failed.
    Evaluation { capability: bool, message: String, place: Option<Place> },
    /// A limit was exceeded.
    Limit { resource: Resource, parsing: bool, configured: f64, observed: f64, place: Option<Place> },
    /// The source is no template.
    Syntax { message: String, place: Option<Place> },
    /// Too deep for the stack it runs on; to be tried again on a larger one.
    Deep,
}

impl Failure {
    pub(crate) fn new(message: impl Into<String>) -> Box<Self> {
        Box::new(Self::Evaluation { capability: false, message: message.into(), place: None })
    }

    pub(crate) fn capability(message: String) -> Box<Self> {
        Box::new(Self::Evaluation { capability: true, message, place: None })
    }

    pub(crate) fn syntax(message: impl Into<String>, place: Place) -> Box<Self> {
        Box::new(Self::Syntax { message: message.into(), place: Some(place) })
    }

    pub(crate) fn limit(resource: Resource, configured: usize, observed: f64) -> Box<Self> {
        let configured = number::from_count(configured);
        Box::new(Self::Limit { resource, parsing: false, configured, observed, place: None })
    }

    pub(crate) fn parse_limit(resource: Resource, configured: usize, observed: usize, at: Option<Place>) -> Box<Self> {
        let (configured, observed) = (number::from_count(configured), number::from_count(observed));
        Box::new(Self::Limit { resource, parsing: true, configured, observed, place: at })
    }

    /// Adds the place, unless a deeper one is known.
    pub(crate) fn at(mut self: Box<Self>, position: Place) -> Box<Self> {
        if let Self::Evaluation { place, .. } | Self::Limit { place, .. } = self.as_mut()
            && place.is_none()
        {
            *place = Some(position);
        }
        self
    }

    /// Says what failed before saying how; limits speak for themselves.
    pub(crate) fn within(mut self: Box<Self>, context: &str, position: Place) -> Box<Self> {
        if let Self::Evaluation { message, place, .. } = self.as_mut() {
            *message = format!("{context}: {message}");
            place.get_or_insert(position);
        }
        self
    }

    pub(crate) fn public(self) -> RenderError {
        match self {
            Self::Evaluation { capability, message, place } => {
                let kind = if capability { ErrorKind::Capability } else { ErrorKind::Evaluation };
                render_error(kind, &message, place)
            }
            Self::Syntax { message, place } => render_error(ErrorKind::Syntax, &message, place),
            Self::Deep => render_error(ErrorKind::Evaluation, "Template rendering failed", None),
            Self::Limit { resource, parsing, configured, observed, place } => {
                let stage = if parsing { "Template parsing" } else { "Template evaluation" };
                let location = place
                    .map(|place| format!(" at line {}, column {}", place.line + 1, place.column + 1))
                    .unwrap_or_default();
                let message = format!(
                    "{stage} exceeded the {} limit of {} (observed {}){location}",
                    resource.name(),
                    number::print(configured),
                    number::print(observed)
                );
                let (line, column) = one_based(place);
                RenderError { kind: ErrorKind::Limit, message, line, column }
            }
        }
    }
}

fn one_based(place: Option<Place>) -> (Option<usize>, Option<usize>) {
    (place.map(|place| place.line + 1), place.map(|place| place.column + 1))
}

fn render_error(kind: ErrorKind, detail: &str, place: Option<Place>) -> RenderError {
    let location = place
        .map(|place| format!("Template error at line {}, column {}: ", place.line + 1, place.column + 1))
        .unwrap_or_default();
    let (line, column) = one_based(place);
    RenderError { kind, message: neutralized(&format!("{location}{detail}")), line, column }
}

/// Escapes what could change how a message is shown, and bounds its length.
pub(crate) fn neutralized(message: &str) -> String {
    let escaped = escaped(message);
    let units: Vec<u16> = escaped.encode_utf16().collect();
    match units.get(..1024) {
        Some(kept) if units.len() > 1024 => format!("{}…", String::from_utf16_lossy(kept)),
        _ => escaped,
    }
}

/// A text of the template, quoted and bounded.
pub(crate) fn quoted(units: &[u16]) -> String {
    let mut kept = units.get(..200).unwrap_or(units).to_vec();
    if units.len() > 200 {
        kept.push(0x2026);
    }
    escaped(&String::from_utf16_lossy(&super::json::quote(&kept)))
}

pub(crate) fn quoted_str(text: &str) -> String {
    quoted(&text.encode_utf16().collect::<Vec<_>>())
}

fn escaped(text: &str) -> String {
    let mut output = String::with_capacity(text.len());
    for character in text.chars() {
        let unsafe_to_show = matches!(character,
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if unsafe_to_show {
            output.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            output.push(character);
        }
    }
    output
}

/// The name that was probably meant, from a closed set.
pub(crate) fn suggestion<'a>(name: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    if name.is_empty() || name.len() > 64 {
        return None;
    }
    let most = match name.len() {
        ..=4 => 1,
        5..=10 => 2,
        _ => 3,
    };
    let mut closest = None;
    let mut distance = most + 1;
    for candidate in candidates.take(256) {
        let far = candidate.len().abs_diff(name.len()) > most;
        if candidate == name || candidate.is_empty() || candidate.len() > 64 || far {
            continue;
        }
        let found = edits(name.as_bytes(), candidate.as_bytes());
        if found < distance {
            (closest, distance) = (Some(candidate), found);
        }
    }
    closest
}

/// How many letters have to be changed, added, removed or swapped.
fn edits(left: &[u8], right: &[u8]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut previous: Vec<usize> = (0..=right.len()).collect();
    for (row, letter) in left.iter().enumerate() {
        let mut current = vec![row + 1];
        for (column, other) in right.iter().enumerate() {
            let at = |row: &[usize], index: usize| row.get(index).copied().unwrap_or(usize::MAX - 1);
            let substituted = at(&previous, column) + usize::from(letter != other);
            let mut least = substituted.min(at(&previous, column + 1) + 1).min(at(&current, column) + 1);
            let swapped =
                row > 0 && column > 0 && left.get(row - 1) == Some(other) && right.get(column - 1) == Some(letter);
            if swapped {
                least = least.min(at(&before, column - 1) + 1);
            }
            current.push(least);
        }
        before = std::mem::replace(&mut previous, current);
    }
    previous.last().copied().unwrap_or_default()
}

/// `Unknown filter "x"; did you mean "y"?`
pub(crate) fn unknown<'a>(what: &str, name: &str, candidates: impl Iterator<Item = &'a str>) -> String {
    let meant = suggestion(name, candidates).map(|meant| format!("; did you mean {}?", quoted_str(meant)));
    format!("Unknown {what} {}{}", quoted_str(name), meant.unwrap_or_default())
}
