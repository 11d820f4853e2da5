//! Who is signed in, in a cookie that scripts cannot read, and the proof that a form came from a page of theirs.
//!
//! The cookie holds a bearer token, the same as the API takes, so whatever ends a token ends the session: its time, a revocation, a
//! suspension. A sign-in of another kind (OpenID Connect) has to come to such a token, and to [`open`].

use std::sync::Arc;

use axum::{
    extract::{FromRequestParts, State},
    http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use engage_app::{Caller, Claims, ResumeToken, Runtime};
use engage_domain::{Firm, FirmId, calendar::Calendar};
use hmac::{Hmac, KeyInit, Mac};
use serde::Deserialize;
use sha2::Sha256;

use super::{form::Posted, see, sign_in};
use crate::{
    caller::origin,
    problem::{Code, Problem},
    server::{Server, Shared},
    token::TokenKey,
    views::Audience,
};

/// Only over a secure connection (or this machine), only for this host, on every path: the browser holds it to its name.
const COOKIE: &str = "__Host-engage";
/// What a client's browser keeps of its conversation with a firm, whose slug follows.
const INTAKE: &str = "__Host-engage-intake-";
/// 30 days, in seconds.
const INTAKE_AGE: u32 = 2_592_000;
/// The theme that was chosen.
const THEME: &str = "engage-theme";
/// A year, in seconds.
const THEME_AGE: u32 = 31_536_000;

/// How the pages look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Theme {
    /// As the system is set.
    #[default]
    System,
    Light,
    Dark,
}

impl Theme {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// The one that the button gives next.
    pub(super) const fn next(self) -> Self {
        match self {
            Self::System => Self::Light,
            Self::Light => Self::Dark,
            Self::Dark => Self::System,
        }
    }

    pub(super) fn of(headers: &HeaderMap) -> Self {
        match cookie(headers, THEME) {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }
}

/// Somebody who is signed in and was let in, and the page that they ask for.
pub(super) struct Visitor {
    pub(super) caller: Caller,
    pub(super) claims: Arc<Claims>,
    pub(super) firm: Arc<Firm>,
    pub(super) theme: Theme,
    /// What their forms carry.
    pub(super) csrf: String,
    /// The path and query of the page.
    pub(super) here: String,
}

impl Visitor {
    /// The firm's days.
    pub(super) fn calendar(&self) -> Result<Calendar, Problem> {
        let zone = &self.firm.settings.time_zone;
        Calendar::of(zone).map_err(|reason| Problem::invalid("timeZone", reason))
    }
}

impl<R: Runtime> FromRequestParts<Shared<R>> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, server: &Shared<R>) -> Result<Self, Response> {
        let here = parts.uri.path_and_query().map_or("/", |here| here.as_str()).to_owned();
        let Some(token) = token(&parts.headers) else { return Err(sign_in::required(&here, false)) };
        let now = server.engage.runtime().now();
        let claims = server.tokens.verify(token, now).map_err(|_| sign_in::required(&here, true))?;
        let csrf = proof(&server.config.token_key, token);
        let origin = origin(parts, server.config.trust_proxy);
        let admitted = admit(server, &claims, origin).await;
        let (caller, firm) = admitted.map_err(|problem| match problem.code {
            Code::TokenRevoked => sign_in::required(&here, true),
            _ => problem.into_response(),
        })?;
        Ok(Self { caller, claims, firm, theme: Theme::of(&parts.headers), csrf, here })
    }
}

async fn admit<R: Runtime>(
    server: &Server<R>,
    claims: &Claims,
    origin: engage_app::Origin,
) -> Result<(Caller, Arc<Firm>), Problem> {
    let caller = server.engage.admit(claims, origin).await?;
    if Audience::of(&caller) == Audience::Client {
        return Err(Problem::new(Code::Forbidden, "these pages are for the firm's own people"));
    }
    let firm = server.engage.runtime().firm(&caller.firm).await?;
    Ok((caller, firm))
}

/// The token of a session.
pub(crate) fn token(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, COOKIE)
}

/// The value of a cookie.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    all.flat_map(|value| value.split(';')).find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

fn set_cookie(response: &mut Response, cookie: &str) {
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}

