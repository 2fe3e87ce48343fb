//! Bytes → documents → templates, constraints, mutators and expansions, which are linted and judge the other documents;
//! twice, with one answer, and loaded again after themselves they are what they were.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use plat_policy::{EnforcementPoint, Inventory, Options, PolicySet, Review, lint};
use plat_rego::Limits;

/// Documents that are judged, so that one input does not take long.
const MOST: usize = 4;

fuzz_target!(|bytes: &[u8]| {
    let documents = plat_fuzz::documents(bytes);
    let limits = Limits { time: Duration::from_millis(20), memory: 16 << 20, now: Some(Duration::from_secs(1)) };
    let options = Options { limits, ..Options::default() };
    let (set, findings) = PolicySet::load(&documents, &options);
    let said: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert!(said.iter().all(|text| !text.is_empty()));
    let (again, findings) = PolicySet::load_after(&set, &documents, &options);
    let said_again: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(said, said_again, "other findings of the same policies");
    for found in lint::lint(&documents, &options) {
        assert!(!found.rule.about().is_empty());
    }
    let inventory = Inventory::new(documents.iter().map(|document| &document.value));
    let namespace = documents.first().map(|document| document.value.clone());
    for document in documents.iter().rev().take(MOST) {
        for namespace in [None, namespace.clone()] {
            let review = Review::of_object(&document.value, namespace);
            drop(set.explain(&review, EnforcementPoint::Webhook));
            let judge = |set: &PolicySet| {
                let verdicts = set.review(&review, EnforcementPoint::Webhook, &inventory);
                verdicts.into_iter().map(|verdict| (verdict.constraint, verdict.message)).collect::<Vec<_>>()
            };
            assert_eq!(judge(&set), judge(&again), "two answers to one question");
            drop(set.expand(&review));
        }
    }
});
