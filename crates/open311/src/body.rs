//! Reading a body: urlencoded or multipart, up to a limit, whatever the client calls its character set.

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, EXPECT};
use requests::Upload;

use crate::fields::{Field, check_count, shown, split};
use crate::refusal::Refusal;

/// How many bytes of a body that is too long are read and thrown away, so that the client sees the answer instead of a
/// broken connection.
const MOST_DRAINED: usize = 256 << 20;
/// How many files one call may carry. The service's own rule is stricter.
const MOST_FILES: usize = 50;

/// What a body held.
#[derive(Debug, Default)]
pub(crate) struct Posted {
    pub fields: Vec<Field>,
    pub files: Vec<Upload>,
}

/// Reads the body of a POST of at most `most` bytes.
pub(crate) async fn read(headers: &HeaderMap, body: Body, most: usize) -> Result<Posted, Refusal> {
    let text = |name: http::HeaderName| {
        headers.get(&name).map_or(Ok(""), |value| value.to_str().map_err(|_| Refusal::Unreadable(format!("The header {name} cannot be read."))))
    };
    let encoding = text(CONTENT_ENCODING)?.trim();
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        return Err(Refusal::Unreadable(format!("Content-Encoding {} is not taken: send the form as it is.", shown(encoding))));
    }
    let content_type = text(CONTENT_TYPE)?;
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let body = collect(headers, body, most).await?;
    match essence.as_str() {
        "multipart/form-data" => multipart(content_type, body).await,
        // Some clients name no type, or a wrong one; what is no form shows as missing fields.
        "" | "application/x-www-form-urlencoded" | "text/plain" | "application/octet-stream" => Ok(Posted { fields: split(&body)?, files: Vec::new() }),
        _ if body.is_empty() => Ok(Posted::default()),
        other => {
            Err(Refusal::Unreadable(format!("Content-Type {} is not taken: send application/x-www-form-urlencoded or multipart/form-data.", shown(other))))
        }
    }
}

async fn collect(headers: &HeaderMap, body: Body, most: usize) -> Result<Bytes, Refusal> {
    let announced = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()).and_then(|length| length.parse::<u64>().ok());
    let too_long = announced.is_some_and(|length| usize::try_from(length).is_ok_and(|length| length > most));
    if too_long && headers.contains_key(EXPECT) {
        // Nothing was sent yet: the client waits for our word.
        return Err(Refusal::TooLarge(most));
    }
    let mut kept = BytesMut::new();
    let mut seen = 0_usize;
    let mut stream = body.into_data_stream();
    while let Some(chunk) = stream.next().await {
        let chunk = chunk.map_err(|_| Refusal::Unreadable("The body ended before its time.".to_owned()))?;
        seen = seen.saturating_add(chunk.len());
        if too_long || seen > most {
            kept = BytesMut::new();
            if seen > MOST_DRAINED {
                break;
            }
        } else {
            kept.extend_from_slice(&chunk);
        }
    }
    if too_long || seen > most { Err(Refusal::TooLarge(most)) } else { Ok(kept.freeze()) }
}

async fn multipart(content_type: &str, body: Bytes) -> Result<Posted, Refusal> {
    let unreadable = |error: multer::Error| Refusal::Unreadable(format!("The multipart body cannot be read: {error}."));
    let boundary = multer::parse_boundary(content_type).map_err(unreadable)?;
    let mut parts = multer::Multipart::new(futures::stream::iter([Ok::<_, std::convert::Infallible>(body)]), boundary);
    let mut posted = Posted::default();
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        let name = part.name().map(str::to_owned);
        let file_name = part.file_name().map(str::to_owned);
        let content = part.bytes().await.map_err(unreadable)?;
        match (name, file_name) {
            // An empty file field of a browser's form.
            (_, Some(file_name)) if content.is_empty() && file_name.is_empty() => {}
            (name, Some(_)) => posted.files.push(Upload { field: name.unwrap_or_else(|| "media".to_owned()), content }),
            (Some(name), None) => posted.fields.push(Field::from_bytes(name.as_bytes(), content.to_vec())),
            (None, None) => {}
        }
        check_count(posted.fields.len())?;
        if posted.files.len() > MOST_FILES {
            return Err(Refusal::field("media", format!("may have at most {MOST_FILES} files")));
        }
    }
    Ok(posted)
}
