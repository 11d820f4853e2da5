//! Search.

use axum::{
    extract::State,
    http::{StatusCode, Uri},
    response::Response,
};
use engage_app::Runtime;
use engage_domain::FirmId;
use engage_index::search::{Search, Words};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::{
    answer,
    caller::Signed,
    document::{ListHeaders, Problems},
    page::{limit, linked},
    params::{Consistency, Params},
    problem::Problem,
    server::Shared,
    views::{
        Audience,
        list::PageView,
        search::{FoundView, SearchAnswer},
    },
};

/// What is looked for.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SearchQuery {
    /// At most 8 words. A conversation is found when each of them is found in it: in the client's name, e-mail address, situation, or a
    /// message, whichever. Case and accents do not count. `"late rent"` means these words in a row, `evict*` what begins so;
    /// without the star a word is a whole word.
    #[param(min_length = 1, max_length = 256)]
    q: String,
    /// The `page.next` of the page before.
    cursor: Option<String>,
    /// Most rows of the page: 1 to 100, 50 unless said otherwise.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u32>,
}

impl SearchQuery {
    pub(crate) fn search(self, firm: FirmId) -> Result<Search, Problem> {
        let words = Words::parse(&self.q).map_err(|reason| Problem::invalid("q", reason))?;
        let after = self.cursor.map(|text| text.parse()).transpose();
        let after = after.map_err(|_| Problem::invalid("cursor", "was not given by this list"))?;
        Ok(Search { firm, words, owner: None, after, limit: limit(self.limit)? })
    }
}

/// The conversations that words are found in, from the firm's index, the best first, with what was found. A client searches their own.
///
/// Each page is on record as `access_search`: the number of words, never the words, and the conversations that were shown.
#[utoipa::path(get, path = "/api/v1/firm/search/conversations", tag = "conversations", params(SearchQuery, ListHeaders),
    responses((status = 200, body = SearchAnswer), Problems))]
pub(crate) async fn conversations<R: Runtime>(
    State(server): State<Shared<R>>,
    Signed(caller): Signed,
    Consistency(token): Consistency,
    uri: Uri,
    Params(query): Params<SearchQuery>,
) -> Result<Response, Problem> {
    let search = query.search(caller.firm.clone())?;
    let limit = search.limit.get();
    let page = server.engage.search_conversations(&caller, search, token).await?;
    let audience = Audience::of(&caller);
    let next = page.next.map(|place| place.to_string());
    let body = SearchAnswer {
        conversations: page.rows.iter().map(|row| FoundView::new(row, audience)).collect(),
        is_exhaustive: page.is_exhaustive,
        page: PageView { next: next.clone(), limit },
        index: page.freshness.into(),
        source: "index",
    };
    Ok(linked(answer::json(StatusCode::OK, &body), &uri, next.as_deref()))
}
