//! A float with a mantissa of 64 bits, rounded to nearest even, and its shortest decimal form.

use num_bigint::{BigInt, BigUint, Sign};

use super::Number;

const PRECISION: u64 = 64;
/// No mantissa of 64 bits needs more digits to be told from its neighbours.
const MOST_DIGITS: usize = 22;

/// `mantissa × 2^exponent`; a mantissa that is not zero has exactly 64 bits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Float {
    mantissa: BigInt,
    exponent: i64,
}

fn shifted(value: BigInt, left: i64) -> BigInt {
    if left >= 0 { value << left.unsigned_abs() } else { value >> left.unsigned_abs() }
}

impl Float {
    /// Rounds `numerator / denominator × 2^exponent`.
    fn round_ratio(numerator: &BigInt, denominator: &BigUint, exponent: i64) -> Self {
        let (sign, magnitude) = (numerator.sign(), numerator.magnitude());
        if sign == Sign::NoSign {
            return Self { mantissa: BigInt::ZERO, exponent: 0 };
        }
        // Enough bits for the mantissa, one to round by, and what is left over says whether it was a tie.
        let up = (PRECISION + 2 + denominator.bits()).saturating_sub(magnitude.bits());
        let scaled = magnitude << up;
        let quotient = &scaled / denominator;
        let mut sticky = &quotient * denominator != scaled;
        let extra = quotient.bits() - PRECISION;
        let mut kept = &quotient >> extra;
        let rest = &quotient - (&kept << extra);
        let half = BigUint::from(1_u8) << (extra - 1);
        sticky |= rest > half;
        if rest >= half && (sticky || kept.bit(0)) {
            kept += 1_u8;
        }
        let mut exponent = exponent + i64::try_from(extra).unwrap_or(0) - i64::try_from(up).unwrap_or(0);
        if kept.bits() > PRECISION {
            kept >>= 1;
            exponent += 1;
        }
        Self { mantissa: BigInt::from_biguint(sign, kept), exponent }
    }

    pub(super) fn from_decimal(mantissa: &BigInt, exponent: i64) -> Self {
        let power = BigUint::from(10_u8).pow(u32::try_from(exponent.unsigned_abs()).unwrap_or(0));
        if exponent >= 0 {
            Self::round_ratio(&(mantissa * BigInt::from(power)), &BigUint::from(1_u8), 0)
        } else {
            Self::round_ratio(mantissa, &power, 0)
        }
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        let least = self.exponent.min(other.exponent);
        let scaled = |float: &Self| shifted(float.mantissa.clone(), float.exponent - least);
        Self::round_ratio(&(scaled(self) + scaled(other)), &BigUint::from(1_u8), least)
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        self.plus(&Self { mantissa: -other.mantissa.clone(), exponent: other.exponent })
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        let product = &self.mantissa * &other.mantissa;
        Self::round_ratio(&product, &BigUint::from(1_u8), self.exponent + other.exponent)
    }

    pub(super) fn over(&self, other: &Self) -> Option<Self> {
        if other.mantissa == BigInt::ZERO {
            return None;
        }
        let numerator = if other.mantissa.sign() == Sign::Minus { -&self.mantissa } else { self.mantissa.clone() };
        Some(Self::round_ratio(&numerator, other.mantissa.magnitude(), self.exponent - other.exponent))
    }

    pub(super) fn absolute(&self) -> Self {
        Self { mantissa: BigInt::from(self.mantissa.magnitude().clone()), exponent: self.exponent }
    }

    /// The whole part towards zero, and whether something was cut off.
    fn truncated(&self) -> (BigInt, bool) {
        if self.exponent >= 0 {
            return (shifted(self.mantissa.clone(), self.exponent), false);
        }
        let divisor = BigInt::from(1) << self.exponent.unsigned_abs();
        let whole = &self.mantissa / &divisor;
        let cut = &whole * divisor != self.mantissa;
        (whole, cut)
    }

    // OPA looks at the sign of what is left after cutting, and that of nothing is none: between -1 and 0, `floor` gives 0
    // and `ceil` 1.

