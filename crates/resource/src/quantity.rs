//! Kubernetes quantities: `500m`, `1.5Gi`, `12e6`.
//!
//! Owns parsing by the rules of apimachinery's `resource.Quantity` (its oddities and its error texts too, since they reach
//! users), the approximate float, and comparison. Does not print a canonical form: nothing in plat rewrites quantities.

use std::cmp::Ordering;

/// Why a text is no quantity, in the words of Kubernetes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// The text has not the form of a quantity.
    #[error("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'")]
    Format,
    /// The part before the suffix is no number.
    #[error("unable to parse numeric part of quantity")]
    Numeric,
    /// There is no such suffix.
    #[error("unable to parse quantity's suffix")]
    Suffix,
}

/// A parsed quantity.
#[derive(Debug, Clone)]
pub struct Quantity {
    negative: bool,
    /// The digits of the magnitude without leading zeros; empty for zero.
    digits: String,
    /// The power of ten that the digits count in.
    exponent: i32,
    form: Form,
}

/// How Kubernetes keeps the number; it decides how the float is rounded.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    /// As it is written.
    Plain,
    /// In billionths.
    Nano,
}

/// Kubernetes keeps nothing finer than billionths.
const NANO: i32 = -9;

/// The digits that surely fit into 64 bits.
const MAX_FAST_DIGITS: usize = 18;

/// The largest binary quantity: 2^63 - 1.
const MAX_BINARY: &str = "9223372036854775807";

impl Quantity {
    /// Parses `text`.
    pub fn parse(text: &str) -> Result<Self, QuantityError> {
        if text.is_empty() {
            return Err(QuantityError::Format);
        }
        let parts = Parts::of(text)?;
        match interpret(parts.suffix).ok_or(QuantityError::Suffix)? {
            Scale::Decimal(exponent) => parts.decimal(exponent),
            Scale::Binary(bits) => parts.binary(bits),
        }
    }

    /// The value as Go's `AsApproximateFloat64` gives it: two roundings, so that it may differ from the nearest float.
    pub fn as_f64(&self) -> f64 {
        let (base, exponent) = match self.form {
            Form::Plain => (decimal(&self.digits, 0), self.exponent),
            Form::Nano => (decimal(&self.digits, i64::from(self.exponent) - i64::from(NANO)), NANO),
        };
        let base = if self.sign() < 0 { -base } else { base };
        if exponent == 0 { base } else { base * power_of_ten(exponent) }
    }

    /// -1, 0 or 1.
    pub fn sign(&self) -> i8 {
        match (self.digits.is_empty(), self.negative) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }
    }

    /// The whole number, where Kubernetes keeps it as one: not after a decimal point or a suffix below one.
    pub fn as_i64(&self) -> Option<i64> {
        if self.form != Form::Plain || self.exponent < 0 {
            return None;
        }
        let zeros = usize::try_from(self.exponent).ok().filter(|zeros| *zeros < 20)?;
        let sign = if self.negative { "-" } else { "" };
        let digits = if self.digits.is_empty() { "0" } else { &self.digits };
        format!("{sign}{digits}{}", "0".repeat(zeros)).parse().ok()
    }

    /// The sum, unless it has more digits than are reckoned with here.
    pub fn plus(&self, other: &Self) -> Option<Self> {
        let finest = self.exponent.min(other.exponent).min(0);
        let scaled = |quantity: &Self| {
            let zeros = usize::try_from(quantity.exponent.checked_sub(finest)?).ok().filter(|zeros| *zeros < 40)?;
            let digits = if quantity.digits.is_empty() { "0" } else { &quantity.digits };
            let magnitude: i128 = format!("{digits}{}", "0".repeat(zeros)).parse().ok()?;
            Some(if quantity.negative { -magnitude } else { magnitude })
        };
        let sum = scaled(self)?.checked_add(scaled(other)?)?;
        let digits = if sum == 0 { String::new() } else { sum.unsigned_abs().to_string() };
        let plain = self.form == Form::Plain && other.form == Form::Plain && digits.len() <= MAX_FAST_DIGITS;
        let form = if plain { Form::Plain } else { Form::Nano };
        Some(Self { negative: sum < 0, digits, exponent: finest, form })
    }

    /// The difference, unless it has more digits than are reckoned with here.
    pub fn minus(&self, other: &Self) -> Option<Self> {
        self.plus(&Self { negative: !other.negative, ..other.clone() })
    }

    fn compare_magnitude(&self, other: &Self) -> Ordering {
        // The power of ten of the first digit decides, unless both are zero.
        let order =
            |quantity: &Self| i64::try_from(quantity.digits.len()).unwrap_or(i64::MAX) + i64::from(quantity.exponent);
        let significant = |quantity: &Self| quantity.digits.trim_end_matches('0').to_owned();
        order(self).cmp(&order(other)).then_with(|| significant(self).cmp(&significant(other)))
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.sign().cmp(&other.sign()).then_with(|| match self.sign() {
            0 => Ordering::Equal,
            1 => self.compare_magnitude(other),
            _ => other.compare_magnitude(self),
        })
    }
}

