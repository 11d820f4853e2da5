//! What surrounds every page: the rail of places, the bar on top, and how fresh what is shown is.

use engage_app::Freshness;
use engage_domain::actor::Permission;
use maud::{DOCTYPE, Markup, html};

use super::{
    assets::{ICON, SCRIPT, STYLE},
    form::csrf,
    kit::{icon, icons, words},
    session::{Theme, Visitor},
};

/// A place in the rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Overview,
    Conversations,
    Queue,
    Workload,
    PracticeAreas,
    Conflicts,
    Audit,
    DataAccess,
    Users,
    Settings,
    Platform,
}

impl Place {
    const ALL: [Self; 11] = [
        Self::Overview,
        Self::Conversations,
        Self::Queue,
        Self::Workload,
        Self::PracticeAreas,
        Self::Conflicts,
        Self::Audit,
        Self::DataAccess,
        Self::Users,
        Self::Settings,
        Self::Platform,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Conversations => "Conversations",
            Self::Queue => "My queue",
            Self::Workload => "Workload",
            Self::PracticeAreas => "Practice areas",
            Self::Conflicts => "Conflicts",
            Self::Audit => "Audit",
            Self::DataAccess => "Data access",
            Self::Users => "Users",
            Self::Settings => "Settings",
            Self::Platform => "Platform",
        }
    }

    const fn icon(self) -> &'static str {
        match self {
            Self::Overview => "overview",
            Self::Conversations => "conversations",
            Self::Queue => "queue",
            Self::Workload => "workload",
            Self::PracticeAreas => "areas",
            Self::Conflicts => "scales",
            Self::Audit => "trail",
            Self::DataAccess => "eye",
            Self::Users => "people",
            Self::Settings => "settings",
            Self::Platform => "pulse",
        }
    }

    pub(super) const fn path(self) -> &'static str {
        match self {
            Self::Overview => "/overview",
            Self::Conversations => "/conversations",
            Self::Queue => "/queue",
            Self::Workload => "/workload",
            Self::PracticeAreas => "/practice-areas",
            Self::Conflicts => "/conflicts",
            Self::Audit => "/audit",
            Self::DataAccess => "/data-access",
            Self::Users => "/users",
            Self::Settings => "/settings",
            Self::Platform => "/platform",
        }
    }

    /// What a role needs to see it; it is absent otherwise.
    const fn needs(self) -> Permission {
        match self {
            Self::Overview
            | Self::Conversations
            | Self::Queue
            | Self::Workload
            | Self::PracticeAreas
            | Self::Conflicts => Permission::ListConversations,
            Self::Audit | Self::DataAccess | Self::Platform => Permission::ReadAudit,
            Self::Users => Permission::ReadUsers,
            Self::Settings => Permission::ReadSettings,
        }
    }
}

/// Where what is shown comes from.
#[derive(Clone, Copy, Debug)]
pub(super) enum Source {
    /// From the index, so fresh.
    Index(Freshness),
    /// From the object itself.
    Object,
}

