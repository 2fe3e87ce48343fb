//! `strconv.ParseInt`, `ParseBool`, `ParseFloat` with Go's words for what they refuse.

use super::quote;

/// `strconv.ParseInt(text, 10, 64)`.
pub fn int(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(syntax("ParseInt", text));
    }
    text.parse::<i64>().map_err(|_| range("ParseInt", text))
}

/// `strconv.ParseBool`.
pub fn bool(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(syntax("ParseBool", text)),
    }
}

/// `strconv.ParseFloat(text, 64)`: decimal, hexadecimal with exponent, `inf`, `infinity`, `nan` in any case.
pub fn float(text: &str) -> Result<f64, String> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let negative = text.starts_with('-');
    let lower = unsigned.to_ascii_lowercase();
    let magnitude = match lower.as_str() {
        "inf" | "infinity" => return Ok(if negative { f64::NEG_INFINITY } else { f64::INFINITY }),
        "nan" if unsigned == text => return Ok(f64::NAN),
        _ if lower.starts_with("0x") => hexadecimal(&lower[2..]).ok_or_else(|| syntax("ParseFloat", text))?,
        _ => decimal(&lower).ok_or_else(|| syntax("ParseFloat", text))?,
    };
    if magnitude.is_infinite() {
        return Err(range("ParseFloat", text));
    }
    Ok(if negative { -magnitude } else { magnitude })
}

fn decimal(text: &str) -> Option<f64> {
    let starts_well = text.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    let clean = text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'+' | b'-'));
    if !starts_well || !clean { None } else { text.parse().ok() }
}

fn hexadecimal(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once('p')?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    if digits.is_empty() || digits.len() > 15 {
        return None;
    }
    let value = u64::from_str_radix(&digits, 16).ok()?;
    let exponent = exponent.parse::<i32>().ok()? - i32::try_from(fraction.len() * 4).ok()?;
    #[expect(clippy::cast_precision_loss, reason = "rounds as the format asks")]
    Some(value as f64 * 2f64.powi(exponent))
}

fn syntax(function: &str, text: &str) -> String {
    format!("strconv.{function}: parsing {}: invalid syntax", quote::string(text, false))
}

fn range(function: &str, text: &str) -> String {
    format!("strconv.{function}: parsing {}: value out of range", quote::string(text, false))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_refuses_as_go() {
        assert_eq!(int("+7"), Ok(7));
        assert_eq!(int("4 2").unwrap_err(), "strconv.ParseInt: parsing \"4 2\": invalid syntax");
        assert_eq!(
            int("9223372036854775808").unwrap_err(),
            "strconv.ParseInt: parsing \"9223372036854775808\": value out of range"
        );
        assert_eq!(bool("T"), Ok(true));
        assert!(bool("yes").is_err());
        assert_eq!(float("1e3"), Ok(1000.0));
        assert_eq!(float(".5"), Ok(0.5));
        assert_eq!(float("0x1.8p1"), Ok(3.0));
        assert!(float("1e999").unwrap_err().ends_with("value out of range"));
        assert!(float("1_0").is_err());
        assert!(float("").is_err());
        assert!(float("infin").is_err());
    }
}
