//! Who sends a request, and from where.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, Method, header, request::Parts},
};
use engage_app::{Caller, Claims, Origin, Runtime};
use engage_domain::actor::USER_AGENT_MAX;

use crate::{
    pages,
    problem::{Code, Problem},
    server::{Server, Shared},
};

/// The address at the other end of the connection. Whoever accepts connections puts it into each request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// The bearer of a token, let in.
pub(crate) struct Signed(pub(crate) Caller);

impl<R: Runtime> FromRequestParts<Shared<R>> for Signed {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Shared<R>) -> Result<Self, Problem> {
        let claims = claims(parts, server)?;
        let origin = origin(parts, server.config.trust_proxy);
        Ok(Self(server.engage.admit(&claims, origin).await?))
    }
}

/// What the bearer's token says, before anybody was let in.
pub(crate) struct Bearer(pub(crate) Arc<Claims>);

impl<R: Runtime> FromRequestParts<Shared<R>> for Bearer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Shared<R>) -> Result<Self, Problem> {
        claims(parts, server).map(Self)
    }
}

/// Where the request comes from.
pub(crate) struct Sender(pub(crate) Origin);

impl<R: Runtime> FromRequestParts<Shared<R>> for Sender {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, server: &Shared<R>) -> Result<Self, Problem> {
        Ok(Self(origin(parts, server.config.trust_proxy)))
    }
}

fn claims<R: Runtime>(parts: &Parts, server: &Server<R>) -> Result<Arc<Claims>, Problem> {
    let now = server.engage.runtime().now();
    if let Some(token) = session_token(parts) {
        return server.tokens.verify(token, now).map_err(|refused| Problem::new(Code::InvalidToken, refused.0));
    }
    let unauthenticated = || Problem::new(Code::Unauthenticated, "the header Authorization: Bearer <token> is missing");
    let value = parts.headers.get(header::AUTHORIZATION).ok_or_else(unauthenticated)?;
    let (scheme, token) = value.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(unauthenticated)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(unauthenticated());
    }
    server.tokens.verify(token.trim(), now).map_err(|refused| Problem::new(Code::InvalidToken, refused.0))
}

/// The token of a session in the browser, for what its pages read: files and live streams, for which a browser sends no header of ours. What
/// changes something takes none, and neither does what another site asks for.
fn session_token(parts: &Parts) -> Option<&str> {
    let reads = matches!(parts.method, Method::GET | Method::HEAD);
    let bears = parts.headers.contains_key(header::AUTHORIZATION);
    (reads && !bears && pages::session::same_site(&parts.headers).is_ok())
        .then(|| pages::session::token(&parts.headers))
        .flatten()
}

pub(crate) fn origin(parts: &Parts, trust_proxy: bool) -> Origin {
    let forwarded = trust_proxy.then(|| forwarded_for(&parts.headers)).flatten();
    let peer = || parts.extensions.get::<Peer>().map(|peer| peer.0);
    let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    Origin {
        ip: forwarded.or_else(peer).map(|ip| ip.to_string().into()),
        user_agent: agent.filter(|agent| !agent.is_empty()).map(|agent| cut(agent, USER_AGENT_MAX).into()),
    }
}

/// The address that the nearest proxy appended; what stands before it came from outside.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()
}

fn cut(text: &str, max: usize) -> &str {
    &text[..text.floor_char_boundary(max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_forwarded_address_counts() {
        let mut headers = HeaderMap::new();
        headers.append("x-forwarded-for", "6.6.6.6".parse().unwrap());
        headers.append("x-forwarded-for", "1.1.1.1, 192.0.2.7".parse().unwrap());
        assert_eq!(forwarded_for(&headers), Some("192.0.2.7".parse().unwrap()));
        headers.append("x-forwarded-for", "unknown".parse().unwrap());
        assert_eq!(forwarded_for(&headers), None);
    }

    #[test]
    fn text_is_cut_between_characters() {
        assert_eq!(cut("aé", 2), "a");
        assert_eq!(cut("ab", 9), "ab");
    }
}
