//! Rules whose name begins with `test_`: which there are, what they say, and which lines they and others reach.

use std::collections::{BTreeMap, BTreeSet};

use crate::budget::Budget;
use crate::ir::{Action, Clause, Collect, GroupKind, Rules, Step, Term};
use crate::machine::{MAX_DEPTH, Machine};
use crate::path;
use crate::program::deep;
use crate::value::Value;
use crate::{Document, EvalError, Limits, Program};

/// A rule that is a test.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Test {
    /// Its full name, for instance `data.k8srequiredlabels.test_missing_label`.
    pub name: String,
    /// The module it stands in, by its place among those compiled.
    pub module: usize,
    /// Its line there.
    pub line: usize,
    /// Whether it is only planned: its name begins with `todo_`, and it is not run.
    pub todo: bool,
}

/// What a test said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestResult {
    /// It holds.
    Pass,
    /// It is false.
    Fail,
    /// It has no value.
    Undefined,
    /// It could not be evaluated.
    Error(EvalError),
}

/// The lines of one module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Lines with an expression or a rule that was reached.
    pub covered: BTreeSet<usize>,
    /// Lines with one that was not.
    pub not_covered: BTreeSet<usize>,
}

impl Coverage {
    /// The share of lines that were reached, of 100; 100 where there are none.
    #[expect(clippy::cast_precision_loss, reason = "no module has so many lines")]
    pub fn percent(&self) -> f64 {
        let all = self.covered.len() + self.not_covered.len();
        if all == 0 { 100.0 } else { self.covered.len() as f64 * 100.0 / all as f64 }
    }
}

impl Program {
    /// All tests, by module and line.
    pub fn tests(&self) -> Vec<Test> {
        let mut tests: Vec<Test> = Vec::new();
        for group in &self.rules().groups {
            let Some(name) = group.path.last() else { continue };
            let todo = name.starts_with("todo_test_");
            if !(todo || name.starts_with("test_")) || group.kind != GroupKind::Complete {
                continue;
            }
            let first = group.clauses.first().or(group.default.as_ref());
            tests.extend(first.map(|clause| Test {
                name: path::write(&group.path),
                module: clause.module,
                line: clause.branches.first().map_or(0, |branch| branch.place.line as usize),
                todo,
            }));
        }
        tests.sort_by_key(|test| (test.module, test.line));
        tests
    }

    /// Runs one test. Lines it reaches are added to `reached`, where that is given.
    pub fn run_test(&self, test: &Test, data: &Document, limits: Limits, reached: Option<&mut Reached>) -> TestResult {
        let run = || -> Result<(Option<Value>, Option<Reached>), EvalError> {
            let empty = Value::object(vec![]);
            let data = data.value()?.unwrap_or(&empty).clone();
            let path = path::read(&test.name)?;
            let wanted = reached.is_some();
            deep(|| {
                let mut machine = Machine::new(self.rules(), None, data, Budget::new(limits), MAX_DEPTH);
                machine.lines = wanted.then(BTreeSet::new);
                let value = machine.document(&path)?;
                Ok((value, machine.lines.map(Reached)))
            })
        };
        match run() {
            Ok((value, lines)) => {
                if let (Some(reached), Some(lines)) = (reached, lines) {
                    reached.0.extend(lines.0);
                }
                match value {
                    None => TestResult::Undefined,
                    Some(Value::Bool(false)) => TestResult::Fail,
                    Some(_) => TestResult::Pass,
                }
            }
            Err(error) => TestResult::Error(error),
        }
    }

    /// Adds the lines that a rule reaches to `reached`. What the rule says is for [`Self::eval`] to tell: to keep lines it
    /// takes the long way where there is an index, and may need more than it has.
    pub fn reach(&self, rule: &str, input: &Document, data: &Document, limits: Limits, reached: &mut Reached) {
        let (Ok(path), Ok(input), Ok(data)) = (path::read(rule), input.value(), data.value()) else { return };
        let empty = Value::object(vec![]);
        let data = data.unwrap_or(&empty);
        let lines = deep(|| {
            let budget = Budget::new(limits);
            let mut machine = Machine::new(self.rules(), input.cloned(), data.clone(), budget, MAX_DEPTH);
            machine.lines = Some(BTreeSet::new());
            // What fails has reached lines too.
            let _ = machine.document(&path);
            Ok(machine.lines)
        });
        reached.0.extend(lines.into_iter().flatten().flatten());
    }

    /// The lines of each module, by its place among those compiled.
    pub fn coverage(&self, reached: &Reached) -> BTreeMap<usize, Coverage> {
        let mut all = BTreeSet::new();
        for group in &self.rules().groups {
            for clause in group.clauses.iter().chain(&group.default) {
                of_clause(clause, &mut all);
            }
        }
        let mut modules: BTreeMap<usize, Coverage> = BTreeMap::new();
        for (module, line) in all {
            let coverage = modules.entry(module).or_default();
            let hit = reached.0.contains(&(module, line));
            if hit { &mut coverage.covered } else { &mut coverage.not_covered }.insert(line as usize);
        }
        modules
    }

    fn rules(&self) -> &Rules {
        &self.rules
    }
}

/// Lines that tests, or evaluations, reached.
#[derive(Debug, Clone, Default)]
pub struct Reached(BTreeSet<(usize, u32)>);

fn of_clause(clause: &Clause, lines: &mut BTreeSet<(usize, u32)>) {
    for branch in &clause.branches {
        lines.insert((clause.module, branch.place.line));
        of_body(&branch.body, lines);
        of_term(&branch.value, lines);
    }
}

fn of_body(body: &[Step], lines: &mut BTreeSet<(usize, u32)>) {
    for step in body {
        lines.insert((step.module, step.place.line));
        match &step.action {
            Action::Term(term) => of_term(term, lines),
            Action::Unify(left, right) => {
                of_term(left, lines);
                of_term(right, lines);
            }
            Action::Every(every) => of_body(&every.body, lines),
            Action::Builtin(..) | Action::Function(..) => {}
        }
    }
}

fn of_term(term: &Term, lines: &mut BTreeSet<(usize, u32)>) {
    if let Term::Collect(collect) = term {
        let Collect { body, .. } = &**collect;
        of_body(body, lines);
    }
}
