//! The grammar of expressions, with all that browsers take besides.

use super::class::Class;
use crate::template::text::{ascii_at, starts_with};

/// Groups in groups beyond this are refused.
const MAX_DEPTH: usize = 250;

/// The names of groups, each with its number.
pub(super) type Names = Vec<(Vec<u16>, usize)>;

/// One part of an expression.
#[derive(Debug, Clone)]
pub(super) enum Part {
    Class(Class),
    Start,
    End,
    Boundary { negated: bool },
    Group { index: Option<usize>, alternatives: Vec<Vec<Part>> },
    Look { behind: bool, negated: bool, alternatives: Vec<Vec<Part>> },
    Reference(usize),
    Repeat { part: Box<Part>, least: usize, most: usize, greedy: bool, groups: (usize, usize) },
}

/// A whole expression.
pub(super) struct Parsed {
    pub(super) alternatives: Vec<Vec<Part>>,
    pub(super) groups: usize,
    pub(super) names: Names,
}

struct Parser<'a> {
    source: &'a [u16],
    index: usize,
    /// How many groups have been opened.
    opened: usize,
    groups: usize,
    names: Names,
    depth: usize,
}

/// Reads an expression; none where it is none.
pub(super) fn parse(source: &[u16]) -> Option<Parsed> {
    let (groups, names) = groups(source)?;
    let mut parser = Parser { source, index: 0, opened: 0, groups, names, depth: 0 };
    let alternatives = parser.alternatives()?;
    (parser.index == source.len()).then_some(Parsed { alternatives, groups, names: parser.names })
}

/// All groups, which references may name before they are opened.
fn groups(source: &[u16]) -> Option<(usize, Names)> {
    let (mut index, mut count, mut in_class) = (0, 0, false);
    let mut names: Names = Vec::new();
    while index < source.len() {
        match ascii_at(source, index) {
            Some('\\') => index += 1,
            Some('[') => in_class = true,
            Some(']') => in_class = false,
            Some('(') if !in_class => {
                if ascii_at(source, index + 1) != Some('?') {
                    count += 1;
                } else if starts_with(source, index, "(?<") && !matches!(ascii_at(source, index + 3), Some('=' | '!')) {
                    count += 1;
                    let (name, _) = group_name(source, index + 3)?;
                    if names.iter().any(|(other, _)| *other == name) {
                        return None;
                    }
                    names.push((name, count));
                }
            }
            _ => {}
        }
        index += 1;
    }
    Some((count, names))
}