    pub(super) fn floor(&self) -> Number {
        let (whole, cut) = self.truncated();
        let down = cut && self.mantissa.sign() == Sign::Minus && whole != BigInt::ZERO;
        Number::from_big(&(whole - i32::from(down)))
    }

    pub(super) fn ceil(&self) -> Number {
        let (whole, cut) = self.truncated();
        let up = cut && (self.mantissa.sign() == Sign::Plus || whole == BigInt::ZERO);
        Number::from_big(&(whole + i32::from(up)))
    }

    /// Half away from zero.
    pub(super) fn round(&self) -> Number {
        let half = Self { mantissa: BigInt::from(1_u64 << 63), exponent: -64 };
        let moved = if self.mantissa.sign() == Sign::Minus { self.minus(&half) } else { self.plus(&half) };
        Number::from_big(&moved.truncated().0)
    }

    /// As OPA writes results: whole numbers in full, others in the shortest general form.
    pub(super) fn number(&self) -> Number {
        let (whole, cut) = self.truncated();
        if !cut {
            let shown = if whole.bits() > PRECISION { self.shortest_whole() } else { whole };
            return Number::from_big(&shown);
        }
        let (digits, point) = self.shortest();
        let text = general(&digits, point, self.mantissa.sign() == Sign::Minus);
        Number::parse(&text).unwrap_or(Number::Int(0))
    }

    fn shortest_whole(&self) -> BigInt {
        let (digits, point) = self.shortest();
        let zeros = usize::try_from(point).unwrap_or(0).saturating_sub(digits.len());
        let magnitude: BigInt = format!("{digits}{}", "0".repeat(zeros)).parse().unwrap_or(BigInt::ZERO);
        if self.mantissa.sign() == Sign::Minus { -magnitude } else { magnitude }
    }

    /// The fewest digits that read back as this float, and where the point is: `0.digits × 10^point`.
    fn shortest(&self) -> (String, i64) {
        let magnitude = self.absolute();
        let estimate = (magnitude.exponent + 64) * 30_103 / 100_000;
        let mut last = (String::from("0"), 0);
        for count in 1..=MOST_DIGITS {
            for point in estimate - 1..=estimate + 2 {
                let scale = i64::try_from(count).unwrap_or(0) - point;
                let rounded = magnitude.scaled(scale);
                let digits = rounded.to_string();
                if digits.len() != count {
                    continue;
                }
                if Self::from_decimal(&rounded, -scale) == magnitude {
                    return (digits.trim_end_matches('0').to_owned(), point);
                }
                last = (digits, point);
            }
        }
        last
    }

    /// `self × 10^scale`, rounded to a whole number.
    fn scaled(&self, scale: i64) -> BigInt {
        let power = BigInt::from(10).pow(u32::try_from(scale.unsigned_abs()).unwrap_or(0));
        let (mut numerator, mut denominator) = (self.mantissa.clone(), BigInt::from(1));
        if scale >= 0 {
            numerator *= power;
        } else {
            denominator *= power;
        }
        if self.exponent >= 0 {
            numerator = shifted(numerator, self.exponent);
        } else {
            denominator = shifted(denominator, -self.exponent);
        }
        (numerator * 2 + &denominator) / (denominator * 2)
    }
}

/// `%g` of shortest digits, as Go's: an exponent below -4 or from 6 on is written.
fn general(digits: &str, point: i64, negative: bool) -> String {
    let sign = if negative { "-" } else { "" };
    let exponent = point - 1;
    if !(-4..6).contains(&exponent) {
        let (first, rest) = digits.split_at(1);
        let dot = if rest.is_empty() { "" } else { "." };
        let mark = if exponent < 0 { '-' } else { '+' };
        return format!("{sign}{first}{dot}{rest}e{mark}{:02}", exponent.unsigned_abs());
    }
    match usize::try_from(point) {
        Ok(point) if point > 0 && point < digits.len() => {
            let (whole, fraction) = digits.split_at(point);
            format!("{sign}{whole}.{fraction}")
        }
        Ok(point) if point > 0 => format!("{sign}{digits}{}", "0".repeat(point - digits.len())),
        _ => format!("{sign}0.{}{digits}", "0".repeat(usize::try_from(-point).unwrap_or(0))),
    }
}
