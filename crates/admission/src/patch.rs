//! The least RFC 6902 patch from one object to another.
//!
//! Owns which operations are written: nothing is replaced that is the same in both, elements that are put into an array
//! do not rewrite those behind them, and a map that is missing is added whole. Applying is `json_patch`'s.

use json_patch::jsonptr::{PointerBuf, Token};
use json_patch::{AddOperation, Patch, PatchOperation, RemoveOperation, ReplaceOperation};
use plat_resource::{Map, Value};

/// Arrays whose lengths multiply to more than this are compared position by position.
const MOST_COMPARISONS: usize = 250_000;

/// The patch that makes `to` of `from`; empty where they are equal.
pub fn diff(from: &Value, to: &Value) -> Patch {
    let mut differ = Differ { path: PointerBuf::new(), operations: Vec::new() };
    differ.values(from, to);
    Patch(differ.operations)
}

struct Differ {
    path: PointerBuf,
    operations: Vec<PatchOperation>,
}

impl Differ {
    fn at<'t>(&mut self, token: impl Into<Token<'t>>, work: impl FnOnce(&mut Self)) {
        self.path.push_back(token);
        work(self);
        self.path.pop_back();
    }

    fn add(&mut self, value: &Value) {
        let operation = AddOperation { path: self.path.clone(), value: value.clone() };
        self.operations.push(PatchOperation::Add(operation));
    }

    fn remove(&mut self) {
        self.operations.push(PatchOperation::Remove(RemoveOperation { path: self.path.clone() }));
    }

    fn values(&mut self, from: &Value, to: &Value) {
        match (from, to) {
            (from, to) if from == to => {}
            (Value::Object(from), Value::Object(to)) => self.maps(from, to),
            (Value::Array(from), Value::Array(to)) => self.arrays(from, to),
            (_, to) => {
                let operation = ReplaceOperation { path: self.path.clone(), value: to.clone() };
                self.operations.push(PatchOperation::Replace(operation));
            }
        }
    }

    fn maps(&mut self, from: &Map<String, Value>, to: &Map<String, Value>) {
        for key in from.keys().filter(|key| !to.contains_key(*key)) {
            self.at(key, Self::remove);
        }
        for (key, value) in to {
            self.at(key, |differ| match from.get(key) {
                Some(old) => differ.values(old, value),
                None => differ.add(value),
            });
        }
    }

    /// What is the same at both ends is left alone; between them, elements are kept in a longest common order.
    fn arrays(&mut self, from: &[Value], to: &[Value]) {
        let start = from.iter().zip(to).take_while(|(old, new)| old == new).count();
        let (from, to) = (&from[start..], &to[start..]);
        let end = from.iter().rev().zip(to.iter().rev()).take_while(|(old, new)| old == new).count();
        let (from, to) = (&from[..from.len() - end], &to[..to.len() - end]);
        let kept = if from.len().saturating_mul(to.len()) > MOST_COMPARISONS { Vec::new() } else { common(from, to) };
        let (mut old, mut new, mut place) = (0, 0, start);
        for (next_old, next_new) in kept.into_iter().chain([(from.len(), to.len())]) {
            place = self.gap(&from[old..next_old], &to[new..next_new], place) + 1;
            (old, new) = (next_old + 1, next_new + 1);
        }
    }

    /// Turns the elements between two that are kept; answers where the next one stands then.
    fn gap(&mut self, from: &[Value], to: &[Value], place: usize) -> usize {
        for (index, (old, new)) in from.iter().zip(to).enumerate() {
            self.at(place + index, |differ| differ.values(old, new));
        }
        for _ in to.len()..from.len() {
            self.at(place + to.len(), Self::remove);
        }
        for (index, new) in to.iter().enumerate().skip(from.len()) {
            self.at(place + index, |differ| differ.add(new));
        }
        place + to.len()
    }
}

/// The places of a longest common subsequence, in order.
fn common(from: &[Value], to: &[Value]) -> Vec<(usize, usize)> {
    let width = to.len() + 1;
    let mut lengths = vec![0_u32; (from.len() + 1) * width];
    for old in (0..from.len()).rev() {
        for new in (0..to.len()).rev() {
            lengths[old * width + new] = if from[old] == to[new] {
                lengths[(old + 1) * width + new + 1] + 1
            } else {
                lengths[(old + 1) * width + new].max(lengths[old * width + new + 1])
            };
        }
    }
    let (mut old, mut new, mut kept) = (0, 0, Vec::new());
    while old < from.len() && new < to.len() {
        if from[old] == to[new] {
            kept.push((old, new));
            (old, new) = (old + 1, new + 1);
        } else if lengths[(old + 1) * width + new] >= lengths[old * width + new + 1] {
            old += 1;
        } else {
            new += 1;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn text(from: &Value, to: &Value) -> String {
        let patch = diff(from, to);
        let mut patched = from.clone();
        json_patch::patch(&mut patched, &patch).unwrap();
        assert_eq!(&patched, to);
        let lines = patch.iter().map(ToString::to_string).collect::<Vec<_>>();
        lines.join("\n")
    }

    #[test]
    fn nothing_is_written_where_nothing_changed() {
        assert_eq!(text(&json!({"a": [1, {"b": null}]}), &json!({"a": [1, {"b": null}]})), "");
    }

    #[test]
    fn a_missing_map_is_added_whole_and_a_present_one_entered() {
        let to = json!({"metadata": {"labels": {"a.b/c": "d"}}});
        insta::assert_snapshot!(text(&json!({"metadata": {}}), &to),
            @r#"{"op":"add","path":"/metadata/labels","value":{"a.b/c":"d"}}"#);
        let from = json!({"metadata": {"labels": {"~x": "y"}}});
        let to = json!({"metadata": {"labels": {"a.b/c": "d", "~x": "z"}}});
        insta::assert_snapshot!(text(&from, &to), @r#"
        {"op":"add","path":"/metadata/labels/a.b~1c","value":"d"}
        {"op":"replace","path":"/metadata/labels/~0x","value":"z"}
        "#);
        insta::assert_snapshot!(text(&json!({"labels": null}), &json!({"labels": {"a": "b"}})),
            @r#"{"op":"replace","path":"/labels","value":{"a":"b"}}"#);
    }

    #[test]
    fn elements_put_into_an_array_do_not_rewrite_the_others() {
        let container = |name: &str| json!({"name": name, "image": format!("{name}:1")});
        let from = json!([container("a"), container("b"), container("c")]);
        insta::assert_snapshot!(text(&from, &json!([container("x"), container("a"), container("b"), container("c")])),
            @r#"{"op":"add","path":"/0","value":{"image":"x:1","name":"x"}}"#);
        insta::assert_snapshot!(text(&from, &json!([container("a"), container("c"), container("d")])), @r#"
        {"op":"remove","path":"/1"}
        {"op":"add","path":"/2","value":{"image":"d:1","name":"d"}}
        "#);
        let mut changed = from.clone();
        changed[1]["image"] = json!("b:2");
        insta::assert_snapshot!(text(&from, &changed), @r#"{"op":"replace","path":"/1/image","value":"b:2"}"#);
    }

    fn values() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            (0..4_i64).prop_map(Value::from),
            "[a~/ ]{0,3}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 48, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::btree_map("[a-c~/.]{0,2}", inner, 0..5)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn applying_gives_the_other_object(from in values(), to in values()) {
            let mut patched = from.clone();
            json_patch::patch(&mut patched, &diff(&from, &to)).unwrap();
            prop_assert_eq!(&patched, &to);
            prop_assert!(diff(&patched, &to).0.is_empty());
        }
    }
}
