//! How `localeCompare` orders names: by letters first, then without accents first, then small letters before capitals.
//!
//! Owns the order of ASCII and of Latin letters with accents, as Unicode's root collation has it. Other letters are compared by
//! code point.

use std::cmp::Ordering;

/// Signs before digits before letters.
const SIGNS: &str = "_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$";
/// Letters with accents, each list behind the letter that it belongs to.
const ACCENTED: [(char, &str); 19] = [
    ('a', "áàăâåäãąā"),
    ('c', "ćĉčċç"),
    ('d', "ď"),
    ('e', "éèĕêěëėęē"),
    ('g', "ğĝġģ"),
    ('h', "ĥ"),
    ('i', "íìĭîïĩįī"),
    ('j', "ĵ"),
    ('k', "ķ"),
    ('l', "ĺľļ"),
    ('n', "ńňñņ"),
    ('o', "óòŏôöőõō"),
    ('r', "ŕřŗ"),
    ('s', "śŝšş"),
    ('t', "ťţ"),
    ('u', "úùŭûůüűũųū"),
    ('w', "ŵ"),
    ('y', "ýŷÿ"),
    ('z', "źžż"),
];

/// Which of two names comes first.
pub(crate) fn compare(left: &str, right: &str) -> Ordering {
    let by = |of: fn(char) -> (u8, u32)| {
        let weights = |text: &str| text.chars().map(of).collect::<Vec<_>>();
        weights(left).cmp(&weights(right))
    };
    by(letter).then_with(|| by(accent)).then_with(|| by(capital))
}

/// The letter without its accent, and which accent it is.
fn split(character: char) -> (char, u32) {
    let lower = character.to_lowercase().next().unwrap_or(character);
    let found = ACCENTED.iter().find_map(|(base, accented)| {
        let place = accented.chars().position(|other| other == lower)?;
        Some((*base, u32::try_from(place + 1).unwrap_or_default()))
    });
    found.unwrap_or((lower, 0))
}

fn letter(character: char) -> (u8, u32) {
    let (base, _) = split(character);
    match SIGNS.chars().position(|sign| sign == base) {
        Some(place) => (0, u32::try_from(place).unwrap_or_default()),
        None if base.is_ascii_digit() => (1, u32::from(base)),
        None => (2, u32::from(base)),
    }
}

fn accent(character: char) -> (u8, u32) {
    (0, split(character).1)
}

fn capital(character: char) -> (u8, u32) {
    (u8::from(character.is_uppercase()), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ordered_as_a_dictionary_orders_them() {
        let mut names = ["Zebra", "b_c", "b-c", "äx", "a", "A", "b", "ab", "aB", "É", "e", "2", "10", "$x", "ax", "Ä"];
        names.sort_by(|left, right| compare(left, right));
        // As Node sorts them.
        let expected = ["$x", "10", "2", "a", "A", "Ä", "ab", "aB", "ax", "äx", "b", "b_c", "b-c", "e", "É", "Zebra"];
        assert_eq!(names, expected);
    }
}
