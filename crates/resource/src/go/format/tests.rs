//! What Go printed for each of these.

use super::TooLong;
use proptest::prelude::*;
use serde_json::{Value, json};

const MAX_TEXT_BYTES: usize = 1 << 20;

fn sprintf(format: &str, arguments: &[&Value]) -> Result<String, TooLong> {
    super::sprintf(format, arguments, MAX_TEXT_BYTES)
}

fn check(format: &str, argument: &Value, want: &str) {
    assert_eq!(sprintf(format, &[argument]).as_deref(), Ok(want), "{format} of {argument}");
}

#[test]
fn prints_what_go_prints() {
    let three = json!(3.0);
    check("%d", &three, "%!d(float64=3)");
    check("%s", &three, "%!s(float64=3)");
    check("%v", &json!(1_000_000.0), "1e+06");
    check("%05d", &json!(42), "00042");
    check("%+d", &json!(42), "+42");
    check("%x", &json!("hi"), "6869");
    check("% x", &json!("hi"), "68 69");
    check("%#x", &json!("hi"), "0x6869");
    check("%q", &json!("a\"b"), "\"a\\\"b\"");
    check("%#q", &json!("ab"), "`ab`");
    check("%5.1f|", &json!(1.25), "  1.2|");
    check("%-10s|", &json!("ab"), "ab        |");
    check("%10s|", &json!("é"), "         é|");
    check("%.1s|", &json!("éa"), "é|");
    check("%T", &json!({}), "map[string]interface {}");
    check("%v", &json!({"b": [1, "x", null], "a": {"k": true}}), "map[a:map[k:true] b:[1 x <nil>]]");
    check(
        "%#v",
        &json!({"a": [1.0, "x", null]}),
        "map[string]interface {}{\"a\":[]interface {}{1, \"x\", interface {}(nil)}}",
    );
    check("%d", &json!({"a": 1}), "map[%!d(string=a):1]");
    check("%s", &Value::Null, "%!s(<nil>)");
    check("%v", &Value::Null, "<nil>");
    check("%5.1f", &json!("hi"), "%!f(string=    h)");
    check("%t", &json!(true), "true");
    check("%U", &json!(0x4e16), "U+4E16");
    check("%#U", &json!(0x4e16), "U+4E16 '世'");
    check("%c", &json!(65), "A");
    check("%b", &json!(1.5), "6755399441055744p-52");
    check("%#g", &json!(1.0), "1.00000");
    check("%08.3f", &json!(-3.5), "-003.500");
    check("%+v", &json!(1.5), "1.5");
}

#[test]
fn malformed_formats_print_their_fault() {
    let text = json!("x");
    check("plain", &text, "plain%!(EXTRA string=x)");
    check("%s-%s", &text, "x-%!s(MISSING)");
    check("%", &text, "%!(NOVERB)%!(EXTRA string=x)");
    check("%!", &text, "%!!(string=x)");
    check("%z", &text, "%!z(string=x)");
    check("%%", &text, "%%!(EXTRA string=x)");
    check("%[1]s/%[1]s", &text, "x/x");
    check("%[2]s", &text, "%!s(BADINDEX)");
    check("%[x]s", &text, "%!s(BADINDEX)");
    check("%[1]2d", &json!(1), "%!d(BADINDEX)");
    check("%*d", &json!(5), "%!d(MISSING)");
    check("%*d", &json!("a"), "%!(BADWIDTH)%!d(MISSING)");
    check("%.*d", &json!("a"), "%!(BADPREC)%!d(MISSING)");
    check("%99999999d", &json!(1), "%!(NOVERB)%!(EXTRA int64=1)");
}

#[test]
fn large_widths_and_precisions_print_what_go_prints() {
    let padded = |format: &str, argument: &Value, want: String| check(format, argument, &want);
    // Rust's own formatting panics above 65,535: found by the fuzz target `sprintf`.
    padded("%.70000f", &json!(1.5), format!("1.5{}", "0".repeat(69_999)));
    padded("%.70000e", &json!(1.5), format!("1.5{}e+00", "0".repeat(69_999)));
    padded("%.70000g", &json!(0.5), "0.5".to_owned());
    padded("%.70000U", &json!(65), format!("U+{}41", "0".repeat(69_998)));
    padded("%70000d", &json!(7), format!("{}7", " ".repeat(69_999)));
    padded("%.70000d", &json!(7), format!("{}7", "0".repeat(69_999)));
    padded("%-70000s", &json!("é"), format!("é{}", " ".repeat(69_999)));
    padded("%.9999999s", &json!("short"), "short".to_owned());
}

#[test]
fn a_text_above_the_limit_is_an_error() {
    let argument = json!([1, 1.5, "x", true, null]);
    let wide = [
        ("%9999999d", json!(1)),
        ("%.9999999d", json!(1)),
        ("%.9999999U", json!(1)),
        ("%09999999x", json!(1)),
        ("%9999999.3f", json!(1.5)),
        ("%.9999999f", json!(1.5)),
        ("%.9999999e", json!(1.5)),
        ("%#.9999999g", json!(1.5)),
        ("%.9999999x", json!(1.5)),
        ("%-9999999s", json!("x")),
        ("%9999999q", json!("x")),
        ("%9999999t", json!(true)),
        ("%9999999v", argument.clone()),
    ];
    for (format, value) in &wide {
        assert_eq!(sprintf(format, &[value]), Err(TooLong(MAX_TEXT_BYTES)), "{format}");
    }
    let half = "%999999d";
    assert_eq!(sprintf(half, &[&json!(1)]).map(|text| text.len()), Ok(999_999));
    assert_eq!(sprintf(&format!("{half}{half}"), &[&json!(1), &json!(1)]), Err(TooLong(MAX_TEXT_BYTES)));
    let many = "%99999d".repeat(10_000);
    assert_eq!(sprintf(&many, &vec![&argument; 10_000]), Err(TooLong(MAX_TEXT_BYTES)));
}

proptest! {
    #[test]
    fn any_format_prints(
        format in "([%a\\[\\]0-9.*# +-]|%[#+ 0-]{0,3}[0-9]{0,4}(\\.[0-9]{0,6})?[a-zA-Z%]|\\PC){0,20}",
        numbers in prop::collection::vec(any::<f64>(), 0..3),
        integers in prop::collection::vec(any::<i64>(), 0..3),
        text in "\\PC{0,6}",
    ) {
        let values: Vec<Value> =
            numbers.into_iter().map(Value::from).chain(integers.into_iter().map(Value::from)).chain([json!([text])]).collect();
        let printed = sprintf(&format, &values.iter().collect::<Vec<_>>());
        prop_assert!(printed.is_ok_and(|text| text.len() <= MAX_TEXT_BYTES) || format.contains(|c: char| c.is_ascii_digit() || c == '*'));
    }
}