impl std::str::FromStr for Quantity {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

enum Scale {
    /// A power of ten.
    Decimal(i32),
    /// A power of two.
    Binary(u32),
}

fn interpret(suffix: &str) -> Option<Scale> {
    Some(match suffix {
        "n" => Scale::Decimal(-9),
        "u" => Scale::Decimal(-6),
        "m" => Scale::Decimal(-3),
        "" => Scale::Decimal(0),
        "k" => Scale::Decimal(3),
        "M" => Scale::Decimal(6),
        "G" => Scale::Decimal(9),
        "T" => Scale::Decimal(12),
        "P" => Scale::Decimal(15),
        "E" => Scale::Decimal(18),
        "Ki" => Scale::Binary(10),
        "Mi" => Scale::Binary(20),
        "Gi" => Scale::Binary(30),
        "Ti" => Scale::Binary(40),
        "Pi" => Scale::Binary(50),
        "Ei" => Scale::Binary(60),
        _ => {
            let exponent = suffix.strip_prefix(['e', 'E'])?.parse::<i64>().ok()?;
            #[expect(clippy::cast_possible_truncation, reason = "Kubernetes keeps the low 32 bits")]
            let exponent = exponent as i32;
            Scale::Decimal(exponent)
        }
    })
}

/// A text cut into sign, whole digits without leading zeros, fraction and suffix.
struct Parts<'text> {
    negative: bool,
    whole: &'text str,
    fraction: &'text str,
    suffix: &'text str,
    /// True when there is any digit before the suffix.
    has_digits: bool,
}

impl<'text> Parts<'text> {
    fn of(text: &'text str) -> Result<Self, QuantityError> {
        let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
        let (whole, rest) = split_digits(unsigned);
        let (fraction, suffix) = rest.strip_prefix('.').map_or(("", rest), split_digits);
        let exponent = suffix.trim_start_matches(['e', 'E', 'i', 'n', 'u', 'm', 'k', 'K', 'M', 'G', 'T', 'P']);
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        if !exponent.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(QuantityError::Format);
        }
        Ok(Self {
            negative: text.starts_with('-'),
            has_digits: !(whole.is_empty() && fraction.is_empty()),
            whole: whole.trim_start_matches('0'),
            fraction,
            suffix,
        })
    }

    /// How many digits Kubernetes counts: an empty whole part is a zero to it.
    fn count(&self) -> usize {
        self.whole.len().max(1) + self.fraction.len()
    }

    fn digits(&self) -> String {
        let digits = [self.whole, self.fraction].concat();
        digits.trim_start_matches('0').to_owned()
    }

    fn fraction_exponent(&self) -> i32 {
        i32::try_from(self.fraction.len()).unwrap_or(i32::MAX)
    }

    fn decimal(&self, exponent: i32) -> Result<Quantity, QuantityError> {
        let scaled = exponent.saturating_sub(self.fraction_exponent());
        if self.count() <= MAX_FAST_DIGITS && scaled >= NANO {
            return Ok(self.quantity(self.digits(), scaled, Form::Plain));
        }
        self.slow(self.digits(), scaled)
    }

    fn binary(&self, bits: u32) -> Result<Quantity, QuantityError> {
        let digits = shift_left(&self.digits(), bits);
        // Kubernetes multiplies within 64 bits while it is sure that they are enough.
        let spare = 14usize.checked_sub(self.whole.len().max(1) + (bits as usize * 3) / 10);
        if self.fraction.is_empty() && spare.is_some() {
            return Ok(self.quantity(digits, 0, Form::Plain));
        }
        let quantity = self.slow(digits, -self.fraction_exponent())?;
        let limit = self.quantity(MAX_BINARY.to_owned(), 0, Form::Plain);
        let beyond = !quantity.digits.is_empty() && quantity.compare_magnitude(&limit) == Ordering::Greater;
        Ok(if beyond { limit } else { quantity })
    }

    /// What does not fit into 64 bits or is finer than billionths: rounded up to billionths.
    fn slow(&self, digits: String, exponent: i32) -> Result<Quantity, QuantityError> {
        if !self.has_digits {
            return Err(QuantityError::Numeric);
        }
        if digits.is_empty() {
            return Ok(self.quantity(digits, exponent, Form::Plain));
        }
        if exponent >= NANO {
            return Ok(self.quantity(digits, exponent, Form::Nano));
        }
        let dropped = usize::try_from(NANO.saturating_sub(exponent)).unwrap_or(usize::MAX);
        let kept = digits.get(..digits.len().saturating_sub(dropped)).unwrap_or_default();
        let exact = digits.get(kept.len()..).unwrap_or_default().bytes().all(|byte| byte == b'0');
        let rounded = if exact { kept.to_owned() } else { add_one(kept) };
        Ok(self.quantity(rounded, NANO, Form::Nano))
    }

    fn quantity(&self, digits: String, exponent: i32, form: Form) -> Quantity {
        Quantity { negative: self.negative, digits, exponent, form }
    }
}

