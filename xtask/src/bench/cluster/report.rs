//! What was measured, for people, and what of it is over a limit.

use super::super::Table;
use super::measure::{Figures, Phase, number};
use super::platform::RESOURCES;
use super::{ClusterArguments, LIMIT_IDLE, LIMIT_IDLE_WRITES, LIMIT_MEMORY, LIMIT_PROCESSOR, LIMIT_RATE};

/// Prints it all; how many figures are over their limit.
pub(super) fn report(plat: &Figures, crossplane: Option<&Figures>, arguments: &ClusterArguments) -> usize {
    show("plat", plat, arguments);
    if let Some(crossplane) = crossplane {
        show("Crossplane", crossplane, arguments);
    }
    println!();
    let mut table = Table::new();
    let figures = [Some(plat), crossplane];
    let lost: usize = figures.iter().flatten().map(|each| each.fill.through.lost + each.churn.through.lost).sum();
    table.row("claims that were not ready in time", number(lost), None, 0.0, "");
    table.row("plat at rest", share(&plat.idle), None, LIMIT_IDLE, "% of a core");
    table.row("plat's writes at rest, but for the Lease", plat.idle.calls.writes(), None, LIMIT_IDLE_WRITES, "");
    if let Some(crossplane) = crossplane {
        table.row("Crossplane's rate by plat's", crossplane.rate() / plat.rate(), None, LIMIT_RATE, "");
        table.row("plat's peak memory by Crossplane's", plat.peak() / crossplane.peak(), None, LIMIT_MEMORY, "");
        for (name, of) in [("filling", (&plat.fill, &crossplane.fill)), ("changing", (&plat.churn, &crossplane.churn))]
        {
            let name = format!("plat's processor time by Crossplane's, {name}");
            table.row(&name, of.0.processor() / of.1.processor(), None, LIMIT_PROCESSOR, "");
        }
    }
    println!("{}", table.verdict());
    table.over
}

/// In percent of one core.
fn share(phase: &Phase) -> f64 {
    100.0 * phase.processor() / phase.time.as_secs_f64()
}

fn show(name: &str, figures: &Figures, arguments: &ClusterArguments) {
    let Figures { names, created, fill, churn, idle } = figures;
    println!("\n{name}: {} claims of {RESOURCES} composed resources", arguments.claims);
    println!(
        "  from empty to all ready in {:.1} s, {:.1} claims/s; all were made after {:.1} s",
        fill.time.as_secs_f64(),
        figures.rate(),
        created.as_secs_f64()
    );
    phase(names, fill, arguments.claims);
    let changed = churn.through.count();
    println!("  {} changes/s for {} s, {changed} in all", arguments.churn, arguments.churn_seconds);
    phase(names, churn, changed);
    println!("  at rest for {} s: {:.2} % of a core", arguments.idle_seconds, share(idle));
    phase(names, idle, 0);
}

fn phase(names: &[&str], phase: &Phase, claims: usize) {
    let Phase { through, engine, control_plane, calls, memory, .. } = phase;
    if claims > 0 {
        let [half, most] = [500, 990].map(|share| through.per_mille(share));
        println!("    through after: p50 {half:.0} ms, p99 {most:.0} ms; {} not in time", through.lost);
    }
    for ((name, time), (resident, peak)) in names.iter().zip(engine).zip(memory) {
        let time = time.as_secs_f64();
        println!("    {name}: {time:.2} s of processor time, {resident:.1} MiB, peak so far {peak:.1}");
    }
    println!("    API server and etcd: {:.1} s of processor time", control_plane.as_secs_f64());
    if claims > 0 {
        let [all, writes] = [calls.total(), calls.writes()].map(|count| count / number(claims));
        println!("    calls: {:.0}, {all:.1} for each claim, of which {writes:.1} write", calls.total());
    } else {
        println!("    calls: {:.0}, of which {:.0} write", calls.total(), calls.writes());
    }
    println!("      {}", calls.line());
}
