//! Pages of lists: how long, and where the next one is.

use axum::{http::Uri, http::header, response::Response};
use engage_index::Limit;

use crate::{answer::insert, problem::Problem};

/// The `limit` parameter.
pub(crate) fn limit(rows: Option<u32>) -> Result<Limit, Problem> {
    rows.map_or(Ok(Limit::default()), Limit::new).map_err(|reason| Problem::invalid("limit", reason))
}

/// Adds the `Link` to the next page (RFC 8288): the same question with another cursor.
pub(crate) fn linked(mut response: Response, uri: &Uri, next: Option<&str>) -> Response {
    if let Some(next) = next {
        let link = format!("<{}?{}>; rel=\"next\"", uri.path(), with_cursor(uri.query().unwrap_or_default(), next));
        insert(&mut response, header::LINK, &link);
    }
    response
}

fn with_cursor(query: &str, cursor: &str) -> String {
    let others = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name != "cursor");
    form_urlencoded::Serializer::new(String::new()).extend_pairs(others).append_pair("cursor", cursor).finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_the_same_question_with_another_cursor() {
        assert_eq!(with_cursor("", "x"), "cursor=x");
        assert_eq!(with_cursor("status=active&cursor=a&sort=createdAt", "b"), "status=active&sort=createdAt&cursor=b");
        assert_eq!(with_cursor("practiceArea=a%26b", "b"), "practiceArea=a%26b&cursor=b");
    }

    #[test]
    fn a_limit_is_1_to_100() {
        assert_eq!(limit(None).unwrap().get(), 50);
        for bad in [0, 101] {
            assert_eq!(limit(Some(bad)).expect_err("refused").field.as_deref(), Some("limit"));
        }
    }
}
