//! Bounds on rules: their length, their nesting, their loops.
//!
//! The parser and the interpreter recurse once for each level of a rule, so rules that nest too deeply are left alone.

use cel::common::ast::{EntryExpr, Expr, IdedExpr};

/// Longest rule that is parsed.
const MAX_LENGTH: usize = 16 << 10;
/// Deepest nesting of brackets, and longest run of prefix operators.
const MAX_BRACKETS: usize = 32;
/// Most operators in one rule: each may be one level of its tree.
const MAX_OPERATORS: usize = 400;
/// Deepest tree that is evaluated.
pub(super) const MAX_DEPTH: usize = 200;

/// Brackets and operators of a rule that any stack can parse.
const SMALL_BRACKETS: usize = 6;
const SMALL_OPERATORS: usize = 30;
/// Depth of a tree that any stack can evaluate.
pub(super) const SMALL_DEPTH: usize = 24;

/// How much stack a rule needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Size {
    /// What is left of any.
    Small,
    /// A stack of its own.
    Large,
}

/// Refuses text whose parse might need too much stack, judged without parsing it.
pub(super) fn check_source(source: &str) -> Result<Size, String> {
    if source.len() > MAX_LENGTH {
        return Err(format!("it is longer than {MAX_LENGTH} bytes"));
    }
    let (mut brackets, mut deepest, mut operators, mut run, mut longest_run) = (0usize, 0, 0, 0usize, 0);
    let mut characters = source.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' | '\'' => skip_text(&mut characters, character),
            '(' | '[' | '{' => {
                brackets += 1;
                deepest = deepest.max(brackets);
                operators += 1;
            }
            ')' | ']' | '}' => brackets = brackets.saturating_sub(1),
            '+' | '-' | '*' | '/' | '%' | '!' | '?' | '.' | '<' | '>' | '=' => operators += 1,
            _ => {}
        }
        run = if matches!(character, '!' | '-') { run + 1 } else { 0 };
        longest_run = longest_run.max(run);
    }
    if deepest > MAX_BRACKETS || longest_run > MAX_BRACKETS {
        return Err("it nests too deeply".to_owned());
    }
    if operators > MAX_OPERATORS {
        return Err(format!("it has more than {MAX_OPERATORS} operators"));
    }
    let small = deepest <= SMALL_BRACKETS && operators <= SMALL_OPERATORS;
    Ok(if small { Size::Small } else { Size::Large })
}

fn skip_text(characters: &mut std::str::Chars<'_>, quote: char) {
    while let Some(character) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == quote {
            return;
        }
    }
}

/// What a walk of a tree finds.
#[derive(Debug, Default)]
pub(super) struct Shape {
    pub(super) depth: usize,
    pub(super) loops: u32,
    pub(super) selected: Vec<String>,
}

/// Measures a tree without recursion.
pub(super) fn measure(root: &IdedExpr) -> Shape {
    let mut shape = Shape::default();
    let mut waiting = vec![(root, 1, 0)];
    while let Some((expression, depth, loops)) = waiting.pop() {
        shape.depth = shape.depth.max(depth);
        shape.loops = shape.loops.max(loops);
        let (inner, inside_loop): (Vec<&IdedExpr>, Vec<&IdedExpr>) = match &expression.expr {
            Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) => (Vec::new(), Vec::new()),
            Expr::Call(call) => (call.target.iter().map(AsRef::as_ref).chain(&call.args).collect(), Vec::new()),
            Expr::List(list) => (list.elements.iter().collect(), Vec::new()),
            Expr::Map(map) => (entries(&map.entries), Vec::new()),
            Expr::Struct(structure) => (entries(&structure.entries), Vec::new()),
            Expr::Select(select) => {
                shape.selected.push(select.field.clone());
                (vec![select.operand.as_ref()], Vec::new())
            }
            Expr::Comprehension(loop_) => {
                (vec![&loop_.iter_range, &loop_.accu_init, &loop_.result], vec![&loop_.loop_cond, &loop_.loop_step])
            }
        };
        let is_loop = u32::from(!inside_loop.is_empty());
        shape.loops = shape.loops.max(loops + is_loop);
        waiting.extend(inner.into_iter().map(|inner| (inner, depth + 1, loops)));
        waiting.extend(inside_loop.into_iter().map(|inner| (inner, depth + 1, loops + 1)));
    }
    shape
}

fn entries(entries: &[cel::common::ast::IdedEntryExpr]) -> Vec<&IdedExpr> {
    entries
        .iter()
        .flat_map(|entry| match &entry.expr {
            EntryExpr::StructField(field) => vec![&field.value],
            EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
        })
        .collect()
}
