//! The statement of a page: which index is walked, from where to where, and what is checked on the way.

use std::sync::LazyLock;

use engage_domain::{PracticeArea, Timestamp};

use super::{ConversationList, Cursor, Filters, Sort, cursor::Place};
use crate::{Param, Statement, Table, page::bound_walk, rows, statement::Draft};

static SELECT: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {} FROM conversation_index INDEXED BY ", rows::select(Table::Conversation)));

/// A filter by equality, with the index that holds its conversations in the default order.
struct Equal {
    column: &'static str,
    index: &'static str,
    value: Param,
}

/// The equality filters present, the most selective first, as a firm's conversations usually are: a client has a few, a person
/// some hundred, an area or a conflict outcome some per cent, a phase more, a status nearly all. The order is fixed, so that the same
/// request always costs the same and its statement stays cached.
fn equalities(filters: &Filters) -> impl Iterator<Item = Equal> {
    let Filters { owner, assigned_to, practice_area, conflict_status, phase, status, created: _, activity: _ } =
        filters;
    let equal = |column, index, value: Option<Param>| value.map(|value| Equal { column, index, value });
    [
        equal("userId", "idx_firm_owner", owner.map(Param::from)),
        equal("assignedTo", "idx_firm_assigned", assigned_to.map(Param::from)),
        equal(
            "practiceArea",
            "idx_firm_practice_area",
            practice_area.as_ref().map(PracticeArea::as_str).map(Param::from),
        ),
        equal("conflictStatus", "idx_firm_conflict_status", conflict_status.map(|status| status.as_str().into())),
        equal("phase", "idx_firm_phase", phase.map(|phase| phase.as_str().into())),
        equal("status", "idx_firm_status", status.map(|status| status.as_str().into())),
    ]
    .into_iter()
    .flatten()
}

pub(super) fn statement(list: &ConversationList) -> Statement {
    let ConversationList { firm, filters, order, after, limit } = list;
    assert!(after.as_ref().is_none_or(|cursor| cursor.order() == *order), "the cursor is of a list in another order");
    let column = match order.sort {
        Sort::LastActivity => "lastActivity",
        Sort::CreatedAt => "createdAt",
        Sort::ClientName => "clientSort",
        Sort::DataQualityScore => "dataQualityScore",
    };
    let index = match order.sort {
        Sort::LastActivity => equalities(filters).next().map_or("idx_firm_activity", |first| first.index),
        Sort::CreatedAt => "idx_firm_created",
        Sort::ClientName => "idx_firm_client_name",
        Sort::DataQualityScore => "idx_firm_data_quality",
    };
    // `isDeleted = 0` stands there literally: only so does SQLite see that the partial index holds what is asked for.
    let mut draft = Draft::of_firm(format!("{}{index} WHERE firmId = ?1 AND isDeleted = 0", *SELECT), firm);
    for Equal { column, value, .. } in equalities(filters) {
        draft.compare(column, "=", Some(value));
    }
    let (walked, id) = ([column, "sessionId"], |cursor: &Cursor| cursor.session().into());
    match after.as_ref().map(|cursor| (cursor.place(), cursor)) {
        None => bound_walk(&mut draft, walked, order.direction, walked_span(filters, order.sort), None),
        Some((Place::Time(at), cursor)) => {
            let after = Some((*at, id(cursor)));
            bound_walk(&mut draft, walked, order.direction, walked_span(filters, order.sort), after);
        }
        Some((Place::Name(name), cursor)) => draft.behind(&walked, order.direction, vec![(&**name).into(), id(cursor)]),
        Some((Place::Score(score), cursor)) => {
            draft.behind(&walked, order.direction, vec![i64::from(*score).into(), id(cursor)]);
        }
    }
    // The range that the walk does not bound is checked row by row.
    if order.sort != Sort::CreatedAt {
        draft.compare("createdAt", ">=", filters.created.from());
        draft.compare("createdAt", "<", filters.created.to());
    }
    if order.sort != Sort::LastActivity {
        draft.compare("lastActivity", ">=", filters.activity.from());
        draft.compare("lastActivity", "<", filters.activity.to());
    }
    draft.page(&walked, order.direction, *limit)
}

/// The span of the walked column outside which no row can satisfy the ranges. `createdAt <= lastActivity` holds for every
/// conversation, so one range bounds the other column on one side too.
fn walked_span(filters: &Filters, sort: Sort) -> (Option<Timestamp>, Option<Timestamp>) {
    let Filters { created, activity, .. } = filters;
    match sort {
        Sort::LastActivity => (activity.from().max(created.from()), activity.to()),
        Sort::CreatedAt => (created.from(), [created.to(), activity.to()].into_iter().flatten().min()),
        Sort::ClientName | Sort::DataQualityScore => (None, None),
    }
}
