//! Whole lists as files: CSV (RFC 4180) and NDJSON, sent page by page as they are read.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a line end for a formula, and what stands in a client's name is the
//! client's choice. Such a cell of a CSV gets an apostrophe before it, as OWASP advises, at the price that it is not the value itself.
//! NDJSON is left as it is.

mod columns;

use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{HeaderName, header, request::Parts},
    response::Response,
};
use engage_app::{
    Freshness, Runtime,
    exports::{Export, Exportable},
};
use futures_util::stream;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use utoipa::{
    IntoParams,
    openapi::path::{Parameter, ParameterIn},
};

use crate::{answer::insert, params::Params, problem::Problem, server::Shared, views::Audience};

const AS_OF: HeaderName = HeaderName::from_static("x-engage-as-of");
const LAG_MS: HeaderName = HeaderName::from_static("x-engage-lag-ms");
const CONSISTENT: HeaderName = HeaderName::from_static("x-engage-consistent");

/// How a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// A header row with the names of the JSON fields, then a row a record. What is absent is empty; an object is its JSON.
    Csv,
    /// A JSON object a line, the same as in a page of the list.
    Ndjson,
}

impl Format {
    /// Every format.
    pub(crate) const ALL: [Self; 2] = [Self::Csv, Self::Ndjson];

    /// The ending of the address and of the file, and the word in the entry.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// What people call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::Ndjson => "NDJSON",
        }
    }

    /// The media type without its parameters.
    pub(crate) const fn essence(self) -> &'static str {
        match self {
            Self::Csv => "text/csv",
            Self::Ndjson => "application/x-ndjson",
        }
    }

    const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => self.essence(),
        }
    }
}

/// A list or report as the columns and lines of a file.
pub(crate) trait Shown: Exportable {
    /// The names of a row's JSON fields, in the order of the columns.
    const COLUMNS: &'static [&'static str];

    /// What `audience` sees of a row.
    fn shown(row: &Self::Row, audience: Audience) -> impl Serialize;
}

/// The parameters of a list without those that choose a page of it.
pub(crate) struct Whole<T> {
    pub(crate) query: T,
    /// As the caller wrote them, for the entry. They were read as what they are: ids, times and words.
    pub(crate) filters: Map<String, Value>,
}

/// What is looked for: it may be a client's name, which outlives no erasure.
const PRIVATE: &str = "q";
const PAGING: [&str; 2] = ["cursor", "limit"];

impl<T: DeserializeOwned, R: Runtime> FromRequestParts<Shared<R>> for Whole<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Shared<R>) -> Result<Self, Problem> {
        let Params(query) = Params::<T>::from_request_parts(parts, server).await?;
        let pairs = form_urlencoded::parse(parts.uri.query().unwrap_or_default().as_bytes());
        let mut filters: Map<_, _> =
            pairs.map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect();
        match PAGING.into_iter().find(|name| filters.contains_key(*name)) {
            Some(name) => Err(Problem::invalid(name, "does not go with an export, which is whole")),
            None => {
                filters.remove(PRIVATE);
                Ok(Self { query, filters })
            }
        }
    }
}

impl<T: IntoParams> IntoParams for Whole<T> {
    fn into_params(parameter_in_provider: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameters = T::into_params(parameter_in_provider).into_iter();
        parameters.filter(|parameter| !PAGING.contains(&parameter.name.as_str())).collect()
    }
}

/// The answer with a file, which `body` is.
pub(crate) fn response<L: Exportable>(body: Body, firm: &str, format: Format, freshness: Freshness) -> Response {
    let mut response = Response::new(body);
    let name = L::RESOURCE.replace('_', "-");
    let attachment = format!("attachment; filename=\"{firm}-{name}.{}\"", format.as_str());
    insert(&mut response, header::CONTENT_TYPE, format.media_type());
    insert(&mut response, header::CONTENT_DISPOSITION, &attachment);
    insert(&mut response, AS_OF, &freshness.as_of.to_string());
    insert(&mut response, LAG_MS, &freshness.lag_ms.to_string());
    insert(&mut response, CONSISTENT, if freshness.consistent { "true" } else { "false" });
    response
}

/// The whole list. It is read from the index while it is sent; an error on the way breaks the connection off, so that nobody takes a part
/// for the whole.
pub(crate) fn body<R: Runtime, L: Shown<Row: Sync>>(export: Export<R, L>, format: Format, audience: Audience) -> Body {
    Body::from_stream(stream::unfold(Some((export, true)), move |state| async move {
        let (mut export, first) = state?;
        let page = match export.next().await {
            Ok(None) => return None,
            Ok(Some(rows)) => {
                let rows = rows.iter().map(|row| L::shown(row, audience));
                written(rows, L::COLUMNS, format, first).map_err(axum::Error::new)
            }
            Err(error) => Err(axum::Error::new(error)),
        };
        match page {
            Ok(bytes) => Some((Ok(bytes), Some((export, false)))),
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "export broke off");
                Some((Err(error), None))
            }
        }
    }))
}

/// What goes with a `HEAD`: nothing, and no word of how long nothing is, for that is not how long the file is.
pub(crate) fn no_body() -> Body {
    Body::from_stream(stream::empty::<Result<Vec<u8>, axum::Error>>())
}

/// A page of rows, on the first one with the names of the columns.
fn written(
    rows: impl Iterator<Item = impl Serialize>,
    columns: &[&str],
    format: Format,
    first: bool,
) -> Result<Vec<u8>, std::io::Error> {
    match format {
        Format::Ndjson => {
            let mut bytes = vec![];
            for row in rows {
                serde_json::to_writer(&mut bytes, &row)?;
                bytes.push(b'\n');
            }
            Ok(bytes)
        }
        Format::Csv => {
            let mut csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(vec![]);
            if first {
                csv.write_record(columns)?;
            }
            for row in rows {
                let fields = serde_json::to_value(row)?;
                csv.write_record(columns.iter().map(|column| cell(&fields[column])))?;
            }
            csv.into_inner().map_err(|error| error.into_error())
        }
    }
}

/// A value as the text of a cell.
fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) => format!("'{text}"),
        Value::String(text) => text.clone(),
        // Numbers, flags, and JSON, which begins with a bracket.
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use serde_json::json;

    use super::*;

    fn csv(rows: &[Value]) -> String {
        String::from_utf8(written(rows.iter(), &["a", "b"], Format::Csv, true).unwrap()).unwrap()
    }

    #[test]
    fn a_list_without_rows_still_has_its_header_row() {
        assert_eq!(csv(&[]), "a,b\r\n");
        assert_eq!(written(iter::empty::<Value>(), &["a", "b"], Format::Ndjson, true).unwrap(), b"");
    }

    #[test]
    fn cells_are_quoted_as_rfc_4180_has_it() {
        let rows = [json!({ "b": null, "a": "a,\"b\"\r\nc" }), json!({ "a": 7, "b": { "x": ["y", 1.5] } })];
        assert_eq!(csv(&rows), "a,b\r\n\"a,\"\"b\"\"\r\nc\",\r\n7,\"{\"\"x\"\":[\"\"y\"\",1.5]}\"\r\n");
    }

    #[test]
    fn a_cell_that_a_spreadsheet_would_take_for_a_formula_is_guarded() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1"] {
            assert_eq!(cell(&json!(text)), format!("'{text}"));
        }
        for text in ["Ann", "a=b", "'=1", "", " x", "7"] {
            assert_eq!(cell(&json!(text)), text);
        }
        assert_eq!(cell(&json!(-1.5)), "-1.5", "a number is one");
    }
}
