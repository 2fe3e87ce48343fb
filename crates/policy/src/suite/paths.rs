//! Paths in a suite, relative to its own.

/// The path of `relative`, named in the file `suite`, without `.` and `..` where they can be resolved.
pub fn join(suite: &str, relative: &str) -> String {
    let folder = suite.rsplit_once('/').map_or("", |(folder, _)| folder);
    // As in Gatekeeper, a path that starts at the root is still below the suite.
    let rooted = suite.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in folder.split('/').chain(relative.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    if rooted { format!("/{joined}") } else { joined }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_below_the_suite() {
        let cases = [
            ("a/suite.yaml", "template.yaml", "a/template.yaml"),
            ("suite.yaml", "./template.yaml", "template.yaml"),
            ("a/b/suite.yaml", "../template.yaml", "a/template.yaml"),
            ("suite.yaml", "../template.yaml", "../template.yaml"),
            ("../x/suite.yaml", "../../t.yaml", "../../t.yaml"),
            ("/a/suite.yaml", "../../t.yaml", "/t.yaml"),
            ("a/suite.yaml", "/t.yaml", "a/t.yaml"),
        ];
        for (suite, relative, expected) in cases {
            assert_eq!(join(suite, relative), expected, "{suite} {relative}");
        }
    }
}
