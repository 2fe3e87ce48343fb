//! What holds for every set of mutators.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use plat_resource::Document;

fn any_location() -> impl Strategy<Value = String> {
    let step =
        prop_oneof![Just("a".to_owned()), Just("b".to_owned()), Just("a[k: x]".to_owned()), Just("b[k: *]".to_owned())];
    proptest::collection::vec(step, 1..4).prop_map(|steps| format!("spec.{}", steps.join(".")))
}

fn any_value() -> impl Strategy<Value = Value> {
    prop_oneof![Just(json!(1)), Just(json!("s")), Just(json!([])), Just(json!({"k": "x"})), Just(json!(["s", 1]))]
}

fn any_mutator(index: usize) -> impl Strategy<Value = Value> {
    let kind = prop_oneof![Just("Assign"), Just("ModifySet"), Just("AssignImage")];
    let operation = prop_oneof![Just("merge"), Just("prune")];
    (kind, any_location(), any_value(), operation).prop_map(move |(kind, location, value, operation)| {
        let parameters = match kind {
            "Assign" => json!({"assign": {"value": value}}),
            "ModifySet" => json!({"operation": operation, "values": {"fromList": [value]}}),
            _ => json!({"assignTag": ":1"}),
        };
        json!({
            "apiVersion": "mutations.gatekeeper.sh/v1alpha1", "kind": kind, "metadata": {"name": format!("m{index}")},
            "spec": {
                "applyTo": [{"groups": [""], "versions": ["v1"], "kinds": ["Pod"]}],
                "location": location, "parameters": parameters,
            },
        })
    })
}

fn any_mutators() -> impl Strategy<Value = Vec<Document>> {
    let one = |index| any_mutator(index).prop_map(|value| Document::synthetic(value, "generated"));
    (one(0), one(1), one(2), one(3)).prop_map(|(a, b, c, d)| vec![a, b, c, d])
}

fn any_object() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![Just(json!(1)), Just(json!("s")), Just(Value::Null)];
    let spec = leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::Array),
            proptest::collection::btree_map("[abk]", inner, 0..3)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    });
    spec.prop_map(|spec| json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec}))
}

proptest! {
    #[test]
    fn twice_is_once(documents in any_mutators(), object in any_object()) {
        let (system, _) = MutationSystem::load(&documents);
        let context = MutationContext { operation: Some(Operation::Create), ..MutationContext::default() };
        if let Ok(once) = system.mutate(object.clone(), &context) {
            prop_assert_eq!(once.changed, once.object != object);
            prop_assert_eq!(once.applied.is_empty(), !once.changed);
            let twice = system.mutate(once.object.clone(), &context).unwrap();
            prop_assert_eq!(twice.object, once.object);
            prop_assert!(!twice.changed);
        }
    }

    #[test]
    fn the_order_of_documents_does_not_matter(documents in any_mutators(), object in any_object()) {
        let (system, _) = MutationSystem::load(&documents);
        let reversed: Vec<_> = documents.into_iter().rev().collect();
        let (other, _) = MutationSystem::load(&reversed);
        prop_assert_eq!(system.conflicts(), other.conflicts());
        let context = MutationContext::default();
        prop_assert_eq!(system.mutate(object.clone(), &context), other.mutate(object, &context));
    }
}