/// The name that ends with `>`, and what is after it.
fn group_name(source: &[u16], start: usize) -> Option<(Vec<u16>, usize)> {
    let length = source.get(start..)?.iter().position(|unit| *unit == u16::from(b'>'))?;
    let name = source.get(start..start + length)?;
    let text = String::from_utf16(name).ok()?;
    let mut characters = text.chars();
    let first = characters.next()?;
    let valid = (first.is_alphabetic() || first == '$' || first == '_')
        && characters.all(|character| character.is_alphanumeric() || character == '$' || character == '_');
    valid.then(|| (name.to_vec(), start + length + 1))
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        ascii_at(self.source, self.index)
    }

    fn eat(&mut self, text: &str) -> bool {
        let found = starts_with(self.source, self.index, text);
        if found {
            self.index += text.len();
        }
        found
    }

    fn alternatives(&mut self) -> Option<Vec<Vec<Part>>> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return None;
        }
        let mut alternatives = vec![Vec::new()];
        while self.index < self.source.len() && self.peek() != Some(')') {
            if self.eat("|") {
                alternatives.push(Vec::new());
                continue;
            }
            let part = self.term()?;
            alternatives.last_mut()?.push(part);
        }
        self.depth -= 1;
        Some(alternatives)
    }

    fn term(&mut self) -> Option<Part> {
        let before = self.opened;
        let part = self.atom()?;
        let quantifiable = match &part {
            Part::Start | Part::End | Part::Boundary { .. } => false,
            Part::Look { behind, .. } => !behind,
            _ => true,
        };
        let Some((least, most)) = self.quantifier()? else { return Some(part) };
        if !quantifiable {
            return None;
        }
        let greedy = !self.eat("?");
        Some(Part::Repeat { part: Box::new(part), least, most, greedy, groups: (before, self.opened) })
    }

    /// How often; the outer none is an expression that is none.
    #[expect(clippy::option_option, reason = "no quantifier is no error")]
    fn quantifier(&mut self) -> Option<Option<(usize, usize)>> {
        let bounds = match self.peek() {
            Some('*') => (0, usize::MAX),
            Some('+') => (1, usize::MAX),
            Some('?') => (0, 1),
            Some('{') => {
                let Some((bounds, end)) = braces(self.source, self.index) else { return Some(None) };
                self.index = end;
                return (bounds.0 <= bounds.1).then_some(Some(bounds));
            }
            _ => return Some(None),
        };
        self.index += 1;
        Some(Some(bounds))
    }

    fn atom(&mut self) -> Option<Part> {
        match self.peek()? {
            '^' => self.single(Part::Start),
            '$' => self.single(Part::End),
            '.' => self.single(Part::Class(Class::line_ends().negate())),
            '(' => self.group(),
            '[' => self.class().map(Part::Class),
            '\\' => self.escape(),
            '*' | '+' | '?' => None,
            '{' if braces(self.source, self.index).is_some() => None,
            _ => {
                let unit = *self.source.get(self.index)?;
                self.single(Part::Class(Class::unit(unit)))
            }
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "reads as the other cases do")]
    fn single(&mut self, part: Part) -> Option<Part> {
        self.index += 1;
        Some(part)
    }

    fn group(&mut self) -> Option<Part> {
        let looks = [("(?=", false, false), ("(?!", false, true), ("(?<=", true, false), ("(?<!", true, true)];
        for (opening, behind, negated) in looks {
            if self.eat(opening) {
                let alternatives = self.alternatives()?;
                return self.eat(")").then_some(Part::Look { behind, negated, alternatives });
            }
        }
        let mut index = None;
        if !self.eat("(?:") {
            if self.eat("(?<") {
                (_, self.index) = group_name(self.source, self.index)?;
            } else if starts_with(self.source, self.index, "(?") {
                return None;
            } else {
                self.index += 1;
            }
            self.opened += 1;
            index = Some(self.opened);
        }
        let alternatives = self.alternatives()?;
        self.eat(")").then_some(Part::Group { index, alternatives })
    }

    fn escape(&mut self) -> Option<Part> {
        let character = ascii_at(self.source, self.index + 1)?;
        match character {
            'b' | 'B' => {
                self.index += 2;
                return Some(Part::Boundary { negated: character == 'B' });
            }
            'k' if !self.names.is_empty() => {
                if !starts_with(self.source, self.index, "\\k<") {
                    return None;
                }
                let (name, end) = group_name(self.source, self.index + 3)?;
                self.index = end;
                let group = self.names.iter().find(|(other, _)| *other == name)?.1;
                return Some(Part::Reference(group));
            }
            '1'..='9' => {
                let digits: String = (self.index + 1..)
                    .map_while(|index| ascii_at(self.source, index).filter(char::is_ascii_digit))
                    .collect();
                if let Ok(group) = digits.parse::<usize>()
                    && group <= self.groups
                {
                    self.index += 1 + digits.len();
                    return Some(Part::Reference(group));
                }
            }
            _ => {}
        }
        self.class_escape(false).map(Part::Class)
    }

    /// What a backslash stands for, as a set; in a class and outside of one.
    fn class_escape(&mut self, in_class: bool) -> Option<Class> {
        let unit = *self.source.get(self.index + 1)?;
        let character = ascii_at(self.source, self.index + 1)?;
        let start = self.index;
        self.index += 2;
        Some(match character {
            'd' => Class::digits(),
            'D' => Class::digits().negate(),
            's' => Class::spaces(),
            'S' => Class::spaces().negate(),
            'w' => Class::words(),
            'W' => Class::words().negate(),
            'b' if in_class => Class::unit(8),
            't' => Class::unit(9),
            'n' => Class::unit(10),
            'v' => Class::unit(11),
            'f' => Class::unit(12),
            'r' => Class::unit(13),
            'c' => {
                let control = ascii_at(self.source, self.index).filter(|letter| {
                    letter.is_ascii_alphabetic() || (in_class && (letter.is_ascii_digit() || *letter == '_'))
                });
                // No control: a backslash, and what follows it is read again.
                let letter = control.and_then(|letter| u8::try_from(letter).ok());
                self.index = if letter.is_some() { self.index + 1 } else { start + 1 };
                Class::unit(u16::from(letter.map_or(b'\\', |letter| letter % 32)))
            }
            'x' => Class::unit(self.hexadecimal(2).unwrap_or(unit)),
            'u' => Class::unit(self.hexadecimal(4).unwrap_or(unit)),
            '0'..='7' => Class::unit(self.octal(start + 1)),
            'k' if !self.names.is_empty() => return None,
            _ => Class::unit(unit),
        })
    }

    fn hexadecimal(&mut self, count: usize) -> Option<u16> {
        let digits: Option<String> = (self.index..self.index + count)
            .map(|index| ascii_at(self.source, index).filter(char::is_ascii_hexdigit))
            .collect();
        let value = u16::from_str_radix(&digits?, 16).ok()?;
        self.index += count;
        Some(value)
    }

    /// Up to three octal digits that are at most 255.
    fn octal(&mut self, start: usize) -> u16 {
        let mut value = 0;
        self.index = start;
        for _ in 0..3 {
            let Some(digit) = self.peek().and_then(|digit| digit.to_digit(8)) else { break };
            let next = value * 8 + u16::try_from(digit).unwrap_or_default();
            if next > 255 {
                break;
            }
            value = next;
            self.index += 1;
        }
        value
    }

    fn class(&mut self) -> Option<Class> {
        self.index += 1;
        let negated = self.eat("^");
        let mut class = Class::default();
        loop {
            if self.eat("]") {
                class.negated = negated;
                return Some(class);
            }
            let first = self.class_atom()?;
            let range = self.peek() == Some('-') && ascii_at(self.source, self.index + 1) != Some(']');
            if !range {
                class.add(&first);
                continue;
            }
            self.index += 1;
            let last = self.class_atom()?;
            match (single_unit(&first), single_unit(&last)) {
                (Some(first), Some(last)) if first > last => return None,
                (Some(first), Some(last)) => class.ranges.push((first, last)),
                _ => {
                    class.add(&first);
                    class.add(&last);
                    class.ranges.push((45, 45));
                }
            }
        }
    }

    fn class_atom(&mut self) -> Option<Class> {
        if self.peek()? == '\\' {
            return self.class_escape(true);
        }
        let unit = *self.source.get(self.index)?;
        self.index += 1;
        Some(Class::unit(unit))
    }
}

fn single_unit(class: &Class) -> Option<u16> {
    match class.ranges.as_slice() {
        [(first, last)] if first == last && !class.negated => Some(*first),
        _ => None,
    }
}

/// The bounds in braces and what is after them; none where the braces are text.
fn braces(source: &[u16], start: usize) -> Option<((usize, usize), usize)> {
    let digits = |from: usize| -> String {
        (from..).map_while(|index| ascii_at(source, index).filter(char::is_ascii_digit)).collect()
    };
    // Beyond all texts is beyond all texts.
    let value = |digits: &str| digits.parse().unwrap_or(usize::MAX);
    let least = digits(start + 1);
    if least.is_empty() {
        return None;
    }
    let mut index = start + 1 + least.len();
    let least = value(&least);
    let mut most = least;
    if ascii_at(source, index) == Some(',') {
        let digits = digits(index + 1);
        index += 1 + digits.len();
        most = if digits.is_empty() { usize::MAX } else { value(&digits) };
    }
    (ascii_at(source, index) == Some('}')).then_some(((least, most), index + 1))
}
