//! Photos: what they are is found out from their content, and only a fresh picture without any position data is kept.

use std::io::Cursor;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt as _, TryStreamExt as _};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};
use kernel::{Problem, Timestamp};
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt};
use staff::Jurisdiction;

use crate::hub::Requests;
use crate::model::{Photo, PhotoId, Upload};
use crate::store;

/// The longest file taken, in bytes.
const MOST_BYTES: usize = 12 * 1024 * 1024;
/// The longest side that a sent picture may have, in pixels.
const MOST_SIDE: u32 = 12_000;
/// What decoding one picture may take, in bytes.
const MOST_MEMORY: u64 = 320 * 1024 * 1024;
/// The longest side of what is kept, in pixels: enough to read a pole number.
const KEPT_SIDE: u32 = 2048;
/// JPEG quality of what is kept, of 100.
const QUALITY: u8 = 85;

/// What can go wrong with photos, apart from a file that is no picture.
#[derive(Debug, thiserror::Error)]
pub enum PhotoError {
    /// The store of photos cannot be reached, or an object is missing.
    #[error("the photo store: {0}")]
    Store(#[from] object_store::Error),
    /// The folder for photos cannot be made.
    #[error("cannot make the folder {path}: {source}")]
    Folder {
        /// The folder.
        path: std::path::PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The address of the store makes no sense.
    #[error("photos: {0}")]
    Address(String),
    /// The database failed.
    #[error(transparent)]
    Db(#[from] db::DbError),
}

/// Where photos lie: a folder, or any S3-compatible service.
#[derive(Clone, Debug)]
pub struct PhotoStore {
    store: Arc<dyn ObjectStore>,
    prefix: String,
}

impl PhotoStore {
    /// Photos in this folder, which is made when missing.
    ///
    /// # Errors
    /// When the folder cannot be made.
    pub fn folder(path: &Path) -> Result<Self, PhotoError> {
        std::fs::create_dir_all(path).map_err(|source| PhotoError::Folder { path: path.to_owned(), source })?;
        let store = object_store::local::LocalFileSystem::new_with_prefix(path)?.with_automatic_cleanup(true);
        Ok(Self { store: Arc::new(store), prefix: String::new() })
    }

    /// Photos at `s3://BUCKET/PREFIX` (with the usual `AWS_…` variables, `AWS_ENDPOINT` for services other than Amazon's),
    /// or in the folder that a plain path names.
    ///
    /// # Errors
    /// When the address makes no sense or the folder cannot be made.
    pub fn from_url(url: &str) -> Result<Self, PhotoError> {
        let Some(rest) = url.strip_prefix("s3://") else {
            if url.contains("://") {
                return Err(PhotoError::Address(format!("{url:?} is neither a folder nor s3://BUCKET/PREFIX")));
            }
            return Self::folder(Path::new(url));
        };
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let store = object_store::aws::AmazonS3Builder::from_env().with_bucket_name(bucket).build()?;
        Ok(Self { store: Arc::new(store), prefix: prefix.trim_end_matches('/').to_owned() })
    }

    fn path(&self, object: &str) -> ObjectPath {
        if self.prefix.is_empty() { ObjectPath::from(object) } else { ObjectPath::from(format!("{}/{object}", self.prefix)) }
    }

    /// Writes an object.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn put(&self, object: &str, content: Bytes) -> Result<(), PhotoError> {
        self.store.put(&self.path(object), content.into()).await?;
        Ok(())
    }

    /// Reads an object.
    ///
    /// # Errors
    /// When it is missing or the store cannot be reached.
    pub async fn get(&self, object: &str) -> Result<Bytes, PhotoError> {
        Ok(self.store.get(&self.path(object)).await?.bytes().await?)
    }

    /// Whether an object is there.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn has(&self, object: &str) -> Result<bool, PhotoError> {
        match self.store.head(&self.path(object)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(other) => Err(other.into()),
        }
    }

    /// All objects, each with the moment at which it was written, in no order. For checks.
    pub fn objects(&self) -> BoxStream<'_, Result<(String, Timestamp), PhotoError>> {
        let prefix = (!self.prefix.is_empty()).then(|| ObjectPath::from(self.prefix.as_str()));
        let listed = self.store.list(prefix.as_ref());
        listed
            .map_ok(|found| {
                let key = found.location.as_ref();
                let key = key.strip_prefix(self.prefix.as_str()).unwrap_or(key).trim_start_matches('/').to_owned();
                (key, Timestamp::from_millis(found.last_modified.timestamp_millis()))
            })
            .map_err(PhotoError::from)
            .boxed()
    }

    /// Removes an object; one that is not there is no fault.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub async fn remove(&self, object: &str) -> Result<(), PhotoError> {
        match self.store.delete(&self.path(object)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(other) => Err(other.into()),
        }
    }
}

