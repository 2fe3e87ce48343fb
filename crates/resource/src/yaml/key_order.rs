//! The order in which go-yaml v2 prints the keys of a mapping: numbers within them by value, so that `x9` precedes `x10`.

use serde_json::Value;

type Entry<'a> = (&'a String, &'a Value);

/// The entries in that order.
///
/// It is no total order for every set of keys, which the sort of the standard library may not be given; a merge sort takes
/// any.
pub(super) fn sorted(mut entries: Vec<Entry<'_>>) -> Vec<Entry<'_>> {
    if entries.len() < 2 {
        return entries;
    }
    let right = sorted(entries.split_off(entries.len() / 2));
    let mut left = sorted(entries).into_iter().peekable();
    let mut merged = Vec::with_capacity(left.len() + right.len());
    for entry in right {
        while let Some(earlier) = left.next_if(|earlier| !is_before(entry.0, earlier.0)) {
            merged.push(earlier);
        }
        merged.push(entry);
    }
    merged.extend(left);
    merged
}

fn is_before(one: &str, other: &str) -> bool {
    let one: Vec<char> = one.chars().collect();
    let other: Vec<char> = other.chars().collect();
    let Some(place) = one.iter().zip(&other).position(|(one, other)| one != other) else {
        return one.len() < other.len();
    };
    let (Some(&here), Some(&there)) = (one.get(place), other.get(place)) else { return false };
    match (here.is_alphabetic(), there.is_alphabetic()) {
        (true, true) => return here < there,
        (false, false) => {}
        (_, there) => return there,
    }
    // A zero behind a number that has begun counts as a digit of it.
    let begun = (here == '0' || there == '0') && has_begun(one.get(..place).unwrap_or_default());
    let start = i64::from(begun);
    let (number, end) = number(&one, place, start);
    let (other_number, other_end) = self::number(&other, place, start);
    (number, end, here) < (other_number, other_end, there)
}

/// Whether the digits at the end of `before` have one that is not zero.
fn has_begun(before: &[char]) -> bool {
    before.iter().rev().take_while(|character| is_digit(**character)).any(|character| *character != '0')
}

/// The number at `place`, and where it ends.
fn number(text: &[char], place: usize, start: i64) -> (i64, usize) {
    let digits = text.iter().skip(place).take_while(|character| is_digit(**character));
    digits.fold((start, place), |(number, end), digit| {
        let value = i64::from(u32::from(*digit)) - i64::from(u32::from('0'));
        (number.wrapping_mul(10).wrapping_add(value), end + 1)
    })
}

fn is_digit(character: char) -> bool {
    character.is_ascii_digit() || (!character.is_ascii() && character.is_numeric())
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value};

    use super::sorted;

    #[test]
    fn keys_are_sorted_as_go_yaml_sorts_them() {
        let keys = ["x10", "x9", "b", "B", "a.b/c", "a", "a-b", "a1", "ab", "_", "10", "9", "010", "é", "-"];
        let map: Map<String, Value> = keys.iter().map(|key| ((*key).to_owned(), Value::Null)).collect();
        let order: Vec<&str> = sorted(map.iter().collect()).iter().map(|(key, _)| key.as_str()).collect();
        // Recorded from go.yaml.in/yaml/v2 2.4.4.
        assert_eq!(order, RECORDED);
    }

    const RECORDED: [&str; 15] =
        ["-", "_", "9", "10", "010", "B", "a", "a-b", "a.b/c", "a1", "ab", "b", "x9", "x10", "é"];
}
