//! `strconv.Quote` and friends.

use std::sync::LazyLock;

use regex::Regex;

#[expect(clippy::unwrap_used, reason = "a constant pattern, compiled by the tests")]
static PRINTABLE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[\p{L}\p{M}\p{N}\p{P}\p{S}]$").unwrap());

/// `strconv.IsPrint`: letters, marks, numbers, punctuation, symbols and the ASCII space.
pub fn is_print(character: char) -> bool {
    match character {
        ' '..='~' => true,
        _ if character.is_ascii() => false,
        _ => PRINTABLE.is_match(character.encode_utf8(&mut [0; 4])),
    }
}

/// `strconv.Quote`, or `QuoteToASCII` with `ascii`.
pub fn string(text: &str, ascii: bool) -> String {
    quoted(text, '"', ascii)
}

/// `strconv.QuoteRune`, or `QuoteRuneToASCII` with `ascii`.
pub fn character(character: char, ascii: bool) -> String {
    quoted(character.encode_utf8(&mut [0; 4]), '\'', ascii)
}

/// `strconv.CanBackquote`.
pub fn can_backquote(text: &str) -> bool {
    text.chars()
        .all(|character| !matches!(character, '\u{feff}' | '`' | '\u{7f}') && (character >= ' ' || character == '\t'))
}

fn quoted(text: &str, quote: char, ascii: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for character in text.chars() {
        escape(character, quote, ascii, &mut out);
    }
    out.push(quote);
    out
}

fn escape(character: char, quote: char, ascii: bool, out: &mut String) {
    let code = u32::from(character);
    match character {
        _ if character == quote || character == '\\' => out.extend(['\\', character]),
        _ if is_print(character) && (!ascii || character.is_ascii()) => out.push(character),
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\u{c}' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{b}' => out.push_str("\\v"),
        _ if code < 0x20 || code == 0x7f => out.push_str(&format!("\\x{code:02x}")),
        _ if code < 0x1_0000 => out.push_str(&format!("\\u{code:04x}")),
        _ => out.push_str(&format!("\\U{code:08x}")),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn quotes_as_strconv_does() {
        assert_eq!(super::string("a\"b\\\n\u{1}é世\u{200b}😀", false), "\"a\\\"b\\\\\\n\\x01é世\\u200b😀\"");
        assert_eq!(super::string("é😀", true), "\"\\u00e9\\U0001f600\"");
        assert_eq!(super::character('\'', false), "'\\''");
        assert!(!super::can_backquote("a`b"));
        assert!(super::can_backquote("a\tb"));
    }
}
