//! Which operations of the served document no case has called with success.

use std::collections::BTreeSet;

use serde_json::Value;

/// What succeeds only after a fault was planted.
const NEEDS_A_FAULT: &str = "POST /api/v1/platform/sync-failures/{id}/replay";

/// Operations of `document` that none of `answered` was. Where no faults could be planted, what needs one is left out.
pub(crate) fn missing(document: &Value, answered: &BTreeSet<(String, String)>, faults: bool) -> Vec<String> {
    let paths = document["paths"].as_object().unwrap();
    let mut called = BTreeSet::new();
    for (method, path) in answered {
        // A segment that stands as it is goes before one that stands for any.
        let fits = paths.keys().filter(|template| matches(template, path));
        if let Some(template) = fits.min_by_key(|template| template.matches('{').count()) {
            called.insert(format!("{method} {template}"));
        }
    }
    let operations = paths.iter().flat_map(|(path, item)| {
        let methods = item
            .as_object()
            .unwrap()
            .keys()
            .filter(|key| ["get", "post", "put", "delete", "patch", "head", "options"].contains(&key.as_str()));
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    operations.filter(|name| !called.contains(name) && (faults || name != NEEDS_A_FAULT)).collect()
}

fn matches(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let fits = |(slot, segment): (&&str, &&str)| slot == segment || (slot.starts_with('{') && slot.ends_with('}'));
    template.len() == path.len() && template.iter().zip(&path).all(fits)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_operation_that_no_case_called_is_named() {
        let document = json!({ "paths": {
            "/a/{id}": { "get": {}, "delete": {} }, "/a/b": { "get": {} }, "/a/{id}/c.csv": { "get": {} },
        } });
        let call = |method: &str, path: &str| (method.to_owned(), path.to_owned());
        let answered = BTreeSet::from([call("GET", "/a/b"), call("DELETE", "/a/1")]);
        assert_eq!(missing(&document, &answered, true), ["GET /a/{id}", "GET /a/{id}/c.csv"]);
    }
}
