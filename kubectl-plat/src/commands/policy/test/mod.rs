//! `kubectl plat policy test`: Gatekeeper's suites, and tests written in Rego.

mod outcome;
mod rego;
mod suites;

use clap::{Args, ValueEnum};
use plat_policy::Options;
use plat_policy::suite::Filter;
use plat_resource::Diagnostic;

use self::outcome::Group;
use crate::commands::TEMPLATE;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::load;
use crate::policies::now;
use crate::ui::Ui;

const OUTCOME: &str = "nothing was tested";

/// Run the tests of policies: suites, as `gator verify` does, and tests in Rego, as `opa test` does
#[derive(Debug, Args)]
#[command(help_template = TEMPLATE, before_help = "\
A suite is a file with kind Suite of test.gatekeeper.sh. Tests in Rego are rules of
.rego files whose names begin with test_; the files of one folder are one program.
Exits 1 where a test fails.

Examples:
  kubectl plat policy test policies/
  kubectl plat policy test policies/... --run 'limits//denied'
  kubectl plat policy test policies/ -o junit > report.xml
  kubectl plat policy test policies/ --coverage
")]
pub(super) struct TestArgs {
    /// Folders, with the folders in them, suites, or .rego files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<String>,

    /// Only tests and cases whose names match: REGEX, or TEST//CASE
    #[arg(long, value_name = "REGEX", default_value = "", hide_default_value = true)]
    run: String,

    /// Evaluate the Rego of templates that bring CEL too
    #[arg(long)]
    rego_only: bool,

    /// Tell which lines of .rego files, and of the Rego in the templates of suites, the tests reach
    #[arg(long)]
    coverage: bool,

    /// Output format
    #[arg(short, long, value_enum, value_name = "FORMAT", default_value_t, help_heading = "Output options")]
    output: TestFormat,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum TestFormat {
    #[default]
    Text,
    Json,
    Junit,
}

pub(super) fn run(ui: &Ui, arguments: &TestArgs) -> Result<Exit, CommandError> {
    let filter = Filter::new(&arguments.run).map_err(CommandError::usage)?;
    let mut findings = Vec::new();
    let tests = load::tests(&arguments.paths, &mut findings);
    let options = Options { cel: !arguments.rego_only, clock: Some(now), ..Options::default() };
    let mut groups = suites::run(&tests.suites, &options, &filter, arguments.coverage, &mut findings);
    groups.extend(rego::run(&tests.rego, &arguments.run, arguments.coverage, &mut findings)?);
    if groups.is_empty() && !findings.iter().any(Diagnostic::is_error) {
        findings.push(nothing(&arguments.paths));
    }
    if findings.iter().any(Diagnostic::is_error) {
        return Err(CommandError::input(findings, OUTCOME));
    }
    if !arguments.run.is_empty() && groups.iter().all(Group::is_skipped) {
        findings.push(Diagnostic::warning(format!("no test has a name that --run {:?} matches", arguments.run)));
    }
    ui.warn(&findings);
    ui.answer(match arguments.output {
        TestFormat::Text => outcome::text(&groups, ui.color_answer()),
        TestFormat::Json => outcome::json(&groups).map_err(std::io::Error::from)?,
        TestFormat::Junit => outcome::junit(&groups),
    })?;
    Ok(if groups.iter().any(Group::has_failures) { Exit::Error } else { Exit::Done })
}

fn nothing(paths: &[String]) -> Diagnostic {
    Diagnostic::error(format!("there is no test in {}", paths.join(", ")))
        .because("no file is a suite (kind Suite of test.gatekeeper.sh), and no .rego file has a rule test_...")
        .hint("a suite names a template, a constraint, and objects with what is to be said of them")
}
