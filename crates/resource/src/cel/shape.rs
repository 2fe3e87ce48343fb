//! Bounds on text and trees: the parser and all that follows recurse once for each level.

/// Longest text that is parsed.
const MAX_LENGTH: usize = 64 << 10;
/// Deepest nesting of brackets, and longest run of prefix operators.
const MAX_BRACKETS: usize = 100;
/// Most operators in one text: each may be one level of its tree.
const MAX_OPERATORS: usize = 4_000;
/// Deepest tree that is run.
pub(super) const MAX_DEPTH: usize = 4_000;

/// Brackets and operators of a text that any stack can parse.
const SMALL_BRACKETS: usize = 6;
const SMALL_OPERATORS: usize = 30;

/// Stack for large texts: built for debugging, the parser takes some 150 KiB for each bracket.
const LARGE_STACK: usize = 128 << 20;

/// Runs `work` where there is stack enough for anything within the bounds.
pub(super) fn on_large_stack<T: Send>(work: impl FnOnce() -> T + Send) -> std::thread::Result<T> {
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().stack_size(LARGE_STACK).spawn_scoped(scope, work);
        worker.map_or_else(
            |error| Err(Box::new(error) as Box<dyn std::any::Any + Send>),
            std::thread::ScopedJoinHandle::join,
        )
    })
}

/// How much stack something needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// What is left of any.
    Small,
    /// A stack of its own.
    Large,
}

/// Refuses text whose parse might need too much stack, judged without parsing it.
pub(super) fn check_source(source: &str) -> Result<Size, String> {
    if source.len() > MAX_LENGTH {
        return Err(format!("it is longer than {MAX_LENGTH} bytes"));
    }
    let (mut brackets, mut deepest, mut operators, mut run, mut longest_run) = (0usize, 0, 0, 0usize, 0);
    let mut rest = source;
    let mut before = ' ';
    while let Some(character) = rest.chars().next() {
        let after = &rest[character.len_utf8()..];
        rest = match character {
            '"' | '\'' => after_text(rest, character, matches!(before, 'r' | 'R')),
            '/' if after.starts_with('/') => after.find('\n').map_or("", |end| &after[end..]),
            _ => after,
        };
        match character {
            '(' | '[' | '{' => {
                brackets += 1;
                deepest = deepest.max(brackets);
                operators += 1;
            }
            ')' | ']' | '}' => brackets = brackets.saturating_sub(1),
            '+' | '-' | '*' | '/' | '%' | '!' | '?' | '.' | '<' | '>' | '=' | '&' | '|' => operators += 1,
            _ => {}
        }
        run = if matches!(character, '!' | '-') { run + 1 } else { 0 };
        longest_run = longest_run.max(run);
        before = character;
    }
    if deepest > MAX_BRACKETS || longest_run > MAX_BRACKETS {
        return Err("it nests too deeply".to_owned());
    }
    if operators > MAX_OPERATORS {
        return Err(format!("it has more than {MAX_OPERATORS} operators"));
    }
    let small = deepest <= SMALL_BRACKETS && operators <= SMALL_OPERATORS;
    Ok(if small { Size::Small } else { Size::Large })
}

/// What follows a text that starts here, as the lexer would end it: at its quotes, one or three, escaped or raw. A text
/// without an end has none; what is behind its first quote is looked at then.
fn after_text(text: &str, quote: char, raw: bool) -> &str {
    let triple = [quote; 3].iter().collect::<String>();
    let (ends, width) = if text.starts_with(&triple) { (triple, 3) } else { (quote.to_string(), 1) };
    let mut rest = &text[width..];
    loop {
        if let Some(after) = rest.strip_prefix(ends.as_str()) {
            return after;
        }
        let mut characters = rest.chars();
        match characters.next() {
            None => return &text[1..],
            Some('\n') if width == 1 => return &text[1..],
            Some('\\') if !raw => {
                characters.next();
            }
            Some(_) => {}
        }
        rest = characters.as_str();
    }
}
