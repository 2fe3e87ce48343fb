//! Texts of the input, made safe to be shown.

use std::fmt::Write as _;

/// `text` without anything that could steer a terminal or hide: control characters, direction marks, zero-width ones.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    text.chars().for_each(|character| push_escaped(&mut safe, character));
    safe
}

/// Adds a character as [`escape`] writes it.
pub fn push_escaped(safe: &mut String, character: char) {
    match character {
        '\n' => safe.push_str("\\n"),
        '\r' => safe.push_str("\\r"),
        '\t' => safe.push_str("\\t"),
        hidden if is_hidden(hidden) => {
            // Writing to a String cannot fail.
            let _ = write!(safe, "\\u{:04x}", u32::from(hidden));
        }
        plain => safe.push(plain),
    }
}

/// Whether a character steers a terminal, or cannot be seen.
pub fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_a_terminal() {
        assert_eq!(escape("a\u{1b}[2Jb\n\u{202e}é"), "a\\u001b[2Jb\\n\\u202eé");
    }
}
