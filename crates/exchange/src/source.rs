//! The file as it comes: plain or gzip, found out from its first bytes, with a count of what was read for the progress bar.

use std::io::{self, BufReader, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;

/// How many bytes of the file were read so far, before unpacking.
#[derive(Clone, Debug, Default)]
pub struct Meter(Arc<AtomicU64>);

impl Meter {
    /// Bytes read so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

struct Counted<R> {
    input: R,
    meter: Meter,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.input.read(into)?;
        self.meter.0.fetch_add(u64::try_from(read).unwrap_or(0), Ordering::Relaxed);
        Ok(read)
    }
}

/// The text of a file: unpacked when it is gzip, without a byte order mark.
///
/// # Errors
/// When it cannot be read at all, or is of a kind that holds no CSV (a ZIP archive, UTF-16, a Parquet file).
pub fn text_of(input: impl Read + Send + 'static, meter: &Meter) -> io::Result<Box<dyn Read + Send>> {
    let mut input = Counted { input, meter: meter.clone() };
    let (head, input) = peek(&mut input).map(|head| (head, input))?;
    let plain = Cursor::new(head.clone()).chain(input);
    if !head.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(without_mark(&head, plain)?));
    }
    let mut unpacked = MultiGzDecoder::new(BufReader::with_capacity(64 << 10, plain));
    let head = peek(&mut unpacked)?;
    let text = Cursor::new(head.clone()).chain(unpacked);
    Ok(Box::new(without_mark(&head, text)?))
}

fn peek(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(4);
    input.take(4).read_to_end(&mut head)?;
    Ok(head)
}

fn without_mark<T: Read>(head: &[u8], mut text: T) -> io::Result<T> {
    let refuse = |what: &str| Err(io::Error::new(io::ErrorKind::InvalidData, what.to_owned()));
    match head {
        [0xef, 0xbb, 0xbf, ..] => text.read_exact(&mut [0; 3])?,
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => return refuse("this is UTF-16 text; save the file as UTF-8"),
        [b'P', b'K', 3 | 5, _] => return refuse("this is a ZIP archive or a spreadsheet; unpack it, or save it as CSV"),
        [b'P', b'A', b'R', b'1'] => return refuse("this is a Parquet file; save it as CSV"),
        _ => {}
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn read(bytes: Vec<u8>) -> io::Result<String> {
        let mut out = String::new();
        text_of(Cursor::new(bytes), &Meter::default())?.read_to_string(&mut out)?;
        Ok(out)
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(text).unwrap();
        gz.finish().unwrap()
    }

    #[test]
    fn gzip_and_marks_are_found_by_content() {
        assert_eq!(read(b"a,b".to_vec()).unwrap(), "a,b");
        assert_eq!(read(b"\xef\xbb\xbfa,b".to_vec()).unwrap(), "a,b");
        assert_eq!(read(packed(b"\xef\xbb\xbfa,b\n1,2\n")).unwrap(), "a,b\n1,2\n");
        assert_eq!(read([packed(b"a,b\n"), packed(b"1,2\n")].concat()).unwrap(), "a,b\n1,2\n");
        assert_eq!(read(Vec::new()).unwrap(), "");
        assert_eq!(read(b"a".to_vec()).unwrap(), "a");
    }

    #[test]
    fn other_kinds_are_named() {
        assert!(read(b"PK\x03\x04rest".to_vec()).unwrap_err().to_string().contains("ZIP"));
        assert!(read(b"\xff\xfea\0".to_vec()).unwrap_err().to_string().contains("UTF-16"));
        let whole = packed(&b"a,b\n1,2\n".repeat(1000));
        assert_eq!(read(whole[..whole.len() / 2].to_vec()).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }
}