/// A picture as it will be kept.
#[derive(Debug)]
pub(crate) struct Picture {
    pub(crate) jpeg: Bytes,
    pub(crate) width: u32,
    pub(crate) height: u32,
}

/// Makes a fresh JPEG out of a file: turned upright, at most [`KEPT_SIDE`] long, with nothing of the old file but its pixels.
///
/// # Errors
/// A [`Problem`] naming the upload's field when it is no picture, or too large.
pub(crate) fn fresh_picture(upload: &Upload) -> Result<Picture, Problem> {
    let problem = |message: &str| Problem::new(upload.field.clone(), message);
    if upload.content.is_empty() {
        return Err(problem("is an empty file"));
    }
    if upload.content.len() > MOST_BYTES {
        return Err(problem("is larger than 12 MB"));
    }
    let unreadable = |error: image::ImageError| match error {
        image::ImageError::Limits(_) => problem("has more than 12,000 pixels on a side or is too large to open"),
        image::ImageError::Unsupported(_) => problem("is not a JPEG, PNG, WebP or GIF picture"),
        _ => problem("is damaged and cannot be opened as a picture"),
    };
    let mut reader = ImageReader::new(Cursor::new(&upload.content)).with_guessed_format().map_err(|_| problem("cannot be read"))?;
    if reader.format().is_none() {
        return Err(problem("is not a JPEG, PNG, WebP or GIF picture"));
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(MOST_SIDE);
    limits.max_image_height = Some(MOST_SIDE);
    limits.max_alloc = Some(MOST_MEMORY);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(unreadable)?;
    // A damaged note on how the camera was held is no reason to refuse the picture.
    let turned = decoder.orientation().unwrap_or(image::metadata::Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    picture.apply_orientation(turned);
    if picture.width().max(picture.height()) > KEPT_SIDE {
        picture = picture.resize(KEPT_SIDE, KEPT_SIDE, image::imageops::FilterType::CatmullRom);
    }
    let flat = on_white(&picture);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&flat).map_err(|_| problem("cannot be kept as a picture"))?;
    Ok(Picture { width: flat.width(), height: flat.height(), jpeg: jpeg.into() })
}

/// JPEG knows no transparency: what shines through becomes white paper.
fn on_white(picture: &DynamicImage) -> image::RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let mut flat = image::RgbImage::new(picture.width(), picture.height());
    for (to, from) in flat.pixels_mut().zip(picture.to_rgba8().pixels()) {
        let [red, green, blue, alpha] = from.0.map(u16::from);
        to.0 = [red, green, blue].map(|c| u8::try_from((c * alpha + 255 * (255 - alpha)) / 255).unwrap_or(255));
    }
    flat
}

/// Photos written to the store but not yet to the database.
#[derive(Debug, Default)]
pub(crate) struct Stored {
    pub(crate) photos: Vec<Photo>,
}

impl Requests {
    /// Checks and re-encodes every upload, without keeping anything yet.
    ///
    /// # Errors
    /// A [`Problem`] for each file that is no picture.
    pub(crate) async fn fresh_pictures(&self, uploads: Vec<Upload>) -> Result<Vec<Picture>, Vec<Problem>> {
        if uploads.is_empty() {
            return Ok(Vec::new());
        }
        let work = tokio::task::spawn_blocking(move || {
            let (mut pictures, mut problems) = (Vec::new(), Vec::new());
            for upload in &uploads {
                match std::panic::catch_unwind(|| fresh_picture(upload)) {
                    Ok(Ok(picture)) => pictures.push(picture),
                    Ok(Err(problem)) => problems.push(problem),
                    Err(_) => problems.push(Problem::new(upload.field.clone(), "cannot be opened as a picture")),
                }
            }
            if problems.is_empty() { Ok(pictures) } else { Err(problems) }
        });
        work.await.unwrap_or_else(|_| Err(vec![Problem::new("media", "cannot be opened as a picture")]))
    }

    /// Puts pictures into the store. The rows about them are written with the request; see [`Requests::drop_stored`].
    ///
    /// # Errors
    /// When the store cannot be reached; then nothing of these stays.
    pub(crate) async fn store_pictures(
        &self,
        j: &Jurisdiction,
        request: crate::RequestId,
        update: Option<uuid::Uuid>,
        private: bool,
        pictures: Vec<Picture>,
    ) -> Result<Stored, PhotoError> {
        let now = self.clock().now();
        let mut stored = Stored::default();
        for picture in pictures {
            let id = PhotoId(self.ids().next());
            let object = format!("{}/{}/{}.jpg", j.id, request, id);
            let (width, height) = (i32::try_from(picture.width).unwrap_or(0), i32::try_from(picture.height).unwrap_or(0));
            let bytes = i64::try_from(picture.jpeg.len()).unwrap_or(0);
            if let Err(error) = self.0.photos.put(&object, picture.jpeg).await {
                self.drop_stored(&stored).await;
                return Err(error);
            }
            stored.photos.push(Photo { id, request, update, object, width, height, bytes, private, recorded_at: now });
        }
        Ok(stored)
    }

