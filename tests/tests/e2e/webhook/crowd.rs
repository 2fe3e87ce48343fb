//! Many at once.

use futures_util::{StreamExt as _, stream};

use super::fixtures::config_map;
use super::server::server;

const OBJECTS: usize = 2_000;
const AT_ONCE: usize = 64;

#[test]
fn two_thousand_objects_applied_at_once_get_the_right_verdict_each() {
    let server = server();
    server.run(async {
        server.namespace("crowd").await.unwrap();
        let path = "/api/v1/namespaces/crowd/configmaps";
        let label = |number: usize| match number % 10 {
            0 => "odd",
            1..5 => "bad",
            _ => "fine",
        };
        let applied = stream::iter(0..OBJECTS).map(|number| async move {
            let name = format!("crowd-{number}");
            let object = config_map(&name, label(number));
            let path = format!("{path}/{name}?fieldManager=test");
            (number, server.ask("PATCH", &path, Some(&object)).await.unwrap())
        });
        let mut applied = applied.buffer_unordered(AT_ONCE);
        let mut answered = 0;
        while let Some((number, answer)) = applied.next().await {
            let told = (answer.code, answer.warnings.len(), answer.message().contains("[no-bad]"));
            let expected = match label(number) {
                "odd" => (201, 1, false),
                "bad" => (403, 0, true),
                _ => (201, 0, false),
            };
            assert_eq!(told, expected, "{number}: {answer:?}");
            answered += 1;
        }
        assert_eq!(answered, OBJECTS);
        // The audit of other tests is not to look at them again and again.
        assert!(server.ask("DELETE", path, None).await.unwrap().is_accepted());
    });
}
