//! Reading text, with the macros of Kubernetes. The parser is the `cel` crate's; what it cannot be given is refused before.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::LazyLock;

use cel::common::ast::{CallExpr, ComprehensionExpr, Expr, IdedExpr, ListExpr, LiteralValue, MapExpr, SourceInfo};
use cel::parser::{Macro, MacroExprHelper, ParseError};
use cel::{DeclarationError, Env};

use super::shape::{self, Size};

/// What is gathered in a loop is called so.
pub(super) const GATHERED: &str = "@result";
/// Stands where a loop has no variable.
const UNUSED: &str = "#unused";

/// A fault in the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileError {
    /// What is wrong.
    pub message: String,
    /// Where: line and column from 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    /// The text is right, but a constant in it cannot be made ready.
    pub unready: bool,
}

/// A tree and where its parts stand.
pub(super) struct Parsed {
    pub(super) tree: IdedExpr,
    pub(super) places: SourceInfo,
}

fn environment() -> Option<&'static Env> {
    static ENVIRONMENT: LazyLock<Option<Env>> = LazyLock::new(|| build().ok());
    ENVIRONMENT.as_ref()
}

fn build() -> Result<Env, DeclarationError> {
    let mut env = Env::stdlib();
    for (name, arguments) in [("all", 3), ("exists", 3), ("existsOne", 3), ("exists_one", 3)] {
        env.add_macro(Macro::receiver(name, arguments, move |helper, target, arguments| {
            quantifier(name, helper, target, arguments)
        }))?;
    }
    for arguments in [3, 4] {
        env.add_macro(Macro::receiver("transformList", arguments, transform_list))?;
        env.add_macro(Macro::receiver("transformMap", arguments, |helper, target, arguments| {
            transform_map(true, helper, target, arguments)
        }))?;
        env.add_macro(Macro::receiver("transformMapEntry", arguments, |helper, target, arguments| {
            transform_map(false, helper, target, arguments)
        }))?;
    }
    env.add_macro(Macro::receiver("sortBy", 2, sort_by))?;
    Ok(env)
}

/// Parses an expression.
pub(super) fn parse(source: &str) -> Result<Parsed, Vec<CompileError>> {
    let whole = |message: String| vec![CompileError { message, line: 1, column: 1, unready: false }];
    let size = shape::check_source(source).map_err(whole)?;
    let environment = environment().ok_or_else(|| whole("the language could not be set up".to_owned()))?;
    let parser = || {
        environment
            .parser()
            .enable_optional_syntax(true)
            .enable_ident_escape_syntax(true)
            .max_recursion_depth(250)
            .parse_with_source_info(source)
    };
    // The parser is a foreign one: should it panic on some text, that text is one that cannot be read.
    let run = || catch_unwind(AssertUnwindSafe(|| parser().map_err(|errors| read_errors(&errors))));
    let parsed = if size == Size::Small { run() } else { shape::on_large_stack(run).and_then(|parsed| parsed) };
    match parsed {
        Ok(Ok((tree, places))) => Ok(Parsed { tree, places }),
        Ok(Err(errors)) => Err(errors),
        Err(_) => Err(whole("it cannot be parsed".to_owned())),
    }
}

fn read_errors(errors: &cel::ParseErrors) -> Vec<CompileError> {
    let read = |error: &ParseError| CompileError {
        message: error.msg.clone(),
        line: usize::try_from(error.pos.0).unwrap_or(1).max(1),
        column: usize::try_from(error.pos.1).unwrap_or(1).max(1),
        unready: false,
    };
    errors.errors.iter().map(read).collect()
}

type Target = Option<IdedExpr>;
type Expansion = Result<Option<IdedExpr>, ParseError>;

fn call(helper: &mut MacroExprHelper<'_>, name: &str, args: Vec<IdedExpr>) -> IdedExpr {
    helper.next_expr(Expr::Call(CallExpr { func_name: name.to_owned(), target: None, args }))
}

fn member(helper: &mut MacroExprHelper<'_>, name: &str, target: IdedExpr, args: Vec<IdedExpr>) -> IdedExpr {
    helper.next_expr(Expr::Call(CallExpr { func_name: name.to_owned(), target: Some(Box::new(target)), args }))
}