    /// Takes back what no row will ever name.
    pub(crate) async fn drop_stored(&self, stored: &Stored) {
        for photo in &stored.photos {
            if let Err(error) = self.0.photos.remove(&photo.object).await {
                tracing::warn!(%error, object = photo.object, "an unused photo stays in the store");
            }
        }
    }

    /// A photo and its JPEG bytes.
    ///
    /// # Errors
    /// When the database or the store fails.
    pub async fn photo(&self, j: &Jurisdiction, id: PhotoId) -> Result<Option<(Photo, Bytes)>, PhotoError> {
        let Some(photo) = store::photo(self.db().read(), j.id, id).await? else { return Ok(None) };
        let content = self.0.photos.get(&photo.object).await?;
        Ok(Some((photo, content)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn upload(content: Vec<u8>) -> Upload {
        Upload { field: "media".to_owned(), content: content.into() }
    }

    fn png(width: u32, height: u32) -> Vec<u8> {
        let mut out = Vec::new();
        DynamicImage::ImageRgba8(image::RgbaImage::from_pixel(width, height, image::Rgba([255, 0, 0, 0])))
            .write_to(&mut Cursor::new(&mut out), image::ImageFormat::Png)
            .unwrap();
        out
    }

    /// A JPEG with an Exif block that holds a position and says "turned by 90°".
    fn turned_jpeg_with_position() -> Vec<u8> {
        let mut plain = Vec::new();
        JpegEncoder::new(&mut plain).encode_image(&image::RgbImage::new(40, 20)).unwrap();
        let mut exif = b"Exif\0\0II*\0\x08\0\0\0".to_vec();
        exif.extend(2_u16.to_le_bytes());
        exif.extend([0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0]); // orientation: 6
        exif.extend([0x25, 0x88, 4, 0, 1, 0, 0, 0, 38, 0, 0, 0]); // GPS directory
        exif.extend(0_u32.to_le_bytes());
        exif.extend(1_u16.to_le_bytes());
        exif.extend([0x01, 0x00, 2, 0, 2, 0, 0, 0, b'N', 0, 0, 0]); // GPSLatitudeRef: north
        exif.extend(0_u32.to_le_bytes());
        let mut out = plain[..2].to_vec();
        out.extend([0xff, 0xe1]);
        out.extend(u16::try_from(exif.len() + 2).unwrap().to_be_bytes());
        out.extend(&exif);
        out.extend(&plain[2..]);
        out
    }

    #[test]
    fn position_and_turning_are_gone_from_what_is_kept() {
        let sent = turned_jpeg_with_position();
        assert!(sent.windows(4).any(|w| w == b"Exif"));
        let kept = fresh_picture(&upload(sent)).unwrap();
        assert!(!kept.jpeg.windows(4).any(|w| w == b"Exif"));
        assert_eq!((kept.width, kept.height), (20, 40), "the camera was held upright");
    }

    #[test]
    fn large_pictures_become_smaller_and_see_through_ones_white() {
        let kept = fresh_picture(&upload(png(4096, 1024))).unwrap();
        assert_eq!((kept.width, kept.height), (2048, 512));
        let back = image::load_from_memory(&kept.jpeg).unwrap().to_rgb8();
        assert!(back.get_pixel(5, 5).0.iter().all(|c| *c > 250));
    }

    #[test]
    fn what_is_no_picture_is_refused_by_name() {
        for (content, says) in
            [(b"%PDF-1.7 not a picture".to_vec(), "is not a JPEG"), (Vec::new(), "empty"), (png(4, 4)[..40].to_vec(), "damaged"), (png(12_001, 1), "12,000")]
        {
            let problem = fresh_picture(&upload(content)).unwrap_err();
            assert_eq!(problem.field, "media");
            assert!(problem.message.contains(says), "{problem}");
        }
    }

    proptest! {
        #[test]
        fn fuzz_no_bytes_make_it_panic(head in 0_usize..5, tail in proptest::collection::vec(any::<u8>(), 0..400)) {
            let mut bytes: Vec<u8> = [&b"\x89PNG\r\n\x1a\n"[..], b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\x10\0\0\0WEBPVP8 ", b""][head].to_vec();
            bytes.extend(tail);
            let _ = fresh_picture(&upload(bytes));
        }

        #[test]
        fn fuzz_damaged_pictures_are_refused_or_kept(at in 0_usize..2000, value: u8) {
            let mut bytes = turned_jpeg_with_position();
            let at = at % bytes.len();
            bytes[at] = value;
            let _ = fresh_picture(&upload(bytes));
        }
    }
}
