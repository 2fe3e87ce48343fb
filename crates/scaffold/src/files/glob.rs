//! Patterns of paths: `*`, `**`, `?`, classes and braces; files whose names begin with a dot are like all others.

/// The most alternatives that braces may make of one pattern.
const MAX_WAYS: usize = 1_000;

/// True where a path fits one of the patterns and none of those that begin with `!`.
pub(super) fn any_fits(patterns: &[String], path: &str) -> bool {
    let (refused, wanted): (Vec<&String>, Vec<&String>) = patterns.iter().partition(|pattern| pattern.starts_with('!'));
    let fits = |pattern: &&String| {
        let pattern = pattern.trim_start_matches('!');
        let mut ways = Vec::new();
        expand(pattern, &mut ways);
        ways.iter().any(|way| {
            let way: Vec<&str> = way.split('/').collect();
            segments_fit(&way, &path.split('/').collect::<Vec<_>>())
        })
    };
    wanted.iter().any(fits) && !refused.iter().any(fits)
}

/// The alternatives of braces.
fn expand(pattern: &str, ways: &mut Vec<String>) {
    if ways.len() >= MAX_WAYS {
        return;
    }
    let Some((before, inside, after)) = braces(pattern) else {
        ways.push(pattern.to_owned());
        return;
    };
    for alternative in inside {
        expand(&format!("{before}{alternative}{after}"), ways);
    }
}

/// The first braces with a comma in them: what is before, the alternatives, what is after.
fn braces(pattern: &str) -> Option<(&str, Vec<&str>, &str)> {
    let open = pattern.find('{')?;
    let mut depth = 0;
    let mut starts = vec![open + 1];
    let mut alternatives = Vec::new();
    for (index, character) in pattern.char_indices().skip_while(|(index, _)| *index < open) {
        match character {
            '{' => depth += 1,
            ',' if depth == 1 => {
                alternatives.push(pattern.get(*starts.last()?..index)?);
                starts.push(index + 1);
            }
            '}' => {
                depth -= 1;
                if depth == 0 {
                    alternatives.push(pattern.get(*starts.last()?..index)?);
                    return (alternatives.len() > 1).then_some((
                        pattern.get(..open)?,
                        alternatives,
                        pattern.get(index + 1..)?,
                    ));
                }
            }
            _ => {}
        }
    }
    None
}

fn segments_fit(pattern: &[&str], path: &[&str]) -> bool {
    // Each place where the pattern may be after each segment, so that many `**` cost no more than one.
    let mut places = vec![0];
    let pass_globstars = |places: &mut Vec<usize>| {
        let mut index = 0;
        while let Some(place) = places.get(index).copied() {
            if pattern.get(place) == Some(&"**") && !places.contains(&(place + 1)) {
                places.push(place + 1);
            }
            index += 1;
        }
    };
    pass_globstars(&mut places);
    for segment in path {
        let mut next = Vec::new();
        for place in places {
            let reached = match pattern.get(place) {
                Some(&"**") => Some(place),
                Some(wanted) if segment_fits(wanted, segment) => Some(place + 1),
                _ => None,
            };
            next.extend(reached.filter(|reached| !next.contains(reached)));
        }
        places = next;
        pass_globstars(&mut places);
    }
    places.contains(&pattern.len())
}

fn segment_fits(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let name: Vec<char> = name.chars().collect();
    let (mut at, mut index) = (0, 0);
    // Where the last star was, and how much of the name it took.
    let mut star: Option<(usize, usize)> = None;
    while index < name.len() {
        let step = match pattern.get(at) {
            Some('*') => {
                star = Some((at, index));
                at += 1;
                continue;
            }
            Some('?') => Some(at + 1),
            Some('[') => class_fits(&pattern, at, name.get(index).copied().unwrap_or_default()),
            Some('\\') => (pattern.get(at + 1) == name.get(index)).then_some(at + 2),
            other => (other == name.get(index)).then_some(at + 1),
        };
        match (step, star) {
            (Some(next), _) => {
                at = next;
                index += 1;
            }
            (None, Some((place, taken))) => {
                star = Some((place, taken + 1));
                (at, index) = (place + 1, taken + 1);
            }
            (None, None) => return false,
        }
    }
    pattern.iter().skip(at).all(|character| *character == '*')
}

/// Where the pattern goes on after a class that has the character.
fn class_fits(pattern: &[char], start: usize, character: char) -> Option<usize> {
    let end = pattern.iter().skip(start + 2).position(|next| *next == ']')? + start + 2;
    let negated = matches!(pattern.get(start + 1), Some('!' | '^'));
    let class = pattern.get(start + 1 + usize::from(negated)..end)?;
    let mut found = false;
    let mut index = 0;
    while let Some(first) = class.get(index) {
        let last = class.get(index + 2).filter(|_| class.get(index + 1) == Some(&'-'));
        found |= (*first..=*last.unwrap_or(first)).contains(&character);
        index += if last.is_some() { 3 } else { 1 };
    }
    (found != negated).then_some(end + 1)
}
