//! Which crate may depend on which.
//!
//! What ships only ever points down, towards the domain. Dev-dependencies are free: a test may drive the real thing from
//! above, and Cargo allows the circle.

use anyhow::{Context, Result};
use serde_json::Value;

/// A crate of this workspace and all others of it that it may depend on.
const MAY_USE: &[(&str, &[&str])] = &[
    ("engage-domain", &[]),
    ("engage-screening", &[]),
    ("engage-journal", &["engage-domain"]),
    ("engage-index", &["engage-journal", "engage-domain"]),
    ("engage-app", &["engage-index", "engage-journal", "engage-screening", "engage-domain"]),
    ("engage-native", &["engage-app", "engage-index", "engage-journal", "engage-domain"]),
    // The journal and the index for their types alone; never native, so that it also runs where there is no native.
    ("engage-http", &["engage-app", "engage-index", "engage-journal", "engage-domain"]),
    // The same, hosted elsewhere; never native.
    ("engage-worker", &["engage-http", "engage-app", "engage-index", "engage-journal", "engage-domain"]),
    (
        "engage-cli",
        &[
            "engage-http",
            "engage-native",
            "engage-app",
            "engage-index",
            "engage-journal",
            "engage-screening",
            "engage-domain",
        ],
    ),
    // Nobody may use it but tests, and it may use everybody.
    (
        "engage-testkit",
        &[
            "engage-cli",
            "engage-http",
            "engage-native",
            "engage-app",
            "engage-index",
            "engage-journal",
            "engage-screening",
            "engage-domain",
        ],
    ),
    // Speaks HTTP to whatever serves the API, and knows nothing of what does.
    ("engage-conformance", &[]),
    // Fits the weights of the screening and draws their calibration; nothing else of the product.
    ("xtask", &["engage-screening"]),
];

/// Findings in the output of `cargo metadata --format-version 1 --no-deps`.
///
/// # Errors
/// When the text is not what cargo writes.
pub(super) fn check(metadata: &str) -> Result<Vec<String>> {
    let metadata: Value = serde_json::from_str(metadata).context("could not parse cargo's metadata")?;
    let packages = metadata["packages"].as_array().context("cargo's metadata has no list of packages")?;
    let names = packages.iter().map(|package| text(package, "name")).collect::<Result<Vec<_>>>()?;

    let mut findings = Vec::new();
    for (package, name) in packages.iter().zip(&names) {
        let Some((_, allowed)) = MAY_USE.iter().find(|(of, _)| of == name) else {
            findings
                .push(format!("crate {name} has no dependency rule: add one to MAY_USE in xtask/src/tidy/arrows.rs"));
            continue;
        };
        let dependencies = package["dependencies"].as_array().context("a package has no list of dependencies")?;
        for dependency in dependencies {
            // Null for a normal one, "build", or "dev".
            if dependency["kind"].as_str() == Some("dev") {
                continue;
            }
            let used = text(dependency, "name")?;
            if names.contains(&used) && !allowed.contains(&used) {
                findings.push(format!("crate {name} must not depend on {used}, other than in tests"));
            }
        }
    }
    Ok(findings)
}

fn text<'a>(object: &'a Value, key: &str) -> Result<&'a str> {
    object[key].as_str().with_context(|| format!("cargo's metadata has an entry without a {key}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// A workspace of all crates in which `name` depends on `used`.
    fn findings(name: &str, used: &str, kind: Value) -> Vec<String> {
        let packages: Vec<_> = MAY_USE
            .iter()
            .map(|(package, _)| {
                let external = json!({ "name": "serde", "kind": null });
                let extra = json!({ "name": used, "kind": kind });
                let dependencies = if *package == name { vec![external, extra] } else { vec![external] };
                json!({ "name": package, "dependencies": dependencies })
            })
            .collect();
        check(&json!({ "packages": packages }).to_string()).unwrap()
    }

    #[track_caller]
    fn refused(name: &str, used: &str) {
        let expected = format!("crate {name} must not depend on {used}, other than in tests");
        assert_eq!(findings(name, used, Value::Null), [expected]);
    }

    #[track_caller]
    fn accepted(name: &str, used: &str) {
        assert_eq!(findings(name, used, Value::Null), Vec::<String>::new());
    }

    #[test]
    fn arrows_that_point_down_are_accepted() {
        accepted("engage-journal", "engage-domain");
        accepted("engage-index", "engage-journal");
        accepted("engage-app", "engage-index");
        accepted("engage-native", "engage-app");
        accepted("engage-http", "engage-app");
        accepted("engage-cli", "engage-native");
        accepted("engage-testkit", "engage-native");
    }

    #[test]
    fn arrows_that_point_up_or_across_are_refused() {
        refused("engage-domain", "engage-journal");
        refused("engage-journal", "engage-index");
        refused("engage-index", "engage-app");
        refused("engage-app", "engage-native");
        refused("engage-native", "engage-http");
        refused("engage-http", "engage-native");
        refused("engage-http", "engage-cli");
        refused("xtask", "engage-domain");
        refused("engage-conformance", "engage-http");
    }

    #[test]
    fn nothing_that_ships_depends_on_the_testkit() {
        for (name, _) in MAY_USE.iter().filter(|(name, _)| *name != "engage-testkit") {
            refused(name, "engage-testkit");
            assert_eq!(findings(name, "engage-testkit", json!("build")).len(), 1);
        }
    }

    #[test]
    fn a_test_may_use_any_crate() {
        assert_eq!(findings("engage-http", "engage-testkit", json!("dev")), Vec::<String>::new());
        assert_eq!(findings("engage-app", "engage-native", json!("dev")), Vec::<String>::new());
    }

    #[test]
    fn a_crate_without_a_rule_is_refused() {
        let metadata = json!({ "packages": [{ "name": "engage-stray", "dependencies": [] }] });
        let findings = check(&metadata.to_string()).unwrap();
        assert!(findings.len() == 1 && findings[0].contains("engage-stray has no dependency rule"), "{findings:?}");
    }

    #[test]
    fn metadata_that_cannot_be_read_is_an_error() {
        for broken in ["", "{}", r#"{"packages":[{}]}"#, r#"{"packages":[{"name":"engage-domain"}]}"#] {
            assert!(check(broken).is_err(), "{broken}");
        }
    }
}
