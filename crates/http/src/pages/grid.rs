//! The grid of conversations: its columns, which of them are shown, and its rows.

use std::collections::HashMap;

use engage_app::lists::ListPage;
use engage_domain::{Timestamp, UserId, calendar::Calendar, text::Private};
use engage_index::{
    ConversationRow, Cursor,
    conversations::{Order, Sort},
    page::Direction,
};
use maud::{Markup, html};

use super::{
    address::Address,
    kit::{self, icon},
};
use crate::problem::Problem;

/// Where the address keeps the columns, parted by commas; without it those that are shown unless chosen otherwise.
pub(super) const COLUMNS: &str = "columns";
/// Where it keeps how dense the rows are.
pub(super) const DENSITY: &str = "density";
/// Where it keeps which conversation is shown beside the grid.
pub(super) const PREVIEW: &str = "preview";
/// The form that what is done with rows together belongs to, and the one that a row is looked at by.
pub(super) const SELECTION: &str = "selection";
const LOOK: &str = "look";

/// A column. The client is none of them: it heads each row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Area,
    Status,
    Phase,
    Responsible,
    Conflicts,
    Goals,
    Quality,
    LastActivity,
    Began,
    Email,
    Version,
    Id,
}

impl Column {
    pub(super) const ALL: [Self; 12] = [
        Self::Area,
        Self::Status,
        Self::Phase,
        Self::Responsible,
        Self::Conflicts,
        Self::Goals,
        Self::Quality,
        Self::LastActivity,
        Self::Began,
        Self::Email,
        Self::Version,
        Self::Id,
    ];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Area => "area",
            Self::Status => "status",
            Self::Phase => "phase",
            Self::Responsible => "responsible",
            Self::Conflicts => "conflicts",
            Self::Goals => "goals",
            Self::Quality => "quality",
            Self::LastActivity => "activity",
            Self::Began => "began",
            Self::Email => "email",
            Self::Version => "version",
            Self::Id => "id",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Area => "Area",
            Self::Status => "Status",
            Self::Phase => "Phase",
            Self::Responsible => "Responsible",
            Self::Conflicts => "Conflicts",
            Self::Goals => "Goals",
            Self::Quality => "Quality",
            Self::LastActivity => "Last activity",
            Self::Began => "Began",
            Self::Email => "E-mail",
            Self::Version => "Version",
            Self::Id => "Number",
        }
    }

    /// Whether it is there unless columns are chosen.
    const fn is_usual(self) -> bool {
        !matches!(self, Self::Email | Self::Version | Self::Id)
    }

    const fn sort(self) -> Option<Sort> {
        match self {
            Self::Quality => Some(Sort::DataQualityScore),
            Self::LastActivity => Some(Sort::LastActivity),
            Self::Began => Some(Sort::CreatedAt),
            _ => None,
        }
    }

    /// Those that the address asks for.
    pub(super) fn chosen(here: &Address) -> Result<Vec<Self>, Problem> {
        let text = here.get(COLUMNS);
        if text.is_empty() {
            return Ok(Self::ALL.into_iter().filter(|column| column.is_usual()).collect());
        }
        let known = || Problem::invalid(COLUMNS, format!("must be of {}", Self::ALL.map(Self::word).join(", ")));
        let words: Vec<&str> = text.split(',').collect();
        if words.iter().any(|word| Self::ALL.iter().all(|column| column.word() != *word)) {
            return Err(known());
        }
        Ok(Self::ALL.into_iter().filter(|column| words.contains(&column.word())).collect())
    }
}

/// What the rows are shown with.
pub(super) struct Grid<'a> {
    pub(super) here: &'a Address,
    pub(super) columns: Vec<Column>,
    pub(super) order: Order,
    pub(super) names: HashMap<UserId, Private>,
    pub(super) now: Timestamp,
    pub(super) calendar: &'a Calendar,
}

