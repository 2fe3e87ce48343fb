//! Which functions plat runs itself.

use plat_platform::Platform;

/// A function that plat runs itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Native {
    /// function-patch-and-transform.
    PatchAndTransform,
    /// function-auto-ready.
    AutoReady,
    /// function-environment-configs.
    EnvironmentConfigs,
}

const NATIVE: [(&str, Native); 3] = [
    ("function-patch-and-transform", Native::PatchAndTransform),
    ("function-auto-ready", Native::AutoReady),
    ("function-environment-configs", Native::EnvironmentConfigs),
];

/// The native function that `function_ref` means: by the package of the platform's Function of that name, else by the
/// name itself, to which package managers put an organisation in front.
pub fn native(platform: &Platform, function_ref: &str) -> Option<Native> {
    let package = platform.function(function_ref).and_then(|function| function.package.as_deref());
    match package.map(package_name) {
        Some(package) => NATIVE.iter().find(|(name, _)| *name == package).map(|(_, native)| *native),
        None => NATIVE.iter().find(|(name, _)| is_named(function_ref, name)).map(|(_, native)| *native),
    }
}

/// `registry/org/name:tag@digest` → `name`.
fn package_name(package: &str) -> &str {
    let last = package.rsplit('/').next().unwrap_or(package);
    last.split([':', '@']).next().unwrap_or(last)
}

fn is_named(function_ref: &str, name: &str) -> bool {
    function_ref.strip_suffix(name).is_some_and(|prefix| prefix.is_empty() || prefix.ends_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn native_functions_are_known_by_name_and_package() {
        let platform = Platform::default();
        assert_eq!(native(&platform, "function-auto-ready"), Some(Native::AutoReady));
        let prefixed = native(&platform, "crossplane-contrib-function-patch-and-transform");
        assert_eq!(prefixed, Some(Native::PatchAndTransform));
        assert_eq!(native(&platform, "my-own-function"), None);
        assert_eq!(native(&platform, "malfunction-auto-ready"), None);
        assert_eq!(package_name("example.org/a/function-auto-ready:v0.6.0@sha256:00"), "function-auto-ready");
    }
}
