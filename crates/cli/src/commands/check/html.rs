//! The report as one page of HTML that needs nothing beside it, and prints. Everything that came from outside is escaped.

use std::fmt::{self, Display, Formatter, Write};

use engage_domain::registry::Matched;

use super::paper::{Paper, Part, Result as Found};
use crate::commands::registry::{RowProblem, role, say_confidence, say_match, why};

const STYLE: &str = "\
:root { color-scheme: light; }
body { font: 15px/1.45 Georgia, 'Times New Roman', serif; color: #111; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin: 0 0 1rem; }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem; border-bottom: 2px solid #111; }
h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
h3 small { font-weight: normal; color: #444; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1.5rem; margin: 0; }
dt { color: #444; }
dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border: 1px solid #999; overflow-wrap: break-word; }
th { background: #eee; font-weight: normal; }
td.number { text-align: right; }
.signature { margin-top: 3rem; display: flex; gap: 3rem; }
.signature div { flex: 1; border-top: 1px solid #111; padding-top: .2rem; }
@page { margin: 18mm; }
@media print {
  body { margin: 0; max-width: none; padding: 0; font-size: 10.5pt; }
  h2, h3 { break-after: avoid; }
  section, tr { break-inside: avoid; }
  thead { display: table-header-group; }
}
";

/// Text as HTML shows it.
struct Escaped<'a>(&'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                other => f.write_char(other)?,
            }
        }
        Ok(())
    }
}

/// The report.
pub(super) fn write(paper: &Paper) -> anyhow::Result<String> {
    let mut page = String::new();
    let title = format!("Conflict check, {}", paper.name);
    let title = Escaped(&title);
    write!(
        page,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>Conflict check</h1>\n<dl>\n"
    )?;
    for (what, value) in paper.head()? {
        writeln!(page, "<dt>{}</dt><dd>{}</dd>", Escaped(what), Escaped(&value))?;
    }
    page.push_str("</dl>\n");
    for part in Part::ALL {
        let results: Vec<_> = paper.of(part).collect();
        if results.is_empty() {
            continue;
        }
        writeln!(page, "<h2>{}</h2>", Escaped(part.heading()))?;
        if part == Part::Clear {
            page.push_str("<table>\n<thead><tr><th>Name</th><th>Role</th><th>Line</th></tr></thead>\n<tbody>\n");
            for result in results {
                let (name, role, line) = (Escaped(result.name()), role(result.row.role), result.row.line);
                writeln!(page, "<tr><td>{name}</td><td>{role}</td><td class=\"number\">{line}</td></tr>")?;
            }
            page.push_str("</tbody>\n</table>\n");
        } else {
            results.into_iter().try_for_each(|result| name(&mut page, result))?;
        }
    }
    not_checked(&mut page, paper)?;
    page.push_str("<div class=\"signature\"><div>Reviewed by</div><div>Date</div></div>\n");
    page.push_str("</body>\n</html>\n");
    Ok(page)
}

fn name(page: &mut String, result: &Found) -> fmt::Result {
    let (name, role, line) = (Escaped(result.name()), role(result.row.role), result.row.line);
    writeln!(page, "<section>\n<h3>{name} <small>{role}, line {line}</small></h3>")?;
    page.push_str(
        "<table>\n<thead><tr><th></th><th>Found</th><th>Role</th><th>Conversation</th><th>Match</th><th>Confidence</th>\
         <th>Why</th></tr></thead>\n<tbody>\n",
    );
    result.screening.matches.iter().try_for_each(|found| matched(page, found))?;
    page.push_str("</tbody>\n</table>\n");
    if let Some(more) = result.cut_short() {
        writeln!(page, "<p>{}</p>", Escaped(&more))?;
    }
    page.push_str("</section>\n");
    Ok(())
}

fn matched(page: &mut String, found: &Matched) -> fmt::Result {
    let what = if found.conflict_type.is_some() { "<strong>Conflict</strong>" } else { "Known" };
    let conversation = found.conversation.map_or_else(|| "none".to_owned(), |id| id.to_string());
    let why = why(&found.evidence);
    writeln!(
        page,
        "<tr><td>{what}</td><td>{}</td><td>{}</td><td>{conversation}</td><td>{} ({})</td><td class=\"number\">{}</td>\
         <td>{}</td></tr>",
        Escaped(found.name.as_str()),
        role(Some(found.role)),
        found.match_type.as_str(),
        say_match(found),
        say_confidence(found.confidence),
        Escaped(&why)
    )
}

fn not_checked(page: &mut String, paper: &Paper) -> fmt::Result {
    if paper.tally.refused == 0 {
        return Ok(());
    }
    page.push_str("<h2>Not checked</h2>\n<table>\n<thead><tr><th>Line</th><th>Why</th></tr></thead>\n<tbody>\n");
    for RowProblem { line, message } in &paper.tally.errors {
        writeln!(page, "<tr><td class=\"number\">{line}</td><td>{}</td></tr>", Escaped(message))?;
    }
    page.push_str("</tbody>\n</table>\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_html_would_take_for_markup_is_escaped() {
        assert_eq!(Escaped("<b a=\"x\" c='y'>&amp;").to_string(), "&lt;b a=&quot;x&quot; c=&#39;y&#39;&gt;&amp;amp;");
    }
}