impl Grid<'_> {
    /// The table. Its cells are told apart by their class alone, which the style gives a name where they stand below each other: with a name in
    /// each of them the page would be a fifth longer. The box before a row holds its version, by which a change of it is known.
    pub(super) fn table(&self, found: &ListPage<ConversationRow, Cursor>) -> Markup {
        let all = if found.next.is_some() || !self.here.get("cursor").is_empty() { "on this page" } else { "in all" };
        let kept: Vec<&str> = self.here.names().filter(|name| *name != PREVIEW).collect();
        // Where there is little room the style leaves some of the usual columns out; those that somebody chose stay, and scroll.
        let usual = if self.here.get(COLUMNS).is_empty() { " usual" } else { "" };
        html! {
            form id=(LOOK) method="get" action="/conversations" { (self.here.kept(&kept)) }
            div class="table" {
                table class={ "cards grid " (self.here.get(DENSITY)) (usual) } data-rows="" {
                    caption { (found.rows.len()) " " (all) ", by " (self.sorted_by().to_lowercase()) }
                    thead { tr {
                        td class="pick" { input type="checkbox" data-all="" aria-label="Select all on this page" hidden; }
                        (self.head("Client", "client", Some(Sort::ClientName)))
                        @for column in &self.columns { (self.head(column.name(), column.word(), column.sort())) }
                    } }
                    tbody { @for row in &found.rows { (self.row(row)) } }
                }
            }
        }
    }

    fn sorted_by(&self) -> &'static str {
        let of = |column: &Column| column.sort() == Some(self.order.sort);
        Column::ALL.into_iter().find(of).map_or("Client", Column::name)
    }

    fn head(&self, name: &str, class: &str, sort: Option<Sort>) -> Markup {
        let Some(sort) = sort else {
            return html! { th scope="col" class={ "c-" (class) } { (name) } };
        };
        let is_sorted = self.order.sort == sort;
        let (turned, word, arrow) = match self.order.direction {
            Direction::Desc if is_sorted => (Direction::Asc, "descending", "down"),
            Direction::Asc if is_sorted => (Direction::Desc, "ascending", "up"),
            // Names are looked for from their beginning, everything else from the most.
            _ if sort == Sort::ClientName => (Direction::Asc, "", ""),
            _ => (Direction::Desc, "", ""),
        };
        html! { th scope="col" class={ "c-" (class) } aria-sort=[is_sorted.then_some(word)] {
            a href=(self.here.with(&[("sort", sort.as_str()), ("order", turned.as_str())])) { (name) @if is_sorted { (icon(arrow)) } }
        } }
    }

    fn row(&self, row: &ConversationRow) -> Markup {
        let (id, version) = (row.session_id, row.version);
        let client = kit::client(row.client_name.as_ref());
        html! {
            tr aria-current=[(self.here.get(PREVIEW) == id.to_string()).then_some("true")] {
                td class="pick" {
                    input type="checkbox" form=(SELECTION) name="row" value={ (id) "@" (version) } aria-label={ "Select " (client) };
                    button form=(LOOK) name=(PREVIEW) value=(id) title="Preview" { (icon("eye")) }
                }
                th scope="row" class="c-client" { a href={ "/conversations/" (id) } { (client) } }
                @for column in &self.columns { td class={ "c-" (column.word()) } { (self.cell(*column, row)) } }
            }
        }
    }

    fn cell(&self, column: Column, row: &ConversationRow) -> Markup {
        match column {
            Column::Area => match &row.practice_area {
                Some(area) => html! { (kit::words(area.as_str())) },
                None => kit::none(),
            },
            Column::Status => kit::status(row.status),
            Column::Phase => html! { (kit::phase(row.phase)) },
            Column::Responsible => match row.assigned_to {
                Some(user) => html! { (kit::person(self.names.get(&user))) },
                None => html! { span class="soft" { "Nobody" } },
            },
            Column::Conflicts => kit::conflict(row.conflict_status),
            Column::Goals => html! { (row.goals_completed) "/" (row.goals_total) },
            Column::Quality => html! { (kit::meter(row.data_quality_score)) " " (row.data_quality_score) },
            Column::LastActivity => kit::time(row.last_activity, self.now, self.calendar),
            Column::Began => kit::time(row.created_at, self.now, self.calendar),
            Column::Email => match &row.client_email {
                Some(email) => html! { (email.as_str()) },
                None => kit::none(),
            },
            Column::Version => html! { (row.version) },
            Column::Id => html! { code class="small" { (row.session_id) } },
        }
    }
}

/// A choice of columns: boxes to tick, in the address like everything else.
pub(super) fn chooser(here: &Address, columns: &[Column]) -> Markup {
    let kept: Vec<&str> = here.names().filter(|name| ![COLUMNS, PREVIEW].contains(name)).collect();
    html! {
        details class="menu" {
            summary class="button" { "Columns" }
            form class="card stack" method="get" action="/conversations" {
                (here.kept(&kept))
                @for column in Column::ALL { label class="tick" {
                    input type="checkbox" name=(COLUMNS) value=(column.word()) checked[columns.contains(&column)]; (column.name())
                } }
                div class="row" { button class="primary" { "Show these" } a class="small" href=(here.with(&[(COLUMNS, "")])) { "The usual ones" } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_in_their_own_order_and_an_unknown_one_is_refused() {
        let chosen = |query: &str| Column::chosen(&Address::parse("/conversations", query));
        assert_eq!(chosen("columns=version&columns=area").unwrap(), [Column::Area, Column::Version]);
        assert_eq!(chosen("columns=version,area").unwrap(), [Column::Area, Column::Version]);
        assert_eq!(chosen("").unwrap().len(), 9);
        let refused = chosen("columns=area&columns=colour").unwrap_err();
        assert_eq!(refused.field.as_deref(), Some("columns"));
    }
}