/// A span of time that a page is about, and the others that it can be about: what each is called, where it is, and whether it is the one.
pub(super) struct Range {
    /// What it bounds.
    pub(super) name: &'static str,
    pub(super) choices: Vec<(&'static str, String, bool)>,
}

/// A page within its frame.
pub(super) fn framed(visitor: &Visitor, place: Place, title: &str, source: Source, page: &Markup) -> Markup {
    framed_over(visitor, place, title, source, None, page)
}

/// A page that is about a span of time.
pub(super) fn framed_over(
    visitor: &Visitor,
    place: Place,
    title: &str,
    source: Source,
    range: Option<&Range>,
    page: &Markup,
) -> Markup {
    let body = html! {
        div class="frame" {
            nav class="rail" aria-label="Places" {
                a class="brand" href="/overview" { (icon("mark")) "Engage" }
                ul {
                    @for of in Place::ALL.into_iter().filter(|of| visitor.caller.actor.role.may(of.needs())) {
                        li { a href=(of.path()) aria-current=[(of == place).then_some("page")] { (icon(of.icon())) (of.name()) } }
                    }
                }
                div class="firm" { strong { (visitor.firm.name) } (visitor.firm.settings.time_zone) }
            }
            div {
                (top(visitor, source, range))
                p class="paper soft small" { (visitor.firm.name) ", printed by " (who(visitor)) }
                main id="main" tabindex="-1" { (page) }
            }
        }
    };
    document(title, visitor.theme, &body)
}

/// What whoever is signed in is called.
pub(super) fn who(visitor: &Visitor) -> &str {
    visitor.claims.name.as_ref().unwrap_or(&visitor.claims.subject).as_str()
}

/// The choice of a span, folded away; what is chosen is said all the same.
fn spans(range: &Range) -> Markup {
    let chosen = range.choices.iter().find(|(_, _, is_chosen)| *is_chosen).map_or("Other", |(name, _, _)| name);
    html! {
        details class="menu" {
            summary class="button" { span class="soft" { (range.name) } (chosen) (icon("down")) }
            ul class="card" { @for (name, path, is_chosen) in &range.choices {
                li { a href=(path) aria-current=[is_chosen.then_some("true")] { (name) } }
            } }
        }
    }
}

fn top(visitor: &Visitor, source: Source, range: Option<&Range>) -> Markup {
    let who = who(visitor);
    let theme = visitor.theme.next();
    html! {
        header class="top" {
            span class="firm-name" { (visitor.firm.name) }
            form class="search" method="get" action="/search" role="search" {
                (icon("search"))
                input type="search" name="q" required maxlength="256" placeholder="Search what was said" aria-label="Search conversations" value=(sought(&visitor.here));
            }
            @if let Some(range) = range { (spans(range)) }
            (chip(source))
            form method="post" action="/theme" {
                (csrf(visitor))
                input type="hidden" name="next" value=(visitor.here);
                button class="plain" name="theme" value=(theme.as_str()) title={ "Theme: " (visitor.theme.as_str()) } {
                    (icon("theme")) span class="hidden" { "Change to the " (theme.as_str()) " theme" }
                }
            }
            div class="who" {
                span class="avatar" aria-hidden="true" { (initials(who)) }
                span { (who) br; span class="soft small" { (words(visitor.caller.actor.role.as_str())) } }
            }
            form method="post" action="/sign-out" { button class="plain" title="Sign out" { (icon("leave")) span class="hidden" { "Sign out" } } }
        }
    }
}

/// What was searched for, on the page that shows what was found.
fn sought(here: &str) -> String {
    let query = here.strip_prefix("/search?").unwrap_or_default();
    form_urlencoded::parse(query.as_bytes())
        .find(|(name, _)| name == "q")
        .map_or_else(String::new, |(_, words)| words.into())
}

fn chip(source: Source) -> Markup {
    match source {
        Source::Object => {
            html! { span class="chip good" title="This comes from the object itself, not from the index." { (icon("source")) "Source of truth" } }
        }
        Source::Index(Freshness { lag_ms: 0, .. }) => {
            html! { span class="chip" title="The index holds everything that was recorded." { (icon("done")) "Up to date" } }
        }
        Source::Index(Freshness { lag_ms, as_of, .. }) => {
            let behind =
                if lag_ms < 1000 { format!("{lag_ms} ms") } else { format!("{:.1} s", lag_ms as f64 / 1000.0) };
            html! { span class="chip wait" title={ "The index holds everything up to " (as_of) "." } { (icon("wait")) (behind) " behind" } }
        }
    }
}

fn initials(name: &str) -> String {
    let words: Vec<_> = name.split([' ', '.', '@', '-', '_']).filter_map(|word| word.chars().next()).collect();
    let last = if words.len() > 1 && !name.contains('@') { words.last() } else { words.get(1) };
    words.first().into_iter().chain(last).flat_map(|letter| letter.to_uppercase()).collect()
}

/// A whole document.
pub(super) fn document(title: &str, theme: Theme, body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-theme=[(theme != Theme::System).then_some(theme.as_str())] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Engage" }
                link rel="icon" href=(ICON.path) type="image/svg+xml";
                link rel="stylesheet" href=(STYLE.path);
                script src=(SCRIPT.path) defer {}
            }
            body {
                a class="skip" href="#main" { "Skip to the page" }
                (body)
                div id="live" class="hidden" role="status" aria-live="polite" {}
                (icons())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn initials_are_of_the_first_and_the_last_name() {
        assert_eq!(
            ["MP", "JR", "AA", "S"],
            ["Maria del Pilar", "jane.roe@acme.example", "ann@acme", "Sam"]
                .map(initials)
                .each_ref()
                .map(String::as_str)
        );
    }
}
