//! Lua's patterns, with their steps counted: in Lua's own library a short pattern can take years.
//!
//! Owns matching bytes. What `find`, `match`, `gmatch` and `gsub` make of a match is in `text`.

/// How deep a match may nest, as in Lua.
const DEEPEST: usize = 200;
/// How many captures a pattern may have, as in Lua.
const MOST_CAPTURES: usize = 32;

/// What a pair of parentheses stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Capture {
    /// `()`: a place.
    Place(usize),
    /// Its end is not known, yet or at all.
    Open(usize),
    /// From here to there.
    Text(usize, usize),
}

/// Why matching ended without an answer.
#[derive(Debug)]
pub(super) enum Failure {
    /// The pattern is none.
    Malformed(&'static str),
    /// The run is over.
    Ended(mlua::Error),
}

/// Counts steps.
pub(super) type Spend<'a> = &'a dyn Fn(u64) -> mlua::Result<()>;

/// One attempt to match.
pub(super) struct Matcher<'a> {
    text: &'a [u8],
    pattern: &'a [u8],
    spend: Spend<'a>,
    depth: usize,
    pub(super) captures: Vec<Capture>,
}

type Matched = Result<Option<usize>, Failure>;

impl<'a> Matcher<'a> {
    /// A matcher of `pattern`, without the `^` that anchors it.
    pub(super) fn new(text: &'a [u8], pattern: &'a [u8], spend: Spend<'a>) -> Self {
        Self { text, pattern, spend, depth: 0, captures: Vec::new() }
    }

    /// Where a match that starts at `start` ends.
    pub(super) fn at(&mut self, start: usize) -> Matched {
        self.captures.clear();
        self.depth = 0;
        self.matches(start, 0)
    }

