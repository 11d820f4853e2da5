//! The cases in which a target may differ, each with its reason.

use std::collections::BTreeMap;

/// By target and case.
#[derive(Clone, Debug, Default, serde::Deserialize)]
#[serde(transparent)]
pub struct Differences(BTreeMap<String, BTreeMap<String, String>>);

impl Differences {
    /// The list of the repository.
    ///
    /// # Errors
    /// When the file is not a table a target, of names and reasons.
    pub fn read() -> Result<Self, toml::de::Error> {
        Self::parse(include_str!("../differences.toml"))
    }

    /// A list.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(text: &str) -> Result<Self, toml::de::Error> {
        toml::from_str(text)
    }

    /// Why this target may fail this case; none where it may not.
    pub fn reason(&self, target: &str, case: &str) -> Option<&str> {
        self.0.get(target)?.get(case).map(String::as_str)
    }

    /// Listed cases, of any target, that are not among `known`, and those without a reason.
    pub fn unfounded(&self, known: &[&str]) -> Vec<String> {
        let listed = self.0.iter().flat_map(|(target, cases)| cases.iter().map(move |(case, why)| (target, case, why)));
        let unfounded = listed.filter(|(_, case, why)| !known.contains(&case.as_str()) || why.trim().is_empty());
        unfounded.map(|(target, case, _)| format!("{target}: {case}")).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_native_target_differs_in_nothing() {
        let list = Differences::read().unwrap();
        assert!(list.0.get("native").is_none_or(BTreeMap::is_empty));
        let known: Vec<_> = crate::cases::ALL.iter().flat_map(|group| *group).map(|case| case.name).collect();
        assert_eq!(list.unfounded(&known), Vec::<String>::new());
    }

    #[test]
    fn a_case_that_is_not_there_and_one_without_a_reason_are_found() {
        let list = Differences::parse("[other]\n\"a/b\" = \"because\"\n\"a/c\" = \" \"\n\"a/d\" = \"gone\"").unwrap();
        assert_eq!(list.reason("other", "a/b"), Some("because"));
        assert_eq!(list.reason("native", "a/b"), None);
        assert_eq!(list.unfounded(&["a/b", "a/c"]), ["other: a/c", "other: a/d"]);
    }
}