fn split_digits(text: &str) -> (&str, &str) {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    text.split_at_checked(length).unwrap_or((text, ""))
}

/// Decimal digits times a power of two.
fn shift_left(digits: &str, bits: u32) -> String {
    let mut reversed: Vec<u32> = digits.bytes().rev().map(|byte| u32::from(byte.wrapping_sub(b'0'))).collect();
    for _ in 0..bits / 10 {
        let mut carry = 0;
        for digit in &mut reversed {
            let product = *digit * 1024 + carry;
            *digit = product % 10;
            carry = product / 10;
        }
        while carry > 0 {
            reversed.push(carry % 10);
            carry /= 10;
        }
    }
    reversed.iter().rev().filter_map(|digit| char::from_digit(*digit, 10)).collect()
}

fn add_one(digits: &str) -> String {
    let kept = digits.trim_end_matches('9');
    let zeros = "0".repeat(digits.len() - kept.len());
    let Some(last) = kept.bytes().last() else { return format!("1{zeros}") };
    let head = kept.get(..kept.len() - 1).unwrap_or_default();
    format!("{head}{}{zeros}", char::from(last + 1))
}

fn decimal(digits: &str, exponent: i64) -> f64 {
    if digits.is_empty() {
        return 0.0;
    }
    format!("{digits}e{exponent}").parse().unwrap_or(f64::INFINITY)
}

/// Go's `math.Pow10`: two factors, each rounded, with steps of 32.
fn power_of_ten(exponent: i32) -> f64 {
    let factor = |exponent: i32| decimal("1", i64::from(exponent));
    match exponent {
        0..=308 => factor(exponent / 32 * 32) * factor(exponent % 32),
        -323..0 => factor(exponent / 32 * 32) / factor(-(exponent % 32)),
        309.. => f64::INFINITY,
        _ => 0.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    #[expect(clippy::float_cmp, reason = "the very float is the point")]
    fn floats_are_those_of_kubernetes() {
        let cases: &[(&str, f64)] = &[
            ("0", 0.0),
            ("1", 1.0),
            ("500m", 0.5),
            ("-1.5k", -1500.0),
            ("1Ki", 1024.0),
            ("1.5Gi", 1_610_612_736.0),
            ("12e6", 12_000_000.0),
            ("1E", 1e18),
            ("1E3", 1000.0),
            ("1e-3", 0.001),
            ("100Ei", 9_223_372_036_854_775_807.0),
            ("0.0000000001", 1e-9),
            ("m", 0.0),
            ("1.", 1.0),
            (".5", 0.5),
            ("1e999999999", f64::INFINITY),
            ("1e-999999999", 1e-9),
            ("1e4294967296", 1.0),
        ];
        for (text, want) in cases {
            assert_eq!(Quantity::parse(text).unwrap().as_f64(), *want, "{text}");
        }
    }

    #[test]
    fn refuses_in_the_words_of_kubernetes() {
        let error = |text: &str| Quantity::parse(text).unwrap_err();
        assert_eq!(error(""), QuantityError::Format);
        assert_eq!(error("1.5.5"), QuantityError::Format);
        assert_eq!(error("ten"), QuantityError::Format);
        assert_eq!(error("Ei"), QuantityError::Numeric);
        insta::assert_snapshot!(error("1Kib"), @"quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
        insta::assert_snapshot!(error("1e"), @"unable to parse quantity's suffix");
        insta::assert_snapshot!(error("1KK"), @"unable to parse quantity's suffix");
    }

    #[test]
    fn the_same_amount_is_equal() {
        let quantity = |text: &str| Quantity::parse(text).unwrap();
        assert_eq!(quantity("1"), quantity("1000m"));
        assert_eq!(quantity("1Ki"), quantity("1.024k"));
        assert_eq!(quantity("0"), quantity("-0e5"));
        assert!(quantity("1Gi") > quantity("1G"));
        assert!(quantity("-2") < quantity("-1"));
        assert!(quantity("-1") < quantity("0"));
    }

    proptest! {
        #[test]
        fn order_is_that_of_the_floats(a in -1_000_000i64..1_000_000, b in -1_000_000i64..1_000_000) {
            let (left, right) = (Quantity::parse(&format!("{a}m")).unwrap(), Quantity::parse(&format!("{b}m")).unwrap());
            prop_assert_eq!(left.cmp(&right), a.cmp(&b));
        }

        #[test]
        fn no_text_makes_parsing_panic(text in "[-+]?[0-9.]{0,30}[eEinumkKMGTP]{0,2}[-+]?[0-9]{0,12}|\\PC{0,12}") {
            if let Ok(quantity) = Quantity::parse(&text) {
                let _ = quantity.as_f64();
                prop_assert_eq!(quantity.cmp(&quantity), Ordering::Equal);
            }
        }
    }
}
