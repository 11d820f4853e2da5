//! Views that people keep.

use engage_app::Caller;
use engage_domain::{Firm, firm::SavedView};
use serde::Serialize;
use utoipa::ToSchema;

/// A view of conversations.
#[derive(Serialize, ToSchema)]
#[schema(as = SavedView)]
pub(crate) struct SavedViewView<'a> {
    name: &'a str,
    /// What the grid is asked: the query of `/conversations`.
    query: &'a str,
    /// Whether it is the firm's; otherwise the caller's own.
    shared: bool,
}

impl<'a> From<&'a SavedView> for SavedViewView<'a> {
    fn from(view: &'a SavedView) -> Self {
        Self { name: &view.name, query: &view.query, shared: view.owner.is_none() }
    }
}

/// The views that somebody is offered, in the order in which they were first kept.
#[derive(Serialize, ToSchema)]
pub(crate) struct SavedViewsAnswer<'a> {
    views: Vec<SavedViewView<'a>>,
    /// `object`: the source itself, not the index.
    source: &'static str,
}

impl<'a> SavedViewsAnswer<'a> {
    pub(crate) fn new(caller: &Caller, firm: &'a Firm) -> Self {
        Self { views: firm.views_of(caller.actor.user_id).map(Into::into).collect(), source: "object" }
    }
}