fn ident(helper: &mut MacroExprHelper<'_>, name: &str) -> IdedExpr {
    helper.next_expr(Expr::Ident(name.to_owned()))
}

fn literal(helper: &mut MacroExprHelper<'_>, value: LiteralValue) -> IdedExpr {
    helper.next_expr(Expr::Literal(value))
}

/// Ids are places too: a copy of an expression has the places of the first.
fn name_of(helper: &MacroExprHelper<'_>, expression: &IdedExpr, fault: &str) -> Result<String, ParseError> {
    match &expression.expr {
        Expr::Ident(name) => Ok(name.clone()),
        _ => Err(helper.new_error(expression.id, fault)),
    }
}

/// A loop over two variables, of which the first two arguments are the names.
struct Loop {
    range: IdedExpr,
    names: (String, String),
    rest: Vec<IdedExpr>,
}

fn open_loop(
    helper: &MacroExprHelper<'_>,
    target: &mut Target,
    arguments: &mut Vec<IdedExpr>,
) -> Result<Option<Loop>, ParseError> {
    let [first, second, ..] = arguments.as_slice() else { return Ok(None) };
    let fault = "argument must be a simple name";
    let names = (name_of(helper, first, fault)?, name_of(helper, second, fault)?);
    if names.0 == names.1 {
        return Err(helper.new_error(second.id, format!("duplicate variable name: {}", names.0)));
    }
    let Some(range) = target.take() else { return Ok(None) };
    let rest = arguments.drain(..).skip(2).collect();
    Ok(Some(Loop { range, names, rest }))
}

fn close_loop(
    helper: &mut MacroExprHelper<'_>,
    (range, names): (IdedExpr, (String, String)),
    [init, condition, step, result]: [IdedExpr; 4],
) -> IdedExpr {
    helper.next_expr(Expr::Comprehension(Box::new(ComprehensionExpr {
        iter_range: range,
        iter_var: names.0,
        iter_var2: Some(names.1),
        accu_var: GATHERED.to_owned(),
        accu_init: init,
        loop_cond: condition,
        loop_step: step,
        result,
    })))
}

fn quantifier(
    name: &str,
    helper: &mut MacroExprHelper<'_>,
    target: &mut Target,
    arguments: &mut Vec<IdedExpr>,
) -> Expansion {
    let Some(Loop { range, names, rest }) = open_loop(helper, target, arguments)? else { return Ok(None) };
    let Some(predicate) = rest.into_iter().next() else { return Ok(None) };
    let gathered = ident(helper, GATHERED);
    let parts = match name {
        "all" => {
            let init = literal(helper, LiteralValue::Boolean(true.into()));
            let condition = call(helper, "@not_strictly_false", vec![gathered]);
            let gathered = ident(helper, GATHERED);
            let step = call(helper, "_&&_", vec![gathered, predicate]);
            [init, condition, step, ident(helper, GATHERED)]
        }
        "exists" => {
            let init = literal(helper, LiteralValue::Boolean(false.into()));
            let not = call(helper, "!_", vec![gathered]);
            let condition = call(helper, "@not_strictly_false", vec![not]);
            let gathered = ident(helper, GATHERED);
            let step = call(helper, "_||_", vec![gathered, predicate]);
            [init, condition, step, ident(helper, GATHERED)]
        }
        _ => {
            let init = literal(helper, LiteralValue::Int(0.into()));
            let condition = literal(helper, LiteralValue::Boolean(true.into()));
            let one = literal(helper, LiteralValue::Int(1.into()));
            let more = call(helper, "_+_", vec![gathered, one]);
            let unchanged = ident(helper, GATHERED);
            let step = call(helper, "_?_:_", vec![predicate, more, unchanged]);
            let (total, one) = (ident(helper, GATHERED), literal(helper, LiteralValue::Int(1.into())));
            [init, condition, step, call(helper, "_==_", vec![total, one])]
        }
    };
    Ok(Some(close_loop(helper, (range, names), parts)))
}

/// Splits filter and transformation, of which the filter may be left out.
fn filtered(mut rest: Vec<IdedExpr>) -> Option<(Option<IdedExpr>, IdedExpr)> {
    let transform = rest.pop()?;
    Some((rest.pop(), transform))
}

