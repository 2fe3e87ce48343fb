//! Numbers as OPA holds them: the text they were written in, compared by value.
//!
//! Owns comparison and arithmetic: exact on integers of any size, on the rest with a mantissa of 64 bits as Go's
//! `big.Float` has, printed in the shortest form that reads back.

mod float;

use std::cmp::Ordering;
use std::sync::Arc;

use num_bigint::BigInt;

use self::float::Float;

/// Numbers with an exponent beyond this are refused: their digits alone would fill the memory.
const MAX_EXPONENT: i64 = 10_000;

/// One number.
#[derive(Debug, Clone)]
pub(crate) enum Number {
    /// A whole number in its plain form.
    Int(i64),
    /// Anything else, in the text it came in.
    Text(Arc<str>),
}

impl Number {
    /// The number a JSON or Rego text means; none where it means none, or one too large to work with.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.len() < 19 && digits.bytes().all(|byte| byte.is_ascii_digit()) && !text.starts_with("-0") {
            return text.parse().ok().map(Self::Int);
        }
        if let Ok(integer) = text.parse::<i64>()
            && integer.to_string() == text
        {
            return Some(Self::Int(integer));
        }
        Decimal::parse(text).map(|_| Self::Text(text.into()))
    }

    pub(crate) fn from_big(value: &BigInt) -> Self {
        i64::try_from(value).map_or_else(|_| Self::Text(value.to_string().into()), Self::Int)
    }

    /// The whole number, where it is one that fits.
    pub(crate) fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(integer) => Some(*integer),
            Self::Text(_) => i64::try_from(&self.as_big()?).ok(),
        }
    }

    /// The whole number, where it is one.
    pub(crate) fn as_big(&self) -> Option<BigInt> {
        match self {
            Self::Int(integer) => Some(BigInt::from(*integer)),
            Self::Text(text) => Decimal::parse(text)?.whole(),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a float is asked for")]
    pub(crate) fn as_f64(&self) -> f64 {
        match self {
            Self::Int(integer) => *integer as f64,
            Self::Text(text) => text.parse().unwrap_or(f64::NAN),
        }
    }

    /// Whether the text has a fraction or an exponent, which decides how Go prints it.
    pub(crate) fn is_float_text(&self) -> bool {
        matches!(self, Self::Text(text) if text.contains(['.', 'e', 'E']))
    }

    fn decimal(&self) -> Decimal {
        match self {
            Self::Int(integer) => Decimal { mantissa: BigInt::from(*integer), exponent: 0 },
            Self::Text(text) => Decimal::parse(text).unwrap_or(Decimal { mantissa: BigInt::ZERO, exponent: 0 }),
        }
    }

    fn float(&self) -> Float {
        let decimal = self.decimal();
        Float::from_decimal(&decimal.mantissa, decimal.exponent)
    }
}

/// `mantissa × 10^exponent`.
struct Decimal {
    mantissa: BigInt,
    exponent: i64,
}

impl Decimal {
    fn parse(text: &str) -> Option<Self> {
        let (number, exponent) = match text.find(['e', 'E']) {
            Some(at) => (text.get(..at)?, text.get(at + 1..)?.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        let sign = whole.starts_with('-');
        let digits = format!("{}{fraction}", whole.trim_start_matches(['-', '+']));
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        if exponent.abs() > MAX_EXPONENT || digits.len() > 10_000 {
            return None;
        }
        let mantissa: BigInt = digits.parse().ok()?;
        Some(Self { mantissa: if sign { -mantissa } else { mantissa }, exponent })
    }

    fn whole(&self) -> Option<BigInt> {
        let power = BigInt::from(10).pow(u32::try_from(self.exponent.unsigned_abs()).ok()?);
        if self.exponent >= 0 {
            return Some(&self.mantissa * power);
        }
        let whole = &self.mantissa / &power;
        (&whole * power == self.mantissa).then_some(whole)
    }

    fn compare(&self, other: &Self) -> Ordering {
        let least = self.exponent.min(other.exponent);
        let scaled = |number: &Self| {
            let power = u32::try_from(number.exponent - least).unwrap_or(0);
            &number.mantissa * BigInt::from(10).pow(power)
        };
        scaled(self).cmp(&scaled(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(left), Self::Int(right)) => left.cmp(right),
            _ => self.decimal().compare(&other.decimal()),
        }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl std::fmt::Display for Number {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Int(integer) => integer.fmt(formatter),
            Self::Text(text) => formatter.write_str(text),
        }
    }
}

/// The operators of two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Plus,
    Minus,
    Times,
    Over,
    Modulo,
}

/// `left operator right`, or why there is none.
pub(crate) fn arithmetic(operator: Operator, left: &Number, right: &Number) -> Result<Number, &'static str> {
    if let (Number::Int(x), Number::Int(y)) = (left, right)
        && let Some(result) = small(operator, *x, *y)?
    {
        return Ok(Number::Int(result));
    }
    if operator != Operator::Over
        && let (Some(x), Some(y)) = (left.as_big(), right.as_big())
    {
        return whole(operator, &x, &y).map(|result| Number::from_big(&result));
    }
    let (x, y) = (left.float(), right.float());
    let result = match operator {
        Operator::Plus => x.plus(&y),
        Operator::Minus => x.minus(&y),
        Operator::Times => x.times(&y),
        Operator::Over => x.over(&y).ok_or("divide by zero")?,
        Operator::Modulo => return Err("modulo on floating-point number"),
    };
    Ok(result.number())
}

fn small(operator: Operator, x: i64, y: i64) -> Result<Option<i64>, &'static str> {
    Ok(match operator {
        Operator::Plus => x.checked_add(y),
        Operator::Minus => x.checked_sub(y),
        Operator::Times => x.checked_mul(y),
        Operator::Over if y == 0 => return Err("divide by zero"),
        Operator::Over => (x != 0 && x.checked_rem(y) == Some(0)).then(|| x.checked_div(y)).flatten(),
        Operator::Modulo if y == 0 => return Err("modulo by zero"),
        Operator::Modulo => x.checked_rem(y),
    })
}

