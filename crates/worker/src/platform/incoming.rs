//! A request as the router takes it.

use axum::{
    body::{Body, Bytes},
    http::{HeaderName, HeaderValue, Request, header},
};
use futures_util::stream;
use js_sys::{Array, Uint8Array};
use worker::{Result, wasm_bindgen_futures::JsFuture, web_sys};

use super::collect;

/// Longest body that is taken as one piece before anybody has asked for it; most routes take none that is longer.
const PIECE_MAX: usize = 128 * 1024;

/// Takes what came in: of its address, method, headers and body no more than is asked for, for each crosses from JavaScript by itself. A body
/// whose length is told is taken as one piece; as a stream it would cost several turns of the event loop.
pub(crate) async fn incoming(raw: web_sys::Request) -> Result<Request<Body>> {
    let mut request = Request::builder().method(&*raw.method()).uri(raw.url());
    if let Some(headers) = request.headers_mut() {
        for pair in collect(&raw.headers())?.iter() {
            let pair = Array::from(&pair);
            let (Some(name), Some(value)) = (pair.get(0).as_string(), pair.get(1).as_string()) else { continue };
            let value = HeaderValue::from_str(&value).map_err(|error| error.to_string())?;
            headers.append(HeaderName::from_bytes(name.as_bytes()).map_err(|error| error.to_string())?, value);
        }
    }
    let length = request.headers_ref().and_then(|headers| headers.get(header::CONTENT_LENGTH));
    let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    let body = match length {
        Some(0) => Body::empty(),
        Some(1..=PIECE_MAX) => piece(&raw).await?,
        _ => raw.body().map_or_else(Body::empty, |stream| Body::new(worker::Body::new(stream))),
    };
    Ok(request.body(body).map_err(|error| error.to_string())?)
}

/// The whole body. One that does not arrive whole is the router's to tell of.
async fn piece(raw: &web_sys::Request) -> Result<Body> {
    match JsFuture::from(raw.array_buffer()?).await {
        Ok(bytes) => Ok(Body::from(Uint8Array::new(&bytes).to_vec())),
        Err(_) => {
            let broken = std::io::Error::from(std::io::ErrorKind::UnexpectedEof);
            Ok(Body::from_stream(stream::iter([Err::<Bytes, _>(broken)])))
        }
    }
}