fn where_it_fits(helper: &mut MacroExprHelper<'_>, filter: Option<IdedExpr>, step: IdedExpr) -> IdedExpr {
    match filter {
        None => step,
        Some(filter) => {
            let unchanged = ident(helper, GATHERED);
            call(helper, "_?_:_", vec![filter, step, unchanged])
        }
    }
}

fn transform_list(helper: &mut MacroExprHelper<'_>, target: &mut Target, arguments: &mut Vec<IdedExpr>) -> Expansion {
    let Some(Loop { range, names, rest }) = open_loop(helper, target, arguments)? else { return Ok(None) };
    let Some((filter, transform)) = filtered(rest) else { return Ok(None) };
    let init = helper.next_expr(Expr::List(ListExpr::new(Vec::new())));
    let condition = literal(helper, LiteralValue::Boolean(true.into()));
    let (gathered, item) = (ident(helper, GATHERED), helper.next_expr(Expr::List(ListExpr::new(vec![transform]))));
    let step = call(helper, "_+_", vec![gathered, item]);
    let step = where_it_fits(helper, filter, step);
    let result = ident(helper, GATHERED);
    Ok(Some(close_loop(helper, (range, names), [init, condition, step, result])))
}

fn transform_map(
    keyed: bool,
    helper: &mut MacroExprHelper<'_>,
    target: &mut Target,
    arguments: &mut Vec<IdedExpr>,
) -> Expansion {
    let Some(Loop { range, names, rest }) = open_loop(helper, target, arguments)? else { return Ok(None) };
    let Some((filter, transform)) = filtered(rest) else { return Ok(None) };
    let init = helper.next_expr(Expr::Map(MapExpr { entries: Vec::new() }));
    let condition = literal(helper, LiteralValue::Boolean(true.into()));
    let mut parts = vec![ident(helper, GATHERED)];
    if keyed {
        parts.push(ident(helper, &names.0));
    }
    parts.push(transform);
    let step = call(helper, "cel.@mapInsert", parts);
    let step = where_it_fits(helper, filter, step);
    let result = ident(helper, GATHERED);
    Ok(Some(close_loop(helper, (range, names), [init, condition, step, result])))
}

/// Gives a value a name within an expression: a loop over nothing.
fn bind(helper: &mut MacroExprHelper<'_>, name: &str, value: IdedExpr, within: IdedExpr) -> IdedExpr {
    let range = helper.next_expr(Expr::List(ListExpr::new(Vec::new())));
    let condition = literal(helper, LiteralValue::Boolean(false.into()));
    let step = ident(helper, name);
    helper.next_expr(Expr::Comprehension(Box::new(ComprehensionExpr {
        iter_range: range,
        iter_var: UNUSED.to_owned(),
        iter_var2: None,
        accu_var: name.to_owned(),
        accu_init: value,
        loop_cond: condition,
        loop_step: step,
        result: within,
    })))
}

fn sort_by(helper: &mut MacroExprHelper<'_>, target: &mut Target, arguments: &mut Vec<IdedExpr>) -> Expansion {
    let Some(first) = arguments.first() else { return Ok(None) };
    let name = name_of(helper, first, "argument is not an identifier")?;
    let (Some(target), Some(key)) = (target.take(), arguments.pop()) else { return Ok(None) };
    arguments.clear();
    let input = "@__sortBy_input__";
    let range = ident(helper, input);
    let init = helper.next_expr(Expr::List(ListExpr::new(Vec::new())));
    let condition = literal(helper, LiteralValue::Boolean(true.into()));
    let (gathered, item) = (ident(helper, GATHERED), helper.next_expr(Expr::List(ListExpr::new(vec![key]))));
    let step = call(helper, "_+_", vec![gathered, item]);
    let result = ident(helper, GATHERED);
    let keys = helper.next_expr(Expr::Comprehension(Box::new(ComprehensionExpr {
        iter_range: range,
        iter_var: name,
        iter_var2: None,
        accu_var: GATHERED.to_owned(),
        accu_init: init,
        loop_cond: condition,
        loop_step: step,
        result,
    })));
    let list = ident(helper, input);
    let sorted = member(helper, "@sortByAssociatedKeys", list, vec![keys]);
    Ok(Some(bind(helper, input, target, sorted)))
}
