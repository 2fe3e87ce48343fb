//! The functions that Kubernetes adds to the language.

#![expect(
    clippy::needless_pass_by_value,
    clippy::trivially_copy_pass_by_ref,
    reason = "the cel crate prescribes the signatures of functions"
)]

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use cel::common::types::{CelBool, CelInt, CelList, CelString, DYN_TYPE, LIST_TYPE};
use cel::common::value::{CowVal, Val};
use cel::{DeclarationError, Env, ExecutionError, extensions};
use regex::Regex;

use crate::go_regex;
use crate::schema::formats::TextFormat;

/// Most patterns that are kept compiled.
const MAX_PATTERNS: usize = 256;

/// The language with all functions, or `None` if two of them clash (a test sees that they do not).
pub(super) fn environment() -> Option<Arc<Env>> {
    static ENVIRONMENT: LazyLock<Option<Arc<Env>>> = LazyLock::new(|| build().ok().map(Arc::new));
    ENVIRONMENT.clone()
}

fn build() -> Result<Env, DeclarationError> {
    let mut env = Env::stdlib();
    env.add_extension(extensions::strings)?;
    env.add_extension(extensions::lists)?;
    env.add_extension(extensions::math)?;
    cel::add_overload!(env, fn matches: (CelString, CelString) -> Result<CelBool>)?;
    cel::add_member_overload!(env, fn matches: (CelString, CelString) -> Result<CelBool>)?;
    cel::add_member_overload!(env, fn find: (CelString, CelString) -> Result<CelString>)?;
    cel::add_member_overload!(env, fn find_all: (CelString, CelString) -> Result<CelList>)?;
    cel::add_member_overload!(env, fn find_some: (CelString, CelString, CelInt) -> Result<CelList>, name = "findAll")?;
    cel::add_overload!(env, fn is_url: (CelString) -> CelBool, name = "isURL")?;
    cel::add_overload!(env, fn is_ip: (CelString) -> CelBool, name = "isIP")?;
    cel::add_overload!(env, fn is_cidr: (CelString) -> CelBool, name = "isCIDR")?;
    env.add_member_overload("isSorted", "list_is_sorted", LIST_TYPE, vec![], is_sorted)?;
    env.add_member_overload("sum", "list_sum", LIST_TYPE, vec![], sum)?;
    env.add_member_overload("min", "list_min", LIST_TYPE, vec![], min)?;
    env.add_member_overload("max", "list_max", LIST_TYPE, vec![], max)?;
    env.add_member_overload("indexOf", "list_index_of", LIST_TYPE, vec![DYN_TYPE], index_of)?;
    env.add_member_overload("lastIndexOf", "list_last_index_of", LIST_TYPE, vec![DYN_TYPE], last_index_of)?;
    env.add_overload("sets.contains", "sets_contains", vec![LIST_TYPE, LIST_TYPE], sets_contains)?;
    env.add_overload("sets.equivalent", "sets_equivalent", vec![LIST_TYPE, LIST_TYPE], sets_equivalent)?;
    env.add_overload("sets.intersects", "sets_intersects", vec![LIST_TYPE, LIST_TYPE], sets_intersects)?;
    Ok(env)
}

/// Compiles a pattern, or takes it from those compiled before: rules run once for each item of a list.
fn pattern(text: &str) -> Result<Regex, ExecutionError> {
    static PATTERNS: LazyLock<Mutex<HashMap<String, Regex>>> = LazyLock::new(Mutex::default);
    let mut patterns = PATTERNS.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if let Some(found) = patterns.get(text) {
        return Ok(found.clone());
    }
    let compiled = go_regex::compile(text).map_err(|error| ExecutionError::function_error("matches", error))?;
    if patterns.len() >= MAX_PATTERNS {
        patterns.clear();
    }
    patterns.insert(text.to_owned(), compiled.clone());
    Ok(compiled)
}

fn matches(this: &CelString<'_>, text: &CelString<'_>) -> Result<CelBool, ExecutionError> {
    Ok(CelBool::from(pattern(text.inner())?.is_match(this.inner())))
}

fn find(this: &CelString<'_>, text: &CelString<'_>) -> Result<CelString<'static>, ExecutionError> {
    let pattern = pattern(text.inner())?;
    Ok(CelString::from(pattern.find(this.inner()).map_or("", |found| found.as_str()).to_owned()))
}

fn find_all(this: &CelString<'_>, text: &CelString<'_>) -> Result<CelList<'static>, ExecutionError> {
    found(this, text, usize::MAX)
}

fn find_some(this: &CelString<'_>, text: &CelString<'_>, most: &CelInt) -> Result<CelList<'static>, ExecutionError> {
    found(this, text, usize::try_from(*most.inner()).unwrap_or(usize::MAX))
}

fn found(this: &CelString<'_>, text: &CelString<'_>, most: usize) -> Result<CelList<'static>, ExecutionError> {
    let boxed = |text: &str| Box::new(CelString::from(text.to_owned())) as Box<dyn Val>;
    let pattern = pattern(text.inner())?;
    let all = pattern.find_iter(this.inner()).take(most).map(|found| boxed(found.as_str()));
    Ok(CelList::from(all.collect::<Vec<_>>()))
}