    fn matches(&mut self, start: usize, pattern: usize) -> Matched {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Failure::Malformed("pattern too complex"));
        }
        let matched = self.matches_here(start, pattern);
        self.depth -= 1;
        matched
    }

    fn matches_here(&mut self, mut text: usize, mut pattern: usize) -> Matched {
        loop {
            (self.spend)(1).map_err(Failure::Ended)?;
            let following = self.pattern.get(pattern + 1).copied();
            match (self.pattern.get(pattern).copied(), following) {
                (None, _) => return Ok(Some(text)),
                (Some(b'('), Some(b')')) => return self.capture(Capture::Place(text), text, pattern + 2),
                (Some(b'('), _) => return self.capture(Capture::Open(text), text, pattern + 1),
                (Some(b')'), _) => return self.close(text, pattern + 1),
                (Some(b'$'), None) => return Ok((text == self.text.len()).then_some(text)),
                (Some(b'%'), Some(b'b')) => match self.balanced(text, pattern + 2)? {
                    Some(end) => (text, pattern) = (end, pattern + 4),
                    None => return Ok(None),
                },
                (Some(b'%'), Some(b'f')) => {
                    let end = self.class_end(pattern + 2)?;
                    if self.pattern.get(pattern + 2) != Some(&b'[') {
                        return Err(Failure::Malformed("missing '[' after '%f' in pattern"));
                    }
                    let before = text.checked_sub(1).and_then(|before| self.text.get(before)).copied().unwrap_or(0);
                    let here = self.text.get(text).copied().unwrap_or(0);
                    if self.is_in_set(before, pattern + 2, end) || !self.is_in_set(here, pattern + 2, end) {
                        return Ok(None);
                    }
                    pattern = end;
                }
                (Some(b'%'), Some(digit)) if digit.is_ascii_digit() => match self.repeated(text, digit)? {
                    Some(end) => (text, pattern) = (end, pattern + 2),
                    None => return Ok(None),
                },
                _ => match self.item(text, pattern)? {
                    Item::Next(next_text, next_pattern) => (text, pattern) = (next_text, next_pattern),
                    Item::Done(matched) => return Ok(matched),
                },
            }
        }
    }

    /// One class with what may follow it: `?`, `+`, `*`, `-`.
    fn item(&mut self, text: usize, pattern: usize) -> Result<Item, Failure> {
        let end = self.class_end(pattern)?;
        let is_one = self.is_one(text, pattern, end);
        Ok(match self.pattern.get(end) {
            Some(b'?') => {
                let matched = if is_one { self.matches(text + 1, end + 1)? } else { None };
                matched.map_or(Item::Next(text, end + 1), |matched| Item::Done(Some(matched)))
            }
            Some(b'+') if !is_one => Item::Done(None),
            Some(b'+') => Item::Done(self.most(text, 1, pattern, end)?),
            Some(b'*') => Item::Done(self.most(text, 0, pattern, end)?),
            Some(b'-') => Item::Done(self.least(text, pattern, end)?),
            _ if is_one => Item::Next(text + 1, end),
            _ => Item::Done(None),
        })
    }

    fn most(&mut self, text: usize, least: usize, pattern: usize, end: usize) -> Matched {
        let count = (text..self.text.len()).take_while(|at| self.is_one(*at, pattern, end)).count();
        (self.spend)(u64::try_from(count).unwrap_or(u64::MAX)).map_err(Failure::Ended)?;
        for count in (least..=count).rev() {
            if let Some(matched) = self.matches(text + count, end + 1)? {
                return Ok(Some(matched));
            }
        }
        Ok(None)
    }

    fn least(&mut self, mut text: usize, pattern: usize, end: usize) -> Matched {
        loop {
            if let Some(matched) = self.matches(text, end + 1)? {
                return Ok(Some(matched));
            }
            if !self.is_one(text, pattern, end) {
                return Ok(None);
            }
            text += 1;
        }
    }

    fn capture(&mut self, capture: Capture, text: usize, pattern: usize) -> Matched {
        if self.captures.len() >= MOST_CAPTURES {
            return Err(Failure::Malformed("too many captures"));
        }
        self.captures.push(capture);
        let matched = self.matches(text, pattern)?;
        if matched.is_none() {
            self.captures.pop();
        }
        Ok(matched)
    }

    fn close(&mut self, text: usize, pattern: usize) -> Matched {
        let open = self.captures.iter().rposition(|it| matches!(it, Capture::Open(_)));
        let Some((index, Capture::Open(start))) = open.map(|index| (index, self.captures[index])) else {
            return Err(Failure::Malformed("invalid pattern capture"));
        };
        self.captures[index] = Capture::Text(start, text);
        let matched = self.matches(text, pattern)?;
        if matched.is_none() {
            self.captures[index] = Capture::Open(start);
        }
        Ok(matched)
    }

    /// `%bxy`.
    fn balanced(&self, text: usize, pattern: usize) -> Matched {
        let (Some(open), Some(close)) = (self.pattern.get(pattern), self.pattern.get(pattern + 1)) else {
            return Err(Failure::Malformed("missing arguments to '%b'"));
        };
        if self.text.get(text) != Some(open) {
            return Ok(None);
        }
        let rest = self.text.get(text + 1..).unwrap_or_default();
        (self.spend)(u64::try_from(rest.len()).unwrap_or(u64::MAX)).map_err(Failure::Ended)?;
        let mut depth = 1_usize;
        for (index, byte) in rest.iter().enumerate() {
            if byte == close {
                depth -= 1;
                if depth == 0 {
                    return Ok(Some(text + index + 2));
                }
            } else if byte == open {
                depth += 1;
            }
        }
        Ok(None)
    }

    /// `%1`: what a capture has matched, once more.
    fn repeated(&self, text: usize, digit: u8) -> Matched {
        let index = usize::from(digit).checked_sub(usize::from(b'1'));
        let Some(Capture::Text(start, end)) = index.and_then(|index| self.captures.get(index)).copied() else {
            return Err(Failure::Malformed("invalid capture index"));
        };
        let length = end - start;
        (self.spend)(u64::try_from(length).unwrap_or(u64::MAX)).map_err(Failure::Ended)?;
        let is_same = self.text.get(text..text + length) == self.text.get(start..end);
        Ok(is_same.then_some(text + length))
    }

    /// Where the class that starts at `pattern` ends.
    fn class_end(&self, pattern: usize) -> Result<usize, Failure> {
        match self.pattern.get(pattern) {
            Some(b'%') if pattern + 1 >= self.pattern.len() => {
                Err(Failure::Malformed("malformed pattern (ends with '%')"))
            }
            Some(b'%') => Ok(pattern + 2),
            Some(b'[') => {
                let mut at = pattern + 1 + usize::from(self.pattern.get(pattern + 1) == Some(&b'^'));
                loop {
                    // A bracket that comes first stands for itself.
                    at += if self.pattern.get(at) == Some(&b'%') { 2 } else { 1 };
                    match self.pattern.get(at) {
                        Some(b']') => return Ok(at + 1),
                        Some(_) => {}
                        None => return Err(Failure::Malformed("malformed pattern (missing ']')")),
                    }
                }
            }
            _ => Ok(pattern + 1),
        }
    }

    fn is_one(&self, text: usize, pattern: usize, end: usize) -> bool {
        let Some(byte) = self.text.get(text).copied() else { return false };
        match self.pattern.get(pattern) {
            Some(b'.') => true,
            Some(b'%') => self.pattern.get(pattern + 1).is_some_and(|class| is_in_class(byte, *class)),
            Some(b'[') => self.is_in_set(byte, pattern, end),
            other => other == Some(&byte),
        }
    }

    /// Whether a byte is in the set `[...]` that stands from `pattern` to `end`.
    fn is_in_set(&self, byte: u8, pattern: usize, end: usize) -> bool {
        let is_negated = self.pattern.get(pattern + 1) == Some(&b'^');
        let members =
            self.pattern.get(pattern + 1 + usize::from(is_negated)..end.saturating_sub(1)).unwrap_or_default();
        let mut at = 0;
        while let Some(member) = members.get(at).copied() {
            let (is_member, length) = match (member, members.get(at + 1), members.get(at + 2)) {
                (b'%', Some(class), _) => (is_in_class(byte, *class), 2),
                (from, Some(b'-'), Some(to)) => ((from..=*to).contains(&byte), 3),
                (other, ..) => (other == byte, 1),
            };
            if is_member {
                return !is_negated;
            }
            at += length;
        }
        is_negated
    }
}

enum Item {
    Next(usize, usize),
    Done(Option<usize>),
}

/// `%a` and the others; an upper case letter is everything else.
fn is_in_class(byte: u8, class: u8) -> bool {
    let is_member = match class.to_ascii_lowercase() {
        b'a' => byte.is_ascii_alphabetic(),
        b'c' => byte.is_ascii_control(),
        b'd' => byte.is_ascii_digit(),
        b'g' => byte.is_ascii_graphic(),
        b'l' => byte.is_ascii_lowercase(),
        b'p' => byte.is_ascii_punctuation(),
        b's' => byte.is_ascii_whitespace() || byte == 0x0b,
        b'u' => byte.is_ascii_uppercase(),
        b'w' => byte.is_ascii_alphanumeric(),
        b'x' => byte.is_ascii_hexdigit(),
        b'z' => byte == 0,
        _ => return class == byte,
    };
    is_member != class.is_ascii_uppercase()
}
