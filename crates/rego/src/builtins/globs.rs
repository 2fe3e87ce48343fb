//! `regex.globs_match`: whether two patterns of characters, `.`, `[…]`, `+` and `*` have a text in common.
//!
//! Owns OPA's reading of them, and its search: what follows a repeated token is looked for at each place where it may
//! begin, and the first token that cannot be repeated ends that.

use std::collections::BTreeSet;

use super::arguments::text;
use super::{Problem, Row};
use crate::budget::Budget;
use crate::value::Value;

pub(super) const ROWS: &[Row] = &[("regex.globs_match", 2, |budget, values| {
    let (one, other) = (tokens(text(values, 0)?, budget)?, tokens(text(values, 1)?, budget)?);
    let Some((one, other)) = trimmed(&one, &other) else { return Ok(Value::Bool(false)) };
    meet(one, other, budget, 0).map(Value::Bool)
})];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    Once,
    Plus,
    Star,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Char(char),
    Any,
    Of(BTreeSet<char>),
}

#[derive(Debug)]
struct Token {
    kind: Kind,
    times: Times,
}

/// How deep the search may go.
const MAX_DEPTH: usize = 200;

fn tokens(pattern: &str, budget: &mut Budget) -> Result<Vec<Token>, Problem> {
    budget.items(pattern.len())?;
    let mut chars = pattern.chars().peekable();
    let mut tokens = Vec::new();
    while let Some(c) = chars.next() {
        let kind = match c {
            '\\' => Kind::Char(chars.next().ok_or(Problem::Undefined)?),
            '.' => Kind::Any,
            '[' => Kind::Of(set(&mut chars, budget)?),
            ']' | '+' | '*' => return Err(Problem::Undefined),
            c => Kind::Char(c),
        };
        let times = match chars.next_if(|c| matches!(c, '+' | '*')) {
            Some('+') => Times::Plus,
            Some(_) => Times::Star,
            None => Times::Once,
        };
        add(&mut tokens, Token { kind, times });
    }
    Ok(tokens)
}

/// Adds a token; of two repeated ones that are alike, one is left.
fn add(tokens: &mut Vec<Token>, token: Token) {
    match tokens.last_mut() {
        Some(last) if last.kind == token.kind && last.times != Times::Once && token.times != Times::Once => {
            if token.times == Times::Plus {
                last.times = Times::Plus;
            }
        }
        _ => tokens.push(token),
    }
}

/// Without what stands once at either end of both, all but one of each; none where that does not agree.
fn trimmed<'a>(one: &'a [Token], other: &'a [Token]) -> Option<(&'a [Token], &'a [Token])> {
    let single = |(left, right): &(&Token, &Token)| left.times == Times::Once && right.times == Times::Once;
    let prefix = one.iter().zip(other).take_while(single).count();
    if !one.iter().zip(other).take(prefix).all(|(left, right)| agree(left, right)) {
        return None;
    }
    let start = prefix.saturating_sub(1);
    let (one, other) = (&one[start..], &other[start..]);
    let suffix = one.iter().rev().zip(other.iter().rev()).take_while(single).count();
    if !one.iter().rev().zip(other.iter().rev()).take(suffix).all(|(left, right)| agree(left, right)) {
        return None;
    }
    let end = suffix.saturating_sub(1);
    Some((&one[..one.len() - end], &other[..other.len() - end]))
}

fn set(chars: &mut std::iter::Peekable<std::str::Chars<'_>>, budget: &mut Budget) -> Result<BTreeSet<char>, Problem> {
    let (mut found, mut before) = (BTreeSet::new(), None);
    loop {
        let (c, escaped) = escaped(chars)?;
        match (c, escaped) {
            (']', false) => return Ok(found),
            ('-', false) => {
                let first = before.take().ok_or(Problem::Undefined)?;
                let (last, escaped) = self::escaped(chars)?;
                if (!escaped && matches!(last, ']' | '-')) || last < first {
                    return Err(Problem::Undefined);
                }
                budget.items((last as usize) - (first as usize))?;
                found.extend(first..=last);
            }
            (c, _) => {
                found.insert(c);
                before = Some(c);
            }
        }
    }
}

fn escaped(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<(char, bool), Problem> {
    match chars.next().ok_or(Problem::Undefined)? {
        '\\' => Ok((chars.next().ok_or(Problem::Undefined)?, true)),
        c => Ok((c, false)),
    }
}

fn agree(one: &Token, other: &Token) -> bool {
    match (&one.kind, &other.kind) {
        (Kind::Any, _) | (_, Kind::Any) => true,
        (Kind::Char(one), Kind::Char(other)) => one == other,
        (Kind::Char(c), Kind::Of(set)) | (Kind::Of(set), Kind::Char(c)) => set.contains(c),
        (Kind::Of(one), Kind::Of(other)) => one.intersection(other).next().is_some(),
    }
}

/// Whether both have a text in common.
fn meet(one: &[Token], other: &[Token], budget: &mut Budget, depth: usize) -> Result<bool, Problem> {
    if depth > MAX_DEPTH {
        return Err(crate::EvalError::Size("the patterns are too long".to_owned()).into());
    }
    for at in 0..one.len().min(other.len()) {
        budget.step()?;
        let (left, right) = (&one[at..], &other[at..]);
        match (left[0].times, right[0].times) {
            (Times::Once, Times::Once) if agree(&left[0], &right[0]) => {}
            (Times::Once, Times::Once) => return Ok(false),
            (Times::Once, times) => return repeated(times, right, left, budget, depth),
            (times, _) => return repeated(times, left, right, budget, depth),
        }
    }
    Ok(one.len() == other.len())
}

fn repeated(times: Times, one: &[Token], other: &[Token], budget: &mut Budget, depth: usize) -> Result<bool, Problem> {
    if times == Times::Star {
        return starred(one, other, budget, depth);
    }
    if !agree(&one[0], &other[0]) {
        return Ok(false);
    }
    if starred(one, &other[1..], budget, depth)? {
        return Ok(true);
    }
    Ok(other[0].times != Times::Once && meet(&one[1..], other, budget, depth + 1)?)
}

/// The first of `one` takes from `other` until what follows it meets the rest.
fn starred(one: &[Token], other: &[Token], budget: &mut Budget, depth: usize) -> Result<bool, Problem> {
    for (at, token) in other.iter().enumerate() {
        budget.step()?;
        let next = one.get(1).is_some_and(|next| agree(token, next));
        if next && meet(&one[1..], &other[at..], budget, depth + 1)? {
            return Ok(true);
        }
        if !agree(token, &one[0]) {
            return Ok(false);
        }
    }
    Ok(one.len() == 1)
}
