//! `cargo xtask conformance --rego DIR…`: templates on mutated inputs, through plat and through the real OPA.
//!
//! Owns the comparison and the counts. A fail-open, where OPA finds a violation or an error and plat nothing, fails the
//! command, and so does less than 99.9 % of equal answers.

mod inputs;
mod opa;
mod templates;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::ensure;
use plat_rego::{Document, Limits, Module, Program};
use serde_json::Value;

use self::templates::Template;

/// What to compare of Rego
#[derive(Debug, Default, clap::Args)]
#[group(id = "rego_arguments")]
pub(crate) struct Arguments {
    /// Put mutated inputs before the templates of these folders, and before the real OPA
    #[arg(long, value_name = "DIR")]
    pub(crate) rego: Vec<PathBuf>,
    /// How many inputs, over all templates
    #[arg(long, default_value_t = 20_000, requires = "rego")]
    pub(crate) inputs: usize,
}

/// What one side says of one input: its violations, or an error.
pub(crate) type Answer = Result<Option<Value>, String>;

#[derive(Debug, Default)]
struct Counts {
    equal: usize,
    over_deny: usize,
    fail_open: usize,
    differ: usize,
}

/// Compares and counts.
pub(crate) fn run(arguments: &Arguments, seed: u64) -> anyhow::Result<ExitCode> {
    let templates = templates::find(&arguments.rego)?;
    ensure!(!templates.is_empty(), "no template in these folders");
    let each = arguments.inputs.div_ceil(templates.len());
    let mut counts = Counts::default();
    let mut refused = 0;
    for (index, template) in templates.iter().enumerate() {
        let inputs = inputs::of(template, seed.wrapping_add(index as u64), each);
        match compile(template) {
            Ok(program) => compare(template, &program, &inputs, &mut counts)?,
            Err(message) => {
                refused += 1;
                println!("refused    {}: {message}", template.name);
            }
        }
    }
    let total = counts.equal + counts.over_deny + counts.fail_open + counts.differ;
    println!("{} templates, {refused} refused, {total} inputs: {counts:?}", templates.len());
    let enough = counts.equal * 1000 >= total * 999;
    Ok(if counts.fail_open == 0 && enough { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn compile(template: &Template) -> Result<Program, String> {
    let modules: Vec<Module<'_>> =
        template.sources.iter().map(|source| Module { name: &template.name, source }).collect();
    let joined =
        |errors: Vec<plat_rego::CompileError>| errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    Program::compile(&modules, template.version).map_err(joined)
}

fn compare(template: &Template, program: &Program, inputs: &[Value], counts: &mut Counts) -> anyhow::Result<()> {
    let data = Document::new(&serde_json::json!({ "inventory": template.inventory }));
    let theirs = opa::answers(template, inputs)?;
    let mut shown = 0;
    for (input, their) in inputs.iter().zip(&theirs) {
        let our: Answer = program
            .eval(&template.rule, &Document::new(input), &data, Limits::default())
            .map_err(|error| error.to_string());
        let label = judge(&our, their, counts);
        if label != "equal" && shown < 3 {
            shown += 1;
            println!("{label:<10} {}\n  plat  {our:?}\n  opa   {their:?}\n  input {input}", template.name);
        }
    }
    Ok(())
}

/// Whether an answer refuses the input.
fn denies(answer: &Answer) -> bool {
    match answer {
        Err(_) => true,
        Ok(None) => false,
        Ok(Some(value)) => value.as_array().is_none_or(|items| !items.is_empty()),
    }
}

fn judge(our: &Answer, their: &Answer, counts: &mut Counts) -> &'static str {
    let (count, label) = match (denies(our), denies(their)) {
        (false, true) => (&mut counts.fail_open, "fail-open"),
        (true, false) => (&mut counts.over_deny, "over-deny"),
        (true, true) if our.is_err() != their.is_err() => (&mut counts.differ, "differs"),
        (true, true) if our.is_ok() && our != their => (&mut counts.differ, "differs"),
        _ => (&mut counts.equal, "equal"),
    };
    *count += 1;
    label
}
