//! The three files of the pages, embedded: styles, script, mark. Their address holds a hash of their content.

use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

use crate::errors::PageError;

const FILES: [(&str, &str, &str); 3] = [
    ("app.css", "text/css; charset=utf-8", include_str!("../assets/app.css")),
    ("app.js", "text/javascript; charset=utf-8", include_str!("../assets/app.js")),
    ("mark.svg", "image/svg+xml", include_str!("../assets/mark.svg")),
];

static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    for (_, _, content) in FILES {
        hash.update(content.as_bytes());
    }
    hex::encode(&hash.finalize()[..6])
});

/// The part of the address that changes with the content.
pub fn version() -> &'static str {
    &VERSION
}

/// `GET /assets/{version}/{name}`: an older version answers too, with the file as it is now.
pub async fn serve(Path((_version, name)): Path<(String, String)>) -> Result<Response, PageError> {
    let (_, kind, content) = FILES.iter().find(|(n, _, _)| *n == name).ok_or(PageError::NotFound)?;
    let headers = [(header::CONTENT_TYPE, *kind), (header::CACHE_CONTROL, "public, max-age=31536000, immutable")];
    Ok((headers, *content).into_response())
}