fn is_format(format: TextFormat, text: &CelString<'_>) -> CelBool {
    CelBool::from(format.accepts(text.inner()))
}

fn is_url(text: &CelString<'_>) -> CelBool {
    is_format(TextFormat::Uri, text)
}

fn is_cidr(text: &CelString<'_>) -> CelBool {
    is_format(TextFormat::Cidr, text)
}

fn is_ip(text: &CelString<'_>) -> CelBool {
    CelBool::from(text.inner().parse::<std::net::IpAddr>().is_ok())
}

type Answer<'b, 'v> = Result<CowVal<'b, 'v>, ExecutionError>;

fn elements<'b, 'v>(list: &'b CowVal<'_, 'v>) -> Result<Vec<&'b (dyn Val + 'v)>, ExecutionError> {
    let not_a_list = || ExecutionError::UnexpectedType { got: "no list".to_owned(), want: "list".to_owned() };
    let mut iterator = list.as_ref().as_iterable().ok_or_else(not_a_list)?.iter();
    let mut elements = Vec::new();
    while let Some(element) = iterator.next() {
        elements.push(element);
    }
    Ok(elements)
}

fn argument<'a, 'b, 'v>(args: &'a [CowVal<'b, 'v>], index: usize) -> Result<&'a CowVal<'b, 'v>, ExecutionError> {
    args.get(index).ok_or_else(|| ExecutionError::invalid_argument_count(index + 1, args.len()))
}

fn compare(left: &dyn Val, right: &dyn Val) -> Result<std::cmp::Ordering, ExecutionError> {
    let unordered =
        || ExecutionError::UnexpectedType { got: "an unordered value".to_owned(), want: "a number".to_owned() };
    left.as_comparer().ok_or_else(unordered)?.compare(right)
}

fn is_sorted<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let elements = elements(argument(&args, 0)?)?;
    for pair in elements.windows(2) {
        if let [left, right] = pair
            && compare(*left, *right)?.is_gt()
        {
            return Ok(CowVal::owned(CelBool::from(false)));
        }
    }
    Ok(CowVal::owned(CelBool::from(true)))
}

fn sum<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let elements = elements(argument(&args, 0)?)?;
    let mut total: Option<CowVal<'_, 'v>> = None;
    for element in elements {
        total = Some(match total {
            None => CowVal::Owned(element.clone_as_boxed()),
            Some(total) => {
                let adder =
                    total.as_ref().as_adder().ok_or_else(|| ExecutionError::function_error("sum", "not a number"))?;
                CowVal::Owned(adder.add(element)?.into_owned())
            }
        });
    }
    Ok(total.map_or_else(|| CowVal::owned(CelInt::from(0)), |total| CowVal::Owned(total.into_owned())))
}

fn extreme<'b, 'v>(name: &str, wanted: std::cmp::Ordering, args: &[CowVal<'b, 'v>]) -> Answer<'b, 'v> {
    let mut elements = elements(argument(args, 0)?)?.into_iter();
    let empty = || ExecutionError::function_error(name, format!("{name} called on empty list"));
    let mut best = elements.next().ok_or_else(empty)?;
    for element in elements {
        if compare(element, best)? == wanted {
            best = element;
        }
    }
    Ok(CowVal::Owned(best.clone_as_boxed()))
}

fn min<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    extreme("min", std::cmp::Ordering::Less, &args)
}

fn max<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    extreme("max", std::cmp::Ordering::Greater, &args)
}

fn position<'b, 'v>(index: Option<usize>) -> CowVal<'b, 'v> {
    CowVal::owned(CelInt::from(index.and_then(|index| i64::try_from(index).ok()).unwrap_or(-1)))
}

fn index_of<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let wanted = argument(&args, 1)?.as_ref();
    Ok(position(elements(argument(&args, 0)?)?.into_iter().position(|element| element.equals(wanted))))
}

fn last_index_of<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let wanted = argument(&args, 1)?.as_ref();
    Ok(position(elements(argument(&args, 0)?)?.into_iter().rposition(|element| element.equals(wanted))))
}

fn holds_all(list: &[&dyn Val], wanted: &[&dyn Val]) -> bool {
    wanted.iter().all(|wanted| list.iter().any(|element| element.equals(*wanted)))
}

fn sets_contains<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let (left, right) = (elements(argument(&args, 0)?)?, elements(argument(&args, 1)?)?);
    Ok(CowVal::owned(CelBool::from(holds_all(&left, &right))))
}

fn sets_equivalent<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let (left, right) = (elements(argument(&args, 0)?)?, elements(argument(&args, 1)?)?);
    Ok(CowVal::owned(CelBool::from(holds_all(&left, &right) && holds_all(&right, &left))))
}

fn sets_intersects<'b, 'v>(args: Vec<CowVal<'b, 'v>>) -> Answer<'b, 'v> {
    let (left, right) = (elements(argument(&args, 0)?)?, elements(argument(&args, 1)?)?);
    let common = left.iter().any(|element| right.iter().any(|other| element.equals(*other)));
    Ok(CowVal::owned(CelBool::from(common)))
}
