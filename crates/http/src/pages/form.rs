//! What forms send: fields by name, held to the session that they come from. An empty field is one that is not there.

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
    http::{Uri, header},
    response::{IntoResponse, Response},
};
use engage_app::{Runtime, Write};
use engage_domain::Version;
use maud::{Markup, html};
use serde::{Deserialize, de::DeserializeOwned};

use super::session::{self, Visitor};
use crate::{
    input::{field, incomplete},
    problem::{Code, Problem},
    server::Shared,
};

/// A form of somebody who is signed in.
pub(super) struct Posted<T> {
    pub(super) visitor: Visitor,
    pub(super) body: T,
}

impl<T: DeserializeOwned, R: Runtime> FromRequest<Shared<R>> for Posted<T> {
    type Rejection = Response;

    async fn from_request(request: Request, server: &Shared<R>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, server).await?;
        let fields = fields(Request::from_parts(parts.clone(), body), server).await;
        let fields = fields.map_err(IntoResponse::into_response)?;
        let shown = fields.iter().find(|(name, _)| name == "csrf").map(|(_, value)| value.as_str());
        let read = session::check(&visitor, &parts.headers, shown).and_then(|()| read(&fields));
        read.map(|body| Self { visitor, body }).map_err(IntoResponse::into_response)
    }
}

/// A form that says all by being sent.
#[derive(Deserialize)]
pub(super) struct Nothing {}

/// What every form carries.
pub(super) fn csrf(visitor: &Visitor) -> Markup {
    html! { input type="hidden" name="csrf" value=(visitor.csrf); }
}

/// The version that a form was made for: a change is refused where there is another one by now.
pub(super) fn expecting(version: u64) -> Write {
    Write { key: None, expected: Some(Version(version)) }
}

/// A form of somebody who is not signed in.
pub(super) struct Open<T>(pub(super) T);

impl<T: DeserializeOwned, R: Runtime> FromRequest<Shared<R>> for Open<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, server: &Shared<R>) -> Result<Self, Problem> {
        session::same_site(request.headers())?;
        fields(request, server).await.and_then(|fields| filled(&fields)).map(Self)
    }
}

async fn fields<R: Runtime>(request: Request, server: &Shared<R>) -> Result<Vec<(String, String)>, Problem> {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    if kind.split(';').next().unwrap_or_default().trim() != "application/x-www-form-urlencoded" {
        return Err(Problem::new(Code::UnsupportedMediaType, "the body must be a form"));
    }
    let bytes = Bytes::from_request(request, server).await.map_err(|rejection| incomplete(&rejection))?;
    Ok(form_urlencoded::parse(&bytes).into_owned().collect())
}

/// What is asked for by the fields of a form, but for its proof, or of an address; those without a value left out.
pub(super) fn read<T: DeserializeOwned>(fields: &[(String, String)]) -> Result<T, Problem> {
    let own: Vec<_> = fields.iter().filter(|(name, _)| name != "csrf").cloned().collect();
    filled(&own)
}

/// What the address of a page asks for.
pub(super) fn asked<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    read(&pairs.into_owned().collect::<Vec<_>>())
}

fn filled<T: DeserializeOwned>(fields: &[(String, String)]) -> Result<T, Problem> {
    let filled = fields.iter().filter(|(_, value)| !value.trim().is_empty());
    let text = form_urlencoded::Serializer::new(String::new()).extend_pairs(filled).finish();
    let pairs = form_urlencoded::parse(text.as_bytes());
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(pairs)).map_err(|located| {
        let reason = located.inner().to_string();
        let field = field(&located.path().to_string(), &reason);
        Problem::with_field(Code::InvalidValue, field, reason)
    })
}
