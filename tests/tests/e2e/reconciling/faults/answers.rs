//! An API server that refuses, fails, and loses answers.

use std::time::{Duration, Instant};

use serde_json::json;

use super::instance::Instance;
use super::proxy::{Proxy, Verdict, is_write};
use super::{all_gone, alone, claim, install, nothing_doubled, ready, remove};
use crate::reconciling::fixtures::Platform;
use crate::reconciling::harness::Harness;

fn names(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("shop-{number}")).collect()
}

async fn start<'a>(harness: &'a Harness, proxy: &Proxy) -> anyhow::Result<Instance<'a>> {
    Instance::start(harness, "behind-proxy", Some(proxy.kubeconfig()), |command| {
        command.arg("--leader-elect=false");
    })
    .await
}

async fn a_while(harness: &Harness, duration: Duration) -> anyhow::Result<()> {
    let began = Instant::now();
    harness.eventually("a while", || async { Ok(began.elapsed() >= duration) }).await
}

#[test]
fn while_the_api_server_asks_for_rest_little_is_asked_and_nothing_is_lost() {
    let (harness, platform) = (&*alone(), Platform { group: "throttled.example", scope: "LegacyCluster" });
    harness
        .run(async {
            let (proxy, names) = (Proxy::start(harness).await?, names(8));
            let _controller = start(harness, &proxy).await?;
            let namespace = install(harness, &platform).await?;
            claim(harness, &platform, &namespace, &names[..4]).await?;
            ready(harness, &platform, &namespace, &names[..4], "3").await?;

            // Nothing may be written: four claims wait to be made real and four to be changed.
            let is_refused = |verdict| matches!(verdict, Verdict::Refuse(_));
            proxy.rule(|method, path, _| if is_write(method, path) { Verdict::Refuse(429) } else { Verdict::Pass });
            let began = Instant::now();
            claim(harness, &platform, &namespace, &names[4..]).await?;
            for name in &names[..4] {
                let path = format!("{}/{name}", platform.claims(&namespace));
                harness.patch(&path, &json!({"spec": {"size": 4}})).await?;
            }
            a_while(harness, Duration::from_secs(5)).await?;
            let (refused, seconds) = (proxy.count(is_refused), began.elapsed().as_secs_f64());
            println!("{refused} writes were refused in {seconds:.1} s");
            // The first are on their way already; after that one a second finds out for all.
            assert!(refused >= 3, "{refused} in {seconds:.1} s");
            assert!(f64::from(u32::try_from(refused)?) <= 8.0 + 2.0 * seconds, "{refused} in {seconds:.1} s");

            // Nothing may be read either.
            proxy.rule(|_, _, _| Verdict::Refuse(429));
            a_while(harness, Duration::from_secs(3)).await?;
            proxy.rule(|_, _, _| Verdict::Pass);
            ready(harness, &platform, &namespace, &names[..4], "4").await?;
            ready(harness, &platform, &namespace, &names[4..], "3").await?;
            nothing_doubled(harness, &platform, &namespace, &names).await?;
            all_gone(harness, &platform, &namespace, &names).await?;
            remove(harness, &platform).await
        })
        .unwrap();
}

#[test]
fn an_api_server_that_fails_and_loses_answers_makes_nothing_twice() {
    let (harness, platform) = (&*alone(), Platform { group: "failing.example", scope: "LegacyCluster" });
    harness
        .run(async {
            let (proxy, names) = (Proxy::start(harness).await?, names(6));
            // Of eleven requests one is refused, one done without an answer and one done and answered by an error.
            let fails = |_: &str, _: &str, number: usize| match number % 11 {
                0 => Verdict::Refuse(500),
                4 => Verdict::Break,
                8 => Verdict::Lose(504),
                _ => Verdict::Pass,
            };
            proxy.rule(fails);
            let _controller = start(harness, &proxy).await?;
            let namespace = install(harness, &platform).await?;
            claim(harness, &platform, &namespace, &names).await?;
            ready(harness, &platform, &namespace, &names, "3").await?;
            nothing_doubled(harness, &platform, &namespace, &names).await?;
            for name in &names {
                let path = format!("{}/{name}", platform.claims(&namespace));
                harness.patch(&path, &json!({"spec": {"size": 4}})).await?;
            }
            ready(harness, &platform, &namespace, &names, "4").await?;
            nothing_doubled(harness, &platform, &namespace, &names).await?;
            all_gone(harness, &platform, &namespace, &names).await?;
            remove(harness, &platform).await?;
            for verdict in [Verdict::Refuse(500), Verdict::Break, Verdict::Lose(504)] {
                assert!(proxy.count(|each| each == verdict) > 10, "{verdict:?} is rare");
            }
            anyhow::Ok(())
        })
        .unwrap();
}
