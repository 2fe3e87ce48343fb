//! Replicas whose clocks are wrong by a day.
//!
//! The clock is the real program's: a small library, loaded before the C library, moves what the machine says. Times that are
//! in the objects are those of the wrong clocks, so that each replica sees times of the far future and the far past.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use k8s_openapi::jiff::Timestamp;
use serde_json::{Value, json};

use super::instance::Instance;
use super::proxy::Proxy;
use super::{all_gone, alone, claim, install, nothing_doubled, ready, remove};
use crate::reconciling::fixtures::Platform;
use crate::reconciling::harness::{Harness, condition};

/// Moves the time of day by as many seconds as the environment says; what measures durations stays.
const SHIM: &str = r#"
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = (int)syscall(SYS_clock_gettime, clock, now);
    const char *skew = getenv("PLAT_TEST_SKEW");
    if (result == 0 && clock == CLOCK_REALTIME && skew) now->tv_sec += atol(skew);
    return result;
}
"#;
const DAY: i64 = 26 * 3600;

/// Builds the library with the C compiler that Rust links with.
fn shim(folder: &Path) -> anyhow::Result<std::path::PathBuf> {
    let (source, library) = (folder.join("clock.c"), folder.join("clock.so"));
    std::fs::write(&source, SHIM)?;
    let status = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status()?;
    anyhow::ensure!(status.success(), "cc: {status}");
    Ok(library)
}

async fn replica<'a>(
    harness: &'a Harness,
    name: &'static str,
    proxy: &Proxy,
    library: &Path,
    skew: i64,
) -> anyhow::Result<Instance<'a>> {
    Instance::start(harness, name, Some(proxy.kubeconfig()), |command| {
        command.env("LD_PRELOAD", library).env("PLAT_TEST_SKEW", skew.to_string()).env("POD_NAME", name);
        command.arg("--lease-name=clock");
    })
    .await
}

/// By how many seconds a time differs from this machine's.
fn ahead(time: &Value) -> anyhow::Result<i64> {
    let time: Timestamp = time.as_str().unwrap_or_default().parse()?;
    let now = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs())?;
    Ok(time.as_second() - now)
}

#[cfg(target_os = "linux")]
#[test]
fn replicas_whose_clocks_differ_by_days_take_over_from_each_other_and_do_the_same() {
    let (harness, platform) = (&*alone(), Platform { group: "clocks.example", scope: "LegacyCluster" });
    harness
        .run(async {
            let folder = tempfile::tempdir()?;
            // Certificates of API servers are valid by the real time: without them the clock of the replica alone counts.
            let (library, proxy) = (shim(folder.path())?, Proxy::start(harness).await?);
            let early = replica(harness, "early", &proxy, &library, DAY).await?;
            let namespace = install(harness, &platform).await?;
            let names = ["one".to_owned(), "two".to_owned()];
            claim(harness, &platform, &namespace, &names[..1]).await?;
            ready(harness, &platform, &namespace, &names[..1], "3").await?;
            let path = format!("{}/one", platform.claims(&namespace));
            let found = harness.until(&path, |_| true).await?;
            let time = condition(&found, "Ready").map(|it| it["lastTransitionTime"].clone()).unwrap_or_default();
            let skew = ahead(&time)?;
            assert!((DAY - 600..DAY + 600).contains(&skew), "its clock is not a day ahead: {skew} s");
            let lease = "/apis/coordination.k8s.io/v1/namespaces/plat-system/leases/clock";
            let renewed = harness.until(lease, |_| true).await?["spec"]["renewTime"].clone();
            assert!(ahead(&renewed)? > DAY - 600, "{renewed}");

            // The other one's lease ends a day from now, as it says; by what is seen of it, in twelve seconds.
            let late = replica(harness, "late", &proxy, &library, -DAY).await?;
            harness
                .eventually("another replica", || async { Ok(late.metric("plat_controller_watches", "")? > 4.0) })
                .await?;
            assert!(late.metric("plat_controller_leader", "")? < 0.5, "one leads");
            drop(early);
            let began = Instant::now();
            harness
                .eventually("the lead of the other", || async { Ok(late.metric("plat_controller_leader", "")? > 0.5) })
                .await?;
            assert!(began.elapsed() <= Duration::from_secs(25), "{:?}", began.elapsed());

            // What is as it should be is not written for its times.
            harness.eventually("rest", || async { late.is_quiet(&["claim", "composite"]) }).await?;
            let again = harness.until(&path, |_| true).await?;
            assert_eq!(again["metadata"]["resourceVersion"], found["metadata"]["resourceVersion"]);
            claim(harness, &platform, &namespace, &names[1..]).await?;
            ready(harness, &platform, &namespace, &names[1..], "3").await?;
            harness.patch(&path, &json!({"spec": {"size": 4}})).await?;
            ready(harness, &platform, &namespace, &names[..1], "4").await?;
            nothing_doubled(harness, &platform, &namespace, &names).await?;
            let found = harness.until(&format!("{}/two", platform.claims(&namespace)), |_| true).await?;
            let time = condition(&found, "Ready").map(|it| it["lastTransitionTime"].clone()).unwrap_or_default();
            assert!(ahead(&time)? < 600 - DAY, "its clock is not a day behind: {time}");
            all_gone(harness, &platform, &namespace, &names).await?;
            remove(harness, &platform).await
        })
        .unwrap();
}
