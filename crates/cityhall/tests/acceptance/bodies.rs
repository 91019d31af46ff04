//! Bodies that are too long: refused at once, in the caller's format, with nothing read into memory.

use std::time::{Duration, Instant};

use bytes::Bytes;
use futures::StreamExt as _;

use crate::program::Program;

/// 100 MB, in the pieces in which they are sent.
fn hundred_megabytes() -> impl futures::Stream<Item = Result<Bytes, std::io::Error>> + Send + 'static {
    futures::stream::iter((0..100).map(|_| Ok(Bytes::from(vec![b'x'; 1_000_000]))))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_megabytes_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let city = Program::in_folder(folder.path());
    city.begin();
    let key = city.key(&[]);
    let served = city.serve(&[]);
    let http = reqwest::Client::new();
    let kinds = ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x"];
    for (kind, format, says) in [(kinds[0], "json", "\"code\":413"), (kinds[0], "xml", "<code>413</code>"), (kinds[1], "json", "\"code\":413")] {
        for length_told in [true, false] {
            let from = Instant::now();
            let mut call = http.post(served.url(&format!("/open311/v2/requests.{format}?api_key={key}"))).header("content-type", kind);
            if length_told {
                call = call.header("content-length", "100000000");
            }
            let body = reqwest::Body::wrap_stream(hundred_megabytes().map(|piece| piece));
            let answer = call.body(body).send().await.unwrap();
            assert_eq!(answer.status(), 413);
            let said = answer.text().await.unwrap();
            assert!(said.contains(says) && said.contains("too large"), "{said}");
            assert!(from.elapsed() < Duration::from_secs(20), "refused after {:?}", from.elapsed());
        }
    }
    let figures = http.get(served.url("/metrics")).send().await.unwrap().text().await.unwrap();
    let memory = figures.lines().find_map(|line| line.strip_prefix("process_resident_memory_bytes ")).and_then(|n| n.parse::<f64>().ok());
    assert!(memory.is_none_or(|bytes| bytes < 300e6), "{memory:?} bytes after six refused bodies");
    // The server goes on as before.
    let form = [("api_key", key.as_str()), ("service_code", "street-light"), ("address_string", "1200 Mill St")];
    assert_eq!(http.post(served.url("/open311/v2/requests.json")).form(&form).send().await.unwrap().status(), 200);
    served.stop();
}
