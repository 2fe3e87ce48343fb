//! Bytes → documents, platform and claims in one text → expansions → plan → text, Markdown, JSON; twice, with one answer.
#![no_main]

use libfuzzer_sys::fuzz_target;
use plat_expand::function::NoFunctions;
use plat_expand::{Compatibility, Engine, Expansion, Observed, Options};
use plat_plan::render::{self, TextOptions};
use plat_plan::{Plan, PlatformSchemas, Subject};
use plat_platform::Platform;
use plat_resource::Document;

fuzz_target!(|bytes: &[u8]| {
    let documents = plat_fuzz::documents(bytes);
    let (platform, _) = Platform::load(documents.clone());
    let subjects: Vec<&Document> = plat_fuzz::subjects(&platform, &documents).collect();
    if subjects.is_empty() {
        let engine = Engine::new(&platform, NOTHING, Options::default(), &NoFunctions);
        drop(engine.check());
        return;
    }
    // What is live: nothing, or the very objects of the first expansion.
    let (first, live) = planned(&platform, &subjects, NOTHING);
    assert_eq!(first, planned(&platform, &subjects, NOTHING).0, "two answers to one question");
    drop(planned(&platform, &subjects, &live));
});

static NOTHING: &Observed = &Observed {
    composite: None,
    claim: None,
    resources: Vec::new(),
    connection_details: std::collections::BTreeMap::new(),
};

fn planned(platform: &Platform, subjects: &[&Document], live: &Observed) -> ([String; 3], Observed) {
    let options = Options { compatibility: Compatibility::default(), skip_unavailable_functions: true, only_one: true };
    let engine = Engine::new(platform, live, options, &NoFunctions);
    drop(engine.check());
    let mut expansions = Vec::new();
    for document in subjects {
        match engine.expand(document) {
            Ok(expansion) => expansions.push((*document, expansion)),
            Err(diagnostics) => assert!(!diagnostics.is_empty(), "refused without a reason"),
        }
    }
    let subjects: Vec<Subject<'_>> = expansions
        .iter()
        .map(|(document, expansion)| Subject {
            file: Some("input.yaml"),
            given: Some(&document.value),
            expansion,
            observed: live,
            warnings: &[],
            verdicts: &[],
        })
        .collect();
    let plan = Plan::new(Compatibility::default(), &subjects, &PlatformSchemas::new(platform));
    let text = render::text(&plan, &TextOptions::default());
    let json = render::json(&plan).expect("a plan is JSON");
    let markdown = render::markdown(&plan);
    let mut made = Observed::default();
    for (_, expansion) in &expansions {
        keep(expansion, &mut made);
    }
    ([text, json, markdown], made)
}

fn keep(expansion: &Expansion, live: &mut Observed) {
    live.resources.push(expansion.composite.clone());
    live.resources.extend(expansion.claim.clone());
    for composed in &expansion.composed {
        live.resources.push(composed.object.clone());
        if let Some(nested) = &composed.nested {
            keep(nested, live);
        }
    }
}
