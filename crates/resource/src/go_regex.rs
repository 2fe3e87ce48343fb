//! Go's regular expressions (RE2 syntax) on Rust's engine.
//!
//! Owns the translation: both engines match in linear time, but their syntaxes differ in what `\d`, `[`, `{`, `\z` and
//! their like mean. What Go refuses is refused here in Go's words. Does not own matching: the result is a plain `Regex`.

pub use regex::Regex;
use regex::RegexBuilder;

mod class;
mod escape;

/// Go refuses a repetition that, with those around it, counts to more than this.
const MAX_REPEAT: u32 = 1000;
/// Groups nested deeper than this are refused; Go stops at 1000, Rust's compiler needs stack for each.
const MAX_DEPTH: u32 = 250;
const SIZE_LIMIT_BYTES: usize = 32 << 20;

/// Compiles a Go pattern. The error is the text of Go's `regexp.Compile`.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    let translation = Translator::new(pattern).run().map_err(|fault| fault.to_string())?;
    RegexBuilder::new(&translation.output).nest_limit(MAX_DEPTH).size_limit(SIZE_LIMIT_BYTES).build().map_err(|error| {
        let unknown_class = translation.unicode_classes.iter().find(|(_, rust)| Regex::new(rust).is_err());
        match (unknown_class, error) {
            (Some((go, _)), _) => Fault::new("invalid character class range", go).to_string(),
            (None, regex::Error::CompiledTooBig(_)) => Fault::new("expression too large", pattern).to_string(),
            (None, _) => Fault::new("expression nests too deeply", pattern).to_string(),
        }
    })
}

/// What Go says of a pattern that it cannot parse.
#[derive(Debug, thiserror::Error)]
#[error("error parsing regexp: {code}: `{expression}`")]
struct Fault {
    code: &'static str,
    expression: String,
}

impl Fault {
    fn new(code: &'static str, expression: &str) -> Self {
        Self { code, expression: expression.to_owned() }
    }
}

/// A group that is open: the largest repetition count inside it so far.
#[derive(Default)]
struct Level {
    repeat: u32,
}

struct Translator<'a> {
    pattern: &'a str,
    rest: &'a str,
    output: String,
    /// Unicode classes as Go wrote them and as Rust reads them, to name the unknown one when Rust refuses.
    unicode_classes: Vec<(String, String)>,
    levels: Vec<Level>,
    /// Repetition count of the atom that a repetition operator would apply to.
    atom: Option<u32>,
    /// Where the repetition just read began, since two in a row are an error.
    last_repeat: Option<&'a str>,
}

impl<'a> Translator<'a> {
    fn new(pattern: &'a str) -> Self {
        Self {
            pattern,
            rest: pattern,
            output: String::with_capacity(pattern.len() + 16),
            unicode_classes: Vec::new(),
            levels: vec![Level::default()],
            atom: None,
            last_repeat: None,
        }
    }

    fn run(mut self) -> Result<Self, Fault> {
        while let Some(next) = self.rest.chars().next() {
            let repeat = self.step(next)?;
            self.last_repeat = repeat;
        }
        if self.levels.len() > 1 {
            return Err(Fault::new("missing closing )", self.pattern));
        }
        Ok(self)
    }

