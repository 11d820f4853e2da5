//! Views that people keep: a question to the grid of conversations under a name, one person's own or the whole firm's.
//!
//! They are part of the firm's state, which is in memory wherever the firm is served, so that every page can offer them without a query. So
//! they are bounded, each and together.

use serde::{Deserialize, Serialize};

use super::{Event, Firm, Rejection, refuse};
use crate::{id::UserId, text, time::Timestamp};

/// Longest name of a view in bytes.
pub const VIEW_NAME_MAX: usize = 80;
/// Longest question of a view in bytes.
pub const VIEW_QUERY_MAX: usize = 1_000;
/// Most views of one person, and of the firm itself.
pub const VIEWS_OF_ONE_MAX: usize = 20;
/// Most views of everybody together.
pub const VIEWS_MAX: usize = 1_000;

/// A view that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SavedView {
    /// What it is called; its owner has no other of this name.
    pub name: String,
    /// What is asked, as the query of an address.
    pub query: String,
    /// Whose it is; none: the firm's.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub owner: Option<UserId>,
}

impl Firm {
    /// The view of a name.
    pub(super) fn view(&self, owner: Option<UserId>, name: &str) -> Option<&SavedView> {
        self.views.iter().find(|view| view.owner == owner && view.name == name)
    }

    /// The views that somebody is offered: the firm's, and their own.
    pub fn views_of(&self, user: Option<UserId>) -> impl Iterator<Item = &SavedView> {
        self.views.iter().filter(move |view| view.owner.is_none() || view.owner == user)
    }

    pub(super) fn decide_view(&self, view: &SavedView, at: Timestamp) -> Result<Vec<Event>, Rejection> {
        let line = |field, text: &str, max| {
            text::line(text, max).map(str::to_owned).map_err(|reason| Rejection::Invalid { field, reason })
        };
        let name = line("name", &view.name, VIEW_NAME_MAX)?;
        // No question at all is one: everything.
        let query = if view.query.is_empty() { String::new() } else { line("query", &view.query, VIEW_QUERY_MAX)? };
        let view = SavedView { name, query, owner: view.owner };
        match self.view(view.owner, &view.name) {
            Some(known) if *known == view => return Ok(vec![]),
            Some(_) => {}
            None if self.views.len() >= VIEWS_MAX => {
                return refuse("name", format!("is one view too many: the firm's people keep {VIEWS_MAX} already"));
            }
            None if self.views.iter().filter(|known| known.owner == view.owner).count() >= VIEWS_OF_ONE_MAX => {
                return refuse("name", format!("is one view too many: {VIEWS_OF_ONE_MAX} are kept already"));
            }
            None => {}
        }
        Ok(vec![Event::ViewSaved { at, view }])
    }

    pub(super) fn keep_view(&mut self, view: &SavedView) {
        match self.views.iter_mut().find(|known| known.owner == view.owner && known.name == view.name) {
            Some(known) => *known = view.clone(),
            None => self.views.push(view.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::aggregate::Aggregate as _;

    const AT: Timestamp = Timestamp::from_millis(1);

    fn view(name: &str, query: &str, owner: Option<u128>) -> SavedView {
        let owner = owner.map(|number| UserId::from_ulid(ulid::Ulid(number)));
        SavedView { name: name.into(), query: query.into(), owner }
    }

    fn saved(firm: &mut Firm, view: &SavedView) -> Result<usize, Rejection> {
        let events = firm.decide_view(view, AT)?;
        for event in &events {
            firm.apply(event, firm.version.next());
        }
        Ok(events.len())
    }

    #[test]
    fn a_name_is_kept_once_for_each_owner() {
        let mut firm = Firm::default();
        let of = |owner| UserId::from_ulid(ulid::Ulid(owner));
        assert_eq!(saved(&mut firm, &view(" Mine ", "status=active", Some(1))), Ok(1));
        assert_eq!(saved(&mut firm, &view("Mine", "status=active", Some(1))), Ok(0), "the same again");
        assert_eq!(saved(&mut firm, &view("Mine", "status=completed", Some(1))), Ok(1), "replaced");
        assert_eq!(saved(&mut firm, &view("Mine", "", Some(2))), Ok(1));
        assert_eq!(saved(&mut firm, &view("Mine", "", None)), Ok(1));
        let offered = |firm: &Firm, owner| firm.views_of(owner).map(|view| view.query.clone()).collect::<Vec<_>>();
        assert_eq!(offered(&firm, Some(of(1))), ["status=completed", ""]);
        assert_eq!(offered(&firm, None), [""]);
        firm.apply(&Event::ViewRemoved { at: AT, owner: Some(of(1)), name: "Mine".into() }, firm.version.next());
        assert_eq!(firm.views.len(), 2);
    }

    #[test]
    fn views_are_bounded_and_what_is_wrong_is_named() {
        let mut firm = Firm::default();
        let field = |result| match result {
            Err(Rejection::Invalid { field, .. }) => field,
            other => panic!("{other:?}"),
        };
        assert_eq!(field(saved(&mut firm, &view(" ", "", None))), "name");
        assert_eq!(field(saved(&mut firm, &view(&"n".repeat(VIEW_NAME_MAX + 1), "", None))), "name");
        assert_eq!(field(saved(&mut firm, &view("n", &"q".repeat(VIEW_QUERY_MAX + 1), None))), "query");
        for at in 0..VIEWS_OF_ONE_MAX {
            saved(&mut firm, &view(&format!("{at}"), "", None)).unwrap();
        }
        assert_eq!(field(saved(&mut firm, &view("one more", "", None))), "name");
        assert_eq!(saved(&mut firm, &view("0", "status=active", None)), Ok(1), "one that is there can be replaced");
        assert_eq!(saved(&mut firm, &view("somebody's", "", Some(1))), Ok(1));
    }
}
