//! Backslash escapes, inside and outside of character classes.

use super::{Fault, Translator};

/// Translates an escape outside of a class.
pub(super) fn translate(translator: &mut Translator<'_>) -> Result<(), Fault> {
    let text = translator.rest;
    let assertion = match text.get(..2) {
        Some("\\A") => Some("\\A"),
        Some("\\z") => Some("\\z"),
        // Go's word boundary knows ASCII words only.
        Some("\\b") => Some("(?-u:\\b)"),
        Some("\\B") => Some("(?-u:\\B)"),
        Some("\\Q") => {
            quoted(translator);
            return Ok(());
        }
        _ => None,
    };
    if let Some(assertion) = assertion {
        translator.take(2);
        translator.output.push_str(assertion);
        translator.push_atom(1);
        return Ok(());
    }
    if let Some((length, class)) = class_escape(translator, text)? {
        translator.take(length);
        translator.output.push_str(&class);
        translator.push_atom(1);
        return Ok(());
    }
    let (character, length) = character(text)?;
    translator.take(length);
    translator.literal(character);
    Ok(())
}

fn quoted(translator: &mut Translator<'_>) {
    translator.take(2);
    let length = translator.rest.find("\\E").unwrap_or(translator.rest.len());
    for character in translator.take(length).chars() {
        translator.literal(character);
    }
    translator.take(2);
}

/// A `\d`, `\W`, `\pL`, `\p{^Greek}` at the start of `text`: its length and a Rust class that stands in both places.
pub(super) fn class_escape(translator: &mut Translator<'_>, text: &str) -> Result<Option<(usize, String)>, Fault> {
    let perl = match text.get(..2) {
        Some("\\d") => "[0-9]",
        Some("\\D") => "[^0-9]",
        // Without the vertical tab, which Rust's own counts as space.
        Some("\\s") => "[\\t\\n\\f\\r ]",
        Some("\\S") => "[^\\t\\n\\f\\r ]",
        Some("\\w") => "[0-9A-Za-z_]",
        Some("\\W") => "[^0-9A-Za-z_]",
        Some("\\p") => return unicode_class(translator, text, false).map(Some),
        Some("\\P") => return unicode_class(translator, text, true).map(Some),
        _ => return Ok(None),
    };
    Ok(Some((2, perl.to_owned())))
}

fn unicode_class(translator: &mut Translator<'_>, text: &str, negated: bool) -> Result<(usize, String), Fault> {
    let bad = |sequence: &str| Fault::new("invalid character class range", sequence);
    let after = text.get(2..).unwrap_or("");
    let (length, name) = match after.chars().next() {
        None => return Err(bad(text)),
        Some('{') => {
            let end = after.find('}').ok_or_else(|| bad(text))?;
            (2 + end + 1, after.get(1..end).unwrap_or(""))
        }
        Some(letter) => (2 + letter.len_utf8(), after.get(..letter.len_utf8()).unwrap_or("")),
    };
    let sequence = text.get(..length).unwrap_or(text);
    let (name, flipped) = name.strip_prefix('^').map_or((name, false), |name| (name, true));
    let plain = !name.is_empty() && name.chars().all(|letter| letter.is_ascii_alphabetic() || " _-".contains(letter));
    if !plain {
        return Err(bad(sequence));
    }
    let class = format!("\\{}{{{name}}}", if negated == flipped { 'p' } else { 'P' });
    translator.unicode_classes.push((sequence.to_owned(), class.clone()));
    Ok((length, class))
}

/// A single character written with a backslash at the start of `text`, and the bytes it takes.
pub(super) fn character(text: &str) -> Result<(char, usize), Fault> {
    let mut rest = text.chars();
    rest.next();
    let Some(letter) = rest.next() else {
        return Err(Fault::new("trailing backslash at end of expression", ""));
    };
    let after = rest.as_str();
    let read = |rest: &str| text.len() - rest.len();
    let simple = match letter {
        'a' => '\x07',
        'f' => '\x0c',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\x0b',
        '0'..='7' if letter == '0' || after.starts_with(|next: char| ('0'..='7').contains(&next)) => {
            return Ok(octal(text, after, letter));
        }
        'x' => return hexadecimal(text, after),
        _ if letter.is_ascii() && !letter.is_ascii_alphanumeric() => letter,
        _ => return Err(invalid(text, read(after))),
    };
    Ok((simple, read(after)))
}

fn octal(text: &str, after: &str, first: char) -> (char, usize) {
    let more = after.chars().take(2).take_while(|digit| ('0'..='7').contains(digit));
    let digits: Vec<u32> = std::iter::once(first).chain(more).filter_map(|digit| digit.to_digit(8)).collect();
    let value = digits.iter().fold(0, |value, digit| value * 8 + digit);
    (char::from_u32(value).unwrap_or('\0'), text.len() - after.len() + digits.len() - 1)
}

fn hexadecimal(text: &str, after: &str) -> Result<(char, usize), Fault> {
    let mut rest = after.chars();
    let first = rest.next();
    if first != Some('{') {
        let digits: Option<Vec<u32>> = after.chars().take(2).map(|digit| digit.to_digit(16)).collect();
        if let Some([high, low]) = digits.as_deref() {
            return Ok((char::from_u32(high * 16 + low).unwrap_or('\0'), text.len() - after.len() + 2));
        }
        let read = after.chars().take(2).map(char::len_utf8).sum::<usize>();
        return Err(invalid(text, text.len() - after.len() + read));
    }
    let mut value = 0u32;
    let mut count = 0;
    loop {
        let next = rest.next();
        let read = text.len() - rest.as_str().len();
        match next {
            // Surrogates are no characters: Go's class would match nothing there.
            Some('}') if count > 0 => return Ok((char::from_u32(value).unwrap_or('\u{fffd}'), read)),
            Some(digit) if digit.is_ascii_hexdigit() => {
                value = value * 16 + digit.to_digit(16).unwrap_or(0);
                count += 1;
                if value > 0x0010_ffff {
                    return Err(invalid(text, read));
                }
            }
            _ => return Err(invalid(text, read)),
        }
    }
}

fn invalid(text: &str, length: usize) -> Fault {
    Fault::new("invalid escape sequence", text.get(..length).unwrap_or(text))
}
