//! How `localeCompare` orders names: by letters first, then small letters before capitals.
//!
//! Owns the order of ASCII, as Unicode's root collation has it. Field names beyond ASCII are compared by code point.

use std::cmp::Ordering;

/// Signs before digits before letters.
const SIGNS: &str = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";

/// Which of two names comes first.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let letters = |text: &str| text.chars().map(primary).collect::<Vec<_>>();
    let capitals = |text: &str| text.chars().map(|character| character.is_ascii_uppercase()).collect::<Vec<_>>();
    letters(left).cmp(&letters(right)).then_with(|| capitals(left).cmp(&capitals(right)))
}

fn primary(character: char) -> (u8, u32) {
    let lower = character.to_ascii_lowercase();
    match SIGNS.find(lower) {
        Some(place) => (0, u32::try_from(place).unwrap_or_default()),
        None if lower.is_ascii_digit() => (1, u32::from(lower)),
        None => (2, u32::from(lower)),
    }
}
