use plat_resource::{Object, Value};
use proptest::prelude::*;
use prost::Message;
use serde_json::json;

use super::*;

/// Any JSON whose numbers a double can hold.
fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-(1_i64 << 53)..=(1_i64 << 53)).prop_map(Value::from),
        any::<f64>()
            .prop_filter("finite and not integral", |n| n.is_finite() && n.fract() != 0.0)
            .prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::Array),
            prop::collection::btree_map(".*", inner, 0..8).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn object() -> impl Strategy<Value = Object> {
    prop::collection::btree_map(".*", json_value(), 0..8).prop_map(|map| map.into_iter().collect())
}

/// The generic implementation of the same message, as an independent witness.
fn generic(value: &Value) -> prost_types::Value {
    use prost_types::value::Kind;
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(flag) => Kind::BoolValue(*flag),
        Value::Number(number) => Kind::NumberValue(number.as_f64().unwrap()),
        Value::String(text) => Kind::StringValue(text.clone()),
        Value::Array(items) => Kind::ListValue(prost_types::ListValue { values: items.iter().map(generic).collect() }),
        Value::Object(object) => Kind::StructValue(generic_struct(object)),
    };
    prost_types::Value { kind: Some(kind) }
}

fn generic_struct(object: &Object) -> prost_types::Struct {
    prost_types::Struct { fields: object.iter().map(|(key, value)| (key.clone(), generic(value))).collect() }
}

proptest! {
    #[test]
    fn what_goes_in_comes_out(object in object()) {
        let encoded = Struct::from_object(&object).unwrap();
        prop_assert_eq!(encoded.to_object().unwrap(), object);
    }

    #[test]
    fn a_generic_reader_reads_what_is_written(object in object()) {
        let bytes = Struct::from_object(&object).unwrap().encode_to_vec();
        let read = prost_types::Struct::decode(bytes.as_slice()).unwrap();
        prop_assert_eq!(read, generic_struct(&object));
    }

    #[test]
    fn what_a_generic_writer_writes_is_read(object in object()) {
        let bytes = generic_struct(&object).encode_to_vec();
        prop_assert_eq!(Struct::decode(bytes.as_slice()).unwrap().to_object().unwrap(), object);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        if let Ok(read) = Struct::decode(bytes.as_slice()) {
            let _ = read.to_object();
        }
        let _ = Struct { encoded: bytes }.to_object();
    }
}

#[test]
fn integral_doubles_become_integers_where_they_fit() {
    let read = |double: f64| decode::number(double);
    assert_eq!(read(3.0), json!(3));
    assert_eq!(read(-0.0), json!(0));
    assert_eq!(read(0.5), json!(0.5));
    assert_eq!(read(-9_223_372_036_854_775_808.0), json!(i64::MIN));
    assert_eq!(read(9_223_372_036_854_775_808.0), json!(9_223_372_036_854_775_808.0_f64));
    assert_eq!(read(1e21), json!(1e21));
    assert_eq!(read(f64::NAN), json!("NaN"));
    assert_eq!(read(f64::NEG_INFINITY), json!("-Infinity"));
}

#[test]
fn integers_beyond_a_double_lose_their_last_digits() {
    let Value::Object(object) = json!({"n": 9_007_199_254_740_993_i64}) else { unreachable!() };
    let read = Struct::from_object(&object).unwrap().to_value().unwrap();
    assert_eq!(read, json!({"n": 9_007_199_254_740_992_i64}));
}

/// An object of `depth` nested objects.
fn nested(depth: usize) -> Value {
    (1..depth).fold(json!({}), |inner, _| json!({ "a": inner }))
}

#[test]
fn depth_is_bounded_both_ways() {
    let deepest = Struct::from_value(&nested(MAX_DEPTH)).unwrap();
    assert_eq!(deepest.to_value().unwrap(), nested(MAX_DEPTH));
    assert_eq!(Struct::from_value(&nested(MAX_DEPTH + 1)), Err(StructError::TooDeep));

    // {"a": <deepest>}, put together by hand.
    let mut value = vec![0x2a];
    prost::encoding::encode_varint(deepest.encoded.len() as u64, &mut value);
    value.extend(&deepest.encoded);
    let mut entry = vec![0x0a, 1, b'a', 0x12];
    prost::encoding::encode_varint(value.len() as u64, &mut entry);
    entry.extend(value);
    let mut encoded = vec![0x0a];
    prost::encoding::encode_varint(entry.len() as u64, &mut encoded);
    encoded.extend(entry);
    assert_eq!(Struct { encoded }.to_value(), Err(StructError::TooDeep));
}

#[test]
fn only_objects_can_be_sent() {
    assert_eq!(Struct::from_value(&json!([1])).unwrap_err().to_string(), "expected an object, got a list");
    assert_eq!(Struct::from_value(&Value::Null).unwrap().to_value().unwrap(), json!({}));
}

#[test]
fn strings_have_to_be_utf8() {
    let encoded = vec![0x0a, 7, 0x0a, 1, b'a', 0x12, 2, 0x1a, 0];
    assert_eq!(Struct { encoded: encoded.clone() }.to_value(), Ok(json!({"a": ""})));
    let encoded = vec![0x0a, 8, 0x0a, 1, b'a', 0x12, 3, 0x1a, 1, 0xff];
    assert_eq!(Struct { encoded }.to_value(), Err(StructError::NotText));
}
