//! The style, the script and the icon, each under a name that changes with its content, so that browsers keep it for good.

use std::sync::LazyLock;

use axum::{
    body::Body,
    extract::Path,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use sha2::{Digest, Sha256};

/// A file.
pub(super) struct Asset {
    /// Where it is.
    pub(super) path: String,
    content_type: &'static str,
    text: &'static str,
}

impl Asset {
    fn new(stem: &str, extension: &str, content_type: &'static str, text: &'static str) -> Self {
        let hash: String = Sha256::digest(text).iter().take(6).map(|byte| format!("{byte:02x}")).collect();
        Self { path: format!("/assets/{stem}.{hash}.{extension}"), content_type, text }
    }
}

pub(super) static STYLE: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("app", "css", "text/css; charset=utf-8", include_str!("../assets/app.css")));
pub(super) static SCRIPT: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("app", "js", "text/javascript; charset=utf-8", include_str!("../assets/app.js")));
pub(super) static ICON: LazyLock<Asset> =
    LazyLock::new(|| Asset::new("icon", "svg", "image/svg+xml", include_str!("../assets/icon.svg")));

/// Serves one. A page of another version names another content: it gets this one, and keeps it for no longer than the page.
pub(super) async fn serve(Path(file): Path<String>) -> Response {
    let all = [&*STYLE, &*SCRIPT, &*ICON];
    let asked = format!("/assets/{file}");
    let ends = |asset: &&&Asset| file.ends_with(&asset.path[asset.path.rfind('.').unwrap_or_default()..]);
    let Some(asset) = all.iter().find(|asset| asset.path == asked).or_else(|| all.iter().find(ends)) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let keep = if asset.path == asked { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = Response::new(Body::from(asset.text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(keep));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_stays_small() {
        assert!(SCRIPT.text.len() <= 10 * 1024, "{} bytes", SCRIPT.text.len());
    }
}
