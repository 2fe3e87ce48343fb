//! Sets of code units.

use crate::template::text::{is_space, is_word};

/// What one code unit may be.
#[derive(Debug, Clone, Default)]
pub(super) struct Class {
    pub(super) ranges: Vec<(u16, u16)>,
    pub(super) negated: bool,
}

/// A class that is ready to be asked.
#[derive(Debug)]
pub(super) enum Set {
    Ranges(Class),
    /// Bits of the folded members, where case does not matter.
    Folded {
        bits: Vec<u64>,
        negated: bool,
    },
}

impl Class {
    pub(super) fn of(units: impl IntoIterator<Item = (u16, u16)>) -> Self {
        Self { ranges: units.into_iter().collect(), negated: false }
    }

    pub(super) fn unit(unit: u16) -> Self {
        Self::of([(unit, unit)])
    }

    pub(super) fn add(&mut self, other: &Self) {
        if other.negated {
            self.ranges.extend(complement(&other.ranges));
        } else {
            self.ranges.extend_from_slice(&other.ranges);
        }
    }

    pub(super) fn digits() -> Self {
        Self::of([(48, 57)])
    }

    pub(super) fn words() -> Self {
        Self::of([(48, 57), (65, 90), (95, 95), (97, 122)])
    }

    pub(super) fn spaces() -> Self {
        Self::of((0..=u16::MAX).filter(|unit| is_space(*unit)).map(|unit| (unit, unit)))
    }

    pub(super) fn line_ends() -> Self {
        Self::of([(10, 10), (13, 13), (0x2028, 0x2029)])
    }

    pub(super) fn negate(mut self) -> Self {
        self.negated = !self.negated;
        self
    }

    fn has(&self, unit: u16) -> bool {
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&unit)) != self.negated
    }

    pub(super) fn ready(&self, folds: bool) -> Set {
        if !folds {
            return Set::Ranges(self.clone());
        }
        let mut bits = vec![0_u64; 1024];
        for (first, last) in &self.ranges {
            for unit in *first..=*last {
                let unit = usize::from(fold(unit));
                if let Some(word) = bits.get_mut(unit / 64) {
                    *word |= 1 << (unit % 64);
                }
            }
        }
        Set::Folded { bits, negated: self.negated }
    }
}

impl Set {
    pub(super) fn has(&self, unit: u16) -> bool {
        match self {
            Self::Ranges(class) => class.has(unit),
            Self::Folded { bits, negated } => {
                let unit = usize::from(fold(unit));
                let found = bits.get(unit / 64).is_some_and(|word| word >> (unit % 64) & 1 == 1);
                found != *negated
            }
        }
    }
}

fn complement(ranges: &[(u16, u16)]) -> Vec<(u16, u16)> {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable();
    let mut output = Vec::new();
    let mut next = 0_u32;
    for (first, last) in sorted {
        if u32::from(first) > next {
            output.extend(u16::try_from(next).ok().map(|start| (start, first - 1)));
        }
        next = next.max(u32::from(last) + 1);
    }
    output.extend(u16::try_from(next).ok().map(|start| (start, u16::MAX)));
    output
}

/// A code unit without its case: in capitals, where that is one unit and no step into ASCII.
pub(super) fn fold(unit: u16) -> u16 {
    let Some(character) = char::from_u32(u32::from(unit)) else { return unit };
    let mut upper = character.to_uppercase();
    match (upper.next(), upper.next()) {
        (Some(upper), None) => match u16::try_from(u32::from(upper)) {
            Ok(upper) if unit < 128 || upper >= 128 => upper,
            _ => unit,
        },
        _ => unit,
    }
}

/// True where a word begins or ends.
pub(super) fn is_word_boundary(text: &[u16], index: usize) -> bool {
    let word = |index: Option<usize>| index.and_then(|index| text.get(index)).is_some_and(|unit| is_word(*unit));
    word(index.checked_sub(1)) != word(Some(index))
}
