//! What Go printed for each of these.

use super::sprintf;
use serde_json::{Value, json};

fn check(format: &str, argument: &Value, want: &str) {
    assert_eq!(sprintf(format, &[argument]), want, "{format} of {argument}");
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