/// The resume token that a client's browser keeps of a firm.
pub(super) fn intake_token<'a>(headers: &'a HeaderMap, firm: &FirmId) -> Option<&'a str> {
    cookie(headers, &format!("{INTAKE}{firm}"))
}

/// Keeps a client's resume token, for as long as one can be good.
pub(super) fn open_intake(mut response: Response, token: &ResumeToken) -> Response {
    let (firm, text) = (token.firm(), token.as_str());
    let cookie = format!("{INTAKE}{firm}={text}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age={INTAKE_AGE}");
    set_cookie(&mut response, &cookie);
    response
}

/// Forgets it.
pub(super) fn close_intake(mut response: Response, firm: &FirmId) -> Response {
    set_cookie(&mut response, &format!("{INTAKE}{firm}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"));
    response
}

/// Begins a session: the browser keeps the token until it is closed.
pub(super) fn open(mut response: Response, token: &str) -> Response {
    set_cookie(&mut response, &format!("{COOKIE}={token}; Path=/; Secure; HttpOnly; SameSite=Lax"));
    response
}

/// Ends it.
pub(super) fn close(mut response: Response) -> Response {
    set_cookie(&mut response, &format!("{COOKIE}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0"));
    response
}

/// A key for nothing else, made of the server's.
fn keyed(key: &TokenKey, token: &str) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("HMAC takes a key of any length");
    mac.update(b"engage form\0");
    mac.update(token.as_bytes());
    mac
}

/// What the forms of a session carry: nobody can make it who does not know the session and the server's key.
pub(super) fn proof(key: &TokenKey, token: &str) -> String {
    keyed(key, token).finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Refuses a form that does not come from a page of this session.
pub(super) fn check(visitor: &Visitor, headers: &HeaderMap, shown: Option<&str>) -> Result<(), Problem> {
    same_site(headers)?;
    if shown.is_some_and(|shown| agrees(&visitor.csrf, shown)) {
        Ok(())
    } else {
        Err(Problem::new(Code::FormExpired, "the form is not of this session; reload the page and send it again"))
    }
}

/// Whether a proof is the one that it should be. How much of it agrees takes the same time whatever it is.
pub(super) fn agrees(proof: &str, shown: &str) -> bool {
    proof.len() == shown.len()
        && proof.bytes().zip(shown.bytes()).fold(0, |differ, (one, other)| differ | (one ^ other)) == 0
}

/// Refuses what a browser says comes from another site.
pub(crate) fn same_site(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get("sec-fetch-site").map(HeaderValue::as_bytes) {
        None | Some(b"same-origin" | b"none") => Ok(()),
        Some(_) => Err(Problem::new(Code::FormExpired, "the form comes from another site")),
    }
}

/// Another theme.
#[derive(Deserialize)]
pub(super) struct ThemeForm {
    theme: Theme,
    next: String,
}

pub(super) async fn choose_theme<R: Runtime>(
    State(_): State<Shared<R>>,
    Posted { body, .. }: Posted<ThemeForm>,
) -> Response {
    let mut response = see(sign_in::local(&body.next));
    let theme = body.theme.as_str();
    set_cookie(&mut response, &format!("{THEME}={theme}; Path=/; SameSite=Lax; Max-Age={THEME_AGE}"));
    *response.status_mut() = StatusCode::SEE_OTHER;
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_among_others_and_only_by_its_whole_name() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, "a=1; engage-theme=dark".parse().unwrap());
        headers.append(header::COOKIE, "x__Host-engage=no; __Host-engage=t.o.k=en".parse().unwrap());
        assert_eq!(cookie(&headers, COOKIE), Some("t.o.k=en"));
        assert_eq!(Theme::of(&headers), Theme::Dark);
        assert_eq!(cookie(&headers, "b"), None);
    }

    #[test]
    fn a_proof_hangs_on_session_and_key() {
        let (one, other) = (TokenKey::new(vec![1; 32]), TokenKey::new(vec![2; 32]));
        assert_eq!(proof(&one, "t"), proof(&one, "t"));
        assert_ne!(proof(&one, "t"), proof(&one, "u"));
        assert_ne!(proof(&one, "t"), proof(&other, "t"));
    }
}
