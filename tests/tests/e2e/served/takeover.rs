//! Who wrote a definition keeps it: plat's and Crossplane's never mix.

use plat_resource::{Value, object};
use serde_json::json;

use crate::cluster::{Answer, Cluster, cluster};
use crate::definitions::{establish, in_group};

const CRDS: &str = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/// The definition of Compositions in a group of this test.
fn definition(group: &str) -> Value {
    let mut definitions = plat_served::definitions().into_iter();
    let found = definitions.find(|definition| object::name(definition).starts_with("compositions."));
    in_group(found.unwrap_or_else(|| panic!("plat brings Compositions")), group)
}

/// Applies as docs/kinds.md says.
async fn apply(cluster: &Cluster, definition: &Value) -> Answer {
    let path = format!("{CRDS}/{}?fieldManager=plat", object::name(definition));
    cluster.apply(&path, definition).await.unwrap_or_else(|error| panic!("{error:#}"))
}

/// The definition as somebody else words it.
fn reworded(definition: &Value) -> Value {
    let mut reworded = definition.clone();
    reworded["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["description"] = "Somebody else's words.".into();
    reworded
}

async fn description(cluster: &Cluster, name: &str) -> Value {
    let answer = cluster.get(&format!("{CRDS}/{name}")).await;
    let Ok(Answer::Accepted(stored)) = answer else { panic!("{name} is gone: {answer:?}") };
    stored["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["description"].clone()
}

fn assert_conflict(answer: &Answer) {
    let Answer::Refused(refusal) = answer else { panic!("not refused: {answer:?}") };
    assert_eq!((refusal.code, refusal.reason.as_str()), (409, "Conflict"), "{}", refusal.message);
}

#[test]
fn what_somebody_else_brought_is_left_as_it_is() {
    let cluster = cluster();
    let ours = definition("there.takeover.example");
    cluster.run(async {
        establish(cluster, reworded(&ours)).await.unwrap();
        assert_conflict(&apply(cluster, &ours).await);
        assert_eq!(description(cluster, object::name(&ours)).await, "Somebody else's words.");
    });
}

#[test]
fn what_plat_brought_is_brought_up_to_date_until_somebody_else_writes_it() {
    let cluster = cluster();
    let ours = definition("taken.takeover.example");
    let name = object::name(&ours).to_owned();
    cluster.run(async {
        let mut former = ours.clone();
        former["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["description"] = "Of a former plat.".into();
        for definition in [&former, &ours] {
            let answer = apply(cluster, definition).await;
            assert!(matches!(answer, Answer::Accepted(_)), "{answer:?}");
        }
        assert_ne!(description(cluster, &name).await, "Of a former plat.");

        // Crossplane merges its definitions over what is there.
        let path = format!("{CRDS}/{name}?fieldManager=crossplane");
        let change = json!({"spec": reworded(&ours)["spec"]});
        let answer = cluster.merge(&path, &change).await.unwrap();
        assert!(matches!(answer, Answer::Accepted(_)), "{answer:?}");
        assert_conflict(&apply(cluster, &ours).await);
        assert_eq!(description(cluster, &name).await, "Somebody else's words.");
    });
}