    /// Translates one item; returns where it began if it was a repetition.
    fn step(&mut self, next: char) -> Result<Option<&'a str>, Fault> {
        match next {
            '(' => self.open()?,
            '|' => {
                self.take(1);
                self.output.push('|');
                self.atom = None;
            }
            ')' => self.close()?,
            '^' | '$' | '.' => {
                self.take(1);
                self.output.push(next);
                self.push_atom(1);
            }
            '[' => class::translate(self)?,
            '*' | '+' | '?' => return self.operator(next).map(Some),
            '{' => return self.braces(),
            '\\' => escape::translate(self)?,
            _ => {
                self.take(next.len_utf8());
                self.literal(next);
            }
        }
        Ok(None)
    }

    /// Moves past `length` bytes and returns them.
    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, ""));
        self.rest = rest;
        taken
    }

    fn literal(&mut self, character: char) {
        self.output.push_str(&regex::escape(character.encode_utf8(&mut [0; 4])));
        self.push_atom(1);
    }

    fn push_atom(&mut self, repeat: u32) {
        self.atom = Some(repeat);
        if let Some(level) = self.levels.last_mut() {
            level.repeat = level.repeat.max(repeat);
        }
    }

    fn open(&mut self) -> Result<(), Fault> {
        if self.rest.starts_with("(?") {
            return self.open_with_flags();
        }
        self.take(1);
        self.output.push('(');
        self.enter();
        Ok(())
    }

    fn enter(&mut self) {
        self.levels.push(Level::default());
        self.atom = None;
    }

    fn close(&mut self) -> Result<(), Fault> {
        let inner = self.levels.pop().unwrap_or_default();
        if self.levels.is_empty() {
            return Err(Fault::new("unexpected )", self.pattern));
        }
        self.take(1);
        self.output.push(')');
        self.push_atom(inner.repeat.max(1));
        Ok(())
    }

    fn open_with_flags(&mut self) -> Result<(), Fault> {
        let start = self.rest;
        if let Some(name) = start.strip_prefix("(?P<").or_else(|| start.strip_prefix("(?<")) {
            return self.open_named(start, name);
        }
        let mut negated = false;
        let mut saw_flag = false;
        for (offset, flag) in start.char_indices().skip(2) {
            match flag {
                'i' | 'm' | 's' | 'U' => saw_flag = true,
                '-' if !negated => (negated, saw_flag) = (true, false),
                ':' | ')' if saw_flag || !negated => {
                    let flags = self.take(offset + 1);
                    // Go allows `(?)`, which changes nothing and which Rust refuses.
                    self.output.push_str(if flags == "(?)" { "" } else { flags });
                    if flag == ':' {
                        self.enter();
                    }
                    return Ok(());
                }
                _ => return Err(Fault::new("invalid or unsupported Perl syntax", prefix(start, offset, flag))),
            }
        }
        Err(Fault::new("invalid or unsupported Perl syntax", start))
    }

    fn open_named(&mut self, start: &'a str, after: &'a str) -> Result<(), Fault> {
        let Some(length) = after.find('>') else {
            return Err(Fault::new("invalid named capture", start));
        };
        let (name, _) = after.split_at(length);
        let whole = start.len() - after.len() + length + 1;
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(Fault::new("invalid named capture", start.get(..whole).unwrap_or(start)));
        }
        let taken = self.take(whole);
        if self.output.contains(&format!("(?P<{name}>")) {
            return Err(Fault::new("duplicate capture group name", name));
        }
        // Rust's names begin with a letter; Go's may begin with a digit. Such a group keeps its number only.
        if name.starts_with(|first: char| first.is_ascii_digit()) {
            self.output.push('(');
        } else {
            self.output.push_str(if taken.starts_with("(?P") { "" } else { "(?P" });
            self.output.push_str(if taken.starts_with("(?P") { taken } else { taken.trim_start_matches("(?") });
        }
        self.enter();
        Ok(())
    }

    fn operator(&mut self, operator: char) -> Result<&'a str, Fault> {
        let before = self.take_repeat(1)?;
        self.output.push(operator);
        self.finish_repeat(before);
        Ok(before)
    }

    /// Takes an operator of `length` bytes with its `?`, if Go allows one here. Returns the text from its start on.
    fn take_repeat(&mut self, length: usize) -> Result<&'a str, Fault> {
        let before = self.rest;
        self.take(length);
        if self.rest.starts_with('?') {
            self.take(1);
        }
        let read = |from: &'a str| from.get(..from.len() - self.rest.len()).unwrap_or(from);
        if let Some(last) = self.last_repeat {
            return Err(Fault::new("invalid nested repetition operator", read(last)));
        }
        if self.atom.is_none() {
            return Err(Fault::new("missing argument to repetition operator", read(before)));
        }
        Ok(before)
    }

    fn finish_repeat(&mut self, before: &str) {
        let consumed = before.get(..before.len() - self.rest.len()).unwrap_or(before);
        if consumed.len() > 1 && consumed.ends_with('?') {
            self.output.push('?');
        }
    }

    fn braces(&mut self) -> Result<Option<&'a str>, Fault> {
        let Some((length, minimum, maximum)) = counts(self.rest) else {
            self.take(1);
            self.literal('{');
            return Ok(None);
        };
        let text = self.rest.get(..length).unwrap_or(self.rest);
        let too_many = |count: u32| count > MAX_REPEAT;
        if too_many(minimum) || maximum.is_some_and(|maximum| too_many(maximum) || minimum > maximum) {
            return Err(Fault::new("invalid repeat count", text));
        }
        let before = self.take_repeat(length)?;
        let times = maximum.unwrap_or(minimum);
        let total = self.atom.unwrap_or(1).saturating_mul(times);
        if times >= 2 && too_many(total) {
            return Err(Fault::new("invalid repeat count", text));
        }
        self.output.push_str(text);
        self.finish_repeat(before);
        self.push_atom(total);
        Ok(Some(before))
    }
}

/// Reads `{2}`, `{2,}` or `{2,3}`: its length in bytes and its counts. `None` where Go takes the brace literally.
fn counts(text: &str) -> Option<(usize, u32, Option<u32>)> {
    let inside = text.strip_prefix('{')?;
    let (inside, _) = inside.split_once('}')?;
    let number = |digits: &str| {
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let leading_zero = digits.len() > 1 && digits.starts_with('0');
        (plain && !leading_zero).then(|| digits.parse().unwrap_or(u32::MAX))
    };
    let (minimum, maximum) = match inside.split_once(',') {
        None => (number(inside)?, Some(number(inside)?)),
        Some((minimum, "")) => (number(minimum)?, None),
        Some((minimum, maximum)) => (number(minimum)?, Some(number(maximum)?)),
    };
    Some((inside.len() + 2, minimum, maximum))
}

fn prefix(text: &str, offset: usize, last: char) -> &str {
    text.get(..offset + last.len_utf8()).unwrap_or(text)
}

#[cfg(test)]
mod tests;