fn whole(operator: Operator, x: &BigInt, y: &BigInt) -> Result<BigInt, &'static str> {
    Ok(match operator {
        Operator::Plus => x + y,
        Operator::Minus => x - y,
        Operator::Times => x * y,
        Operator::Over | Operator::Modulo if *y == BigInt::ZERO => return Err("modulo by zero"),
        Operator::Over | Operator::Modulo => x % y,
    })
}

/// The functions of one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rounding {
    Absolute,
    Round,
    Ceil,
    Floor,
}

/// The rounded number.
pub(crate) fn rounded(rounding: Rounding, number: &Number) -> Number {
    if let Number::Int(integer) = number {
        let result = if rounding == Rounding::Absolute { integer.checked_abs() } else { Some(*integer) };
        return result.map_or_else(|| Number::from_big(&-BigInt::from(*integer)), Number::Int);
    }
    let float = number.float();
    match rounding {
        Rounding::Absolute => float.absolute().number(),
        Rounding::Round => float.round(),
        Rounding::Ceil => float.ceil(),
        Rounding::Floor => float.floor(),
    }
}

#[cfg(test)]
mod tests {
    use super::{Number, Operator, arithmetic};

    fn number(text: &str) -> Number {
        Number::parse(text).unwrap_or(Number::Int(-99))
    }

    #[test]
    fn arithmetic_is_opas() {
        // What `opa eval` prints.
        let cases = [
            ("0.3", Operator::Minus, "0.1", "0.20000000000000000002"),
            ("2.5e-7", Operator::Times, "3", "7.5000000000000000003e-07"),
            ("123456789.123", Operator::Times, "1", "1.23456789123e+08"),
            ("1e19", Operator::Plus, "0.5", "10000000000000000000"),
            ("12345678901234567890.5", Operator::Times, "1", "12345678901234567890"),
            ("0.1", Operator::Plus, "0.2", "0.3"),
            ("1", Operator::Over, "3", "0.33333333333333333334"),
            ("10", Operator::Over, "2", "5"),
            ("10", Operator::Over, "4", "2.5"),
            ("1.5", Operator::Times, "2", "3"),
            ("9223372036854775807", Operator::Plus, "1", "9223372036854775808"),
            ("1e21", Operator::Times, "10", "10000000000000000000000"),
            ("7", Operator::Modulo, "-3", "1"),
            ("1000000.5", Operator::Plus, "0", "1.0000005e+06"),
        ];
        for (left, operator, right, want) in cases {
            let result = arithmetic(operator, &number(left), &number(right)).map(|result| result.to_string());
            assert_eq!(result.as_deref(), Ok(want), "{left} {operator:?} {right}");
        }
    }

    #[test]
    fn compares_by_value() {
        assert_eq!(number("1.0"), number("1"));
        assert!(number("1e3") > number("999.5"));
        assert_eq!(number("1.0").to_string(), "1.0");
        assert!(Number::parse("1e99999999").is_none());
        assert!(Number::parse("-").is_none());
    }
}
