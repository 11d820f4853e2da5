//! What pages are made of: icons, words, times, marks.

use engage_domain::{
    Timestamp,
    calendar::Calendar,
    conversation::{ConflictStatus, Phase, Status},
    text::Private,
};
use maud::{Markup, PreEscaped, html};

/// The shapes, by name.
const ICONS: [(&str, &str); 28] = [
    ("mark", r#"<path d="M5 7h14M5 12h9M5 17h14"/>"#),
    ("overview", r#"<path d="M4 20V10M10 20V4M16 20v-8M22 20H2"/>"#),
    ("conversations", r#"<path d="M21 12a8 8 0 0 1-11.5 7.2L4 21l1.8-5A8 8 0 1 1 21 12z"/>"#),
    ("queue", r#"<path d="M4 13v6h16v-6M4 13l3-8h10l3 8M4 13h5l1.5 2.5h3L15 13h5"/>"#),
    ("workload", r#"<path d="M4 5v14M4 7h9M4 12h15M4 17h6"/>"#),
    ("areas", r#"<path d="m12 3.5 9 5-9 5-9-5zM3.5 13l8.5 4.5 8.5-4.5M3.5 17l8.5 4.5 8.5-4.5"/>"#),
    ("scales", r#"<path d="M12 4v16M7 20h10M5 7h14M5 7l-3 7h6zM19 7l-3 7h6z"/>"#),
    ("trail", r#"<path d="M6 3.5h12v17H6zM9.5 8.5h5M9.5 12.5h5M9.5 16.5h2.5"/>"#),
    (
        "eye",
        r#"<path d="M2.5 12C5 7.5 8.3 5.5 12 5.5s7 2 9.5 6.5c-2.5 4.5-5.8 6.5-9.5 6.5S5 16.5 2.5 12z"/><circle cx="12" cy="12" r="2.8"/>"#,
    ),
    (
        "people",
        r#"<circle cx="9" cy="8.5" r="3.5"/><path d="M2.5 20c.4-4 3-6 6.5-6s6.1 2 6.5 6M15.5 5.3a3.5 3.5 0 0 1 0 6.4M18 14.6c2 .8 3.2 2.6 3.5 5.4"/>"#,
    ),
    (
        "settings",
        r#"<path d="M4 7h9M19 7h1M4 17h2M12 17h8"/><circle cx="16" cy="7" r="2.6"/><circle cx="9" cy="17" r="2.6"/>"#,
    ),
    ("pulse", r#"<path d="M2.5 12.5h4.5l2.5-7 4.5 13 2.5-6h5"/>"#),
    ("search", r#"<circle cx="11" cy="11" r="7"/><path d="m20 20-3.6-3.6"/>"#),
    ("done", r#"<path d="m4 12.5 5 5L20 6.5"/>"#),
    ("open", r#"<circle cx="12" cy="12" r="8.5"/>"#),
    ("active", r#"<circle cx="12" cy="12" r="8.5"/><circle cx="12" cy="12" r="3" fill="currentColor"/>"#),
    ("ended", r#"<circle cx="12" cy="12" r="8.5"/><path d="m6 18 12-12"/>"#),
    ("wait", r#"<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3 2"/>"#),
    ("alert", r#"<path d="M12 3.5 22 20H2z"/><path d="M12 10v4M12 17v.01"/>"#),
    ("shield", r#"<path d="M12 3 5 6v6c0 4.5 3 7.5 7 9 4-1.5 7-4.5 7-9V6z"/><path d="m9 12 2.2 2.2L15.5 10"/>"#),
    ("info", r#"<circle cx="12" cy="12" r="9"/><path d="M12 11v5M12 8v.01"/>"#),
    ("up", r#"<path d="m6 14 6-6 6 6"/>"#),
    ("down", r#"<path d="m6 10 6 6 6-6"/>"#),
    ("close", r#"<path d="m6 6 12 12M18 6 6 18"/>"#),
    ("file", r#"<path d="M12 4v11m0 0 4.5-4.5M12 15l-4.5-4.5M5 20h14"/>"#),
    ("theme", r#"<circle cx="12" cy="12" r="8.5"/><path d="M12 3.5a8.5 8.5 0 0 1 0 17z" fill="currentColor"/>"#),
    ("leave", r#"<path d="M14 4h5v16h-5M10 8l-4 4 4 4M6 12h9"/>"#),
    (
        "source",
        r#"<ellipse cx="12" cy="6" rx="8" ry="3"/><path d="M4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3"/>"#,
    ),
];

/// An icon, by name; nothing but its shape, so what it means stands beside it in words. It is drawn once a page ([`icons`]) and used from there.
pub(super) fn icon(name: &str) -> Markup {
    debug_assert!(ICONS.iter().any(|(known, _)| *known == name), "no icon is called {name}");
    html! { svg aria-hidden="true" { use href={ "#i-" (name) } {} } }
}

/// The shapes of all icons, for the icons of a page.
pub(super) fn icons() -> Markup {
    html! { svg class="hidden" aria-hidden="true" { @for (name, shape) in ICONS { symbol id={ "i-" (name) } viewBox="0 0 24 24" { (PreEscaped(shape)) } } } }
}

/// A stored word as people write it: `managing_partner` is `Managing partner`.
pub(super) fn words(word: &str) -> String {
    let mut letters = word.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).map(|letter| if letter == '_' { ' ' } else { letter }).collect()
}

/// A status: icon, word, colour.
pub(super) fn mark(class: &str, name: &str, word: &str) -> Markup {
    html! { span class={ "mark" @if !class.is_empty() { " " (class) } } { (icon(name)) (word) } }
}

pub(super) fn status(status: Status) -> Markup {
    match status {
        Status::Active => mark("", "active", "Active"),
        Status::Completed => mark("good", "done", "Completed"),
        Status::Terminated => mark("", "ended", "Terminated"),
    }
}

pub(super) fn phase(phase: Phase) -> String {
    words(phase.as_str())
}

pub(super) fn conflict(status: ConflictStatus) -> Markup {
    match status {
        ConflictStatus::Clear => mark("good bare", "shield", "Clear"),
        ConflictStatus::Pending => mark("bare", "wait", "Not checked"),
        ConflictStatus::ConflictDetected => mark("alert", "alert", "Conflict"),
    }
}

/// A client's name; they need not have told it yet.
pub(super) fn client(name: Option<&Private>) -> &str {
    name.map_or("A client without a name", Private::as_str)
}

/// Somebody's name; not everybody has told theirs.
pub(super) fn person(name: Option<&Private>) -> &str {
    name.map_or("Somebody without a name", Private::as_str)
}

/// An e-mail address, which may be broken at its @ and its dots where there is little room.
pub(super) fn email(address: &str) -> Markup {
    html! { @for part in address.split_inclusive(['@', '.']) { (part) wbr; } }
}

/// A score of 0 to 100 as a bar and a number.
pub(super) fn quality(score: u8) -> Markup {
    html! { span class="row nowrap" { (meter(score)) span { (score) } } }
}

/// A score of 0 to 100 as a bar.
pub(super) fn meter(score: u8) -> Markup {
    html! { meter max="100" low="40" high="70" optimum="100" value=(score) aria-hidden="true" {} }
}

/// A mean score; none of nothing.
pub(super) fn mean_quality(score: Option<f64>) -> Markup {
    score.map_or_else(none, |score| quality(score.round().clamp(0.0, 100.0) as u8))
}

/// What stands where there is nothing to say.
pub(super) fn none() -> Markup {
    html! { span class="soft" { "–" } }
}

/// How much of the most there is, beside its number.
pub(super) fn bar(count: u64, most: u64) -> Markup {
    let width = 100.0 * count as f64 / most.max(1) as f64;
    html! {
        span class="row nowrap" {
            svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" {
                rect class="track" width="100" height="8" rx="2" {} rect class="bar-new" width=(format!("{width:.1}")) height="8" rx="2" {}
            }
            span { (number(count)) }
        }
    }
}

/// Milliseconds as people say them.
pub(super) fn seconds(ms: u64) -> String {
    match ms {
        ..1000 => format!("{ms} ms"),
        1000..120_000 => format!("{:.1} s", ms as f64 / 1000.0),
        _ => format!("{} min", number(ms / 60_000)),
    }
}

/// Says that a table is cut, where it is.
pub(super) fn shown(all: usize, most: usize) -> Markup {
    html! { @if all > most { "The first " (most) " of " (number(all as u64)) ". " } }
}

/// A share of 0 to 1. Only all of it is 100 %, and only none of it 0: a likelihood of 0.998 is no certainty.
pub(super) fn percent(share: f64) -> String {
    let percent = (share * 100.0).round();
    let percent = if share > 0.0 && share < 1.0 { percent.clamp(1.0, 99.0) } else { percent };
    format!("{percent:.0} %")
}

/// A choice among words in a form; `all` is what it is called to choose none.
pub(super) fn choice<W: AsRef<str>>(
    label: &str,
    name: &str,
    all: Option<&str>,
    chosen: &str,
    words: impl IntoIterator<Item = (W, String)>,
) -> Markup {
    html! {
        label { (label) select name=(name) {
            @if let Some(all) = all { option value="" { (all) } }
            @for (word, text) in words { option value=(word.as_ref()) selected[word.as_ref() == chosen] { (text) } }
        } }
    }
}

const MINUTE: i64 = 60_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A time as people say it, and exactly, where the firm is, when it is pointed at.
pub(super) fn time(at: Timestamp, now: Timestamp, calendar: &Calendar) -> Markup {
    html! { time datetime=(at) title=(calendar.moment(at)) { (ago(at, now, calendar)) } }
}

fn ago(at: Timestamp, now: Timestamp, calendar: &Calendar) -> String {
    let past = now.as_millis() - at.as_millis();
    let days = calendar.day_of(now).days_since(calendar.day_of(at));
    match past {
        ..MINUTE if past > -MINUTE => "just now".into(),
        MINUTE..HOUR => format!("{} min ago", past / MINUTE),
        HOUR..DAY if days == 0 => format!("{} h ago", past / HOUR),
        _ if days == 1 => "yesterday".into(),
        _ if (2..14).contains(&days) => format!("{days} days ago"),
        _ => calendar.date(calendar.day_of(at)),
    }
}

/// How many, in groups of three digits.
pub(super) fn number(count: u64) -> String {
    let digits = count.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(|group| String::from_utf8_lossy(group));
    groups.collect::<Vec<_>>().join("\u{202f}")
}

/// Hours as people say them.
pub(super) fn hours(hours: f64) -> String {
    match hours {
        ..1.0 => format!("{:.0} min", hours * 60.0),
        1.0..48.0 => format!("{hours:.1} h"),
        _ => format!("{:.1} days", hours / 24.0),
    }
}

/// Nothing to show, and what to do about it.
pub(super) fn empty(name: &str, title: &str, advice: Markup) -> Markup {
    html! { div class="empty" { (icon(name)) h2 { (title) } div { (advice) } } }
}

/// The query with some parameters replaced, those with an empty value left out.
pub(super) fn query(fields: &[(String, String)], changes: &[(&str, &str)]) -> String {
    let kept = fields.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    let kept = kept.filter(|(name, _)| !changes.iter().any(|(change, _)| change == name));
    let all = kept.chain(changes.iter().copied()).filter(|(_, value)| !value.is_empty());
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(all).finish();
    if query.is_empty() { String::new() } else { format!("?{query}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_numbers_read_well() {
        assert_eq!(words("managing_partner"), "Managing partner");
        assert_eq!(words(""), "");
        assert_eq!(
            ["0", "999", "1\u{202f}000", "12\u{202f}345\u{202f}678"],
            [0, 999, 1000, 12_345_678].map(number).each_ref().map(String::as_str)
        );
        assert_eq!(["999 ms", "1.0 s", "2 min"], [999, 1_000, 120_000].map(seconds).each_ref().map(String::as_str));
        assert_eq!([0.0, 0.001, 0.125, 0.998, 1.0].map(percent), ["0 %", "1 %", "13 %", "99 %", "100 %"]);
        assert_eq!(shown(60, 60).into_string(), "");
        assert_eq!(shown(1_000, 60).into_string(), "The first 60 of 1\u{202f}000. ");
        assert_eq!(["30 min", "1.5 h", "3.0 days"], [0.5, 1.5, 72.0].map(hours).each_ref().map(String::as_str));
    }

    #[test]
    fn a_time_is_told_by_the_days_of_the_firm() {
        let chicago = Calendar::of("America/Chicago").unwrap();
        let now: Timestamp = "2026-11-24T06:30:00Z".parse().unwrap();
        let said = |at: &str| ago(at.parse().unwrap(), now, &chicago);
        assert_eq!(said("2026-11-24T06:29:30Z"), "just now");
        assert_eq!(said("2026-11-24T06:05:00Z"), "25 min ago");
        // Midnight in Chicago was half an hour ago.
        assert_eq!(said("2026-11-24T05:00:00Z"), "yesterday");
        assert_eq!(said("2026-11-20T12:00:00Z"), "4 days ago");
        assert_eq!(said("2026-10-01T12:00:00Z"), "1 Oct 2026");
    }

    #[test]
    fn an_address_breaks_at_its_joints() {
        assert_eq!(email("a.b@c.org").into_string(), "a.<wbr>b@<wbr>c.<wbr>org<wbr>");
    }

    #[test]
    fn a_query_keeps_what_is_not_changed() {
        let fields = vec![("status".to_owned(), "active".to_owned()), ("cursor".to_owned(), "x".to_owned())];
        assert_eq!(query(&fields, &[("cursor", ""), ("sort", "a b")]), "?status=active&sort=a+b");
        assert_eq!(query(&fields, &[("cursor", ""), ("status", "")]), "");
    }
}
