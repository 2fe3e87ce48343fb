//! `cargo xtask conformance`: plat's answers beside those of the real programs.
//!
//! Owns walking a folder of cases, the table and the verdict. A case is any folder with a `composition.yaml`; a case with
//! a `composition.original.yaml` in Resources mode is run from that too.

mod case;
mod cel;
mod compare;
mod core;
mod differential;
mod generated;
mod mutation;
mod policy;
mod real;
mod rego;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, ensure};

use case::{Case, Form};
use compare::Verdict;
pub(crate) use mutation::Arguments as MutationArguments;
pub(crate) use policy::Arguments as PolicyArguments;
pub(crate) use rego::Arguments as RegoArguments;

/// Compare plat's answers with the recorded answers of the real programs
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// A folder laid out like ../shared/corpus/crossplane
    #[arg(value_name = "DIR", default_value = "../shared/corpus/crossplane")]
    pub(crate) folder: PathBuf,
    /// Compare Result and Context documents, and what a refusal names, too
    #[arg(long)]
    pub(crate) strict: bool,
    /// Render through the real functions over gRPC instead, built with Go, and put generated inputs before them, and
    /// generated render requests before the real Crossplane core
    #[arg(long)]
    pub(crate) real: bool,
    /// How many generated inputs
    #[arg(long, default_value_t = 2_000, requires = "real")]
    pub(crate) generated: u64,
    /// How many generated render requests go to the real Crossplane core
    #[arg(long, default_value_t = 300, requires = "real")]
    pub(crate) requests: u64,
    /// The first of the generated inputs and requests
    #[arg(long, default_value_t = 0, requires = "real")]
    pub(crate) seed: u64,
    /// Put so many generated expressions before Kubernetes' own CEL, built with Go, instead
    #[arg(long, value_name = "COUNT", requires = "real")]
    pub(crate) cel: Option<u64>,
    #[command(flatten)]
    pub(crate) policy: policy::Arguments,
    #[command(flatten)]
    pub(crate) rego: rego::Arguments,
    #[command(flatten)]
    pub(crate) mutation: mutation::Arguments,
    /// Print identical cases too
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

/// Counts of one run.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Totals {
    pub(crate) identical: usize,
    pub(crate) differs: usize,
    pub(crate) errors: usize,
    pub(crate) unsupported: usize,
    pub(crate) explained: usize,
}

/// Runs every case of the folder.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    if let Some(folder) = &arguments.policy.policy {
        return policy::run(folder, &arguments.policy, arguments.real, arguments.seed);
    }
    if !arguments.rego.rego.is_empty() {
        return rego::run(&arguments.rego, arguments.seed);
    }
    if let Some(count) = arguments.cel {
        return cel::run(arguments.seed, count);
    }
    if arguments.mutation.mutation {
        return mutation::run(&arguments.mutation, arguments.real, arguments.seed);
    }
    let totals = compare_all(arguments)?;
    let clean = totals.differs + totals.errors + totals.unsupported == 0;
    Ok(if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Runs every case, prints the table, and counts.
pub(crate) fn compare_all(arguments: &Arguments) -> anyhow::Result<Totals> {
    let folders = case_folders(&arguments.folder)?;
    ensure!(!folders.is_empty(), "{} holds no case (a folder with a composition.yaml)", arguments.folder.display());
    let functions = if arguments.real { Some(real::Functions::start()?) } else { None };
    let started = Instant::now();
    let mut totals = Totals::default();
    for folder in &folders {
        for form in Form::of(folder) {
            let case = Case::read(folder, form)?;
            let answer = case.render(functions.as_ref().map(real::Functions::runner));
            let verdict = compare::verdict(&case, &answer, arguments.strict);
            let name = folder.strip_prefix(&arguments.folder).unwrap_or(folder).display();
            totals.add(&verdict);
            if arguments.verbose || !matches!(verdict, Verdict::Identical) {
                println!("{:<12} {name}{}", verdict.label(), form.suffix());
                if let Some(detail) = verdict.detail() {
                    println!("             {detail}");
                }
            }
        }
    }
    if let Some(functions) = &functions {
        let generated = differential::run(functions.runner(), arguments.seed, arguments.generated);
        let rendered = core::run(&functions.addresses(), arguments.seed, arguments.requests)?;
        totals.identical += generated.identical + rendered.identical;
        totals.differs += generated.differs + rendered.differs;
        totals.unsupported += generated.unsupported;
    }
    let elapsed = started.elapsed().as_millis();
    let Totals { identical, differs, errors, unsupported, explained } = totals;
    println!("{} cases in {elapsed} ms", identical + differs + errors + unsupported + explained);
    println!(
        "{identical} identical, {differs} differ, {errors} errors, {unsupported} unsupported, {explained} explained"
    );
    Ok(totals)
}

impl Totals {
    fn add(&mut self, verdict: &Verdict) {
        match verdict {
            Verdict::Identical => self.identical += 1,
            Verdict::Differs(_) => self.differs += 1,
            Verdict::Error(_) => self.errors += 1,
            Verdict::Unsupported(_) => self.unsupported += 1,
            Verdict::Explained(_) => self.explained += 1,
        }
    }
}

/// All folders below `root` with a `composition.yaml`, in order.
pub(crate) fn case_folders(root: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut pending = vec![root.to_owned()];
    while let Some(folder) = pending.pop() {
        if folder.join("composition.yaml").is_file() {
            found.push(folder.clone());
        }
        let entries = std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))?;
        for entry in entries {
            let path = entry?.path();
            if path.is_dir() {
                pending.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
