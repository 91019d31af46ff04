//! Broken files: a clear error with its place, complete batches kept, never a panic.

use std::io::{Cursor, Write};

use places::{AssetImport, ImportError, Reject};
use proptest::prelude::*;
use testkit::alder_falls::DISTRICTS_2012;

use super::*;

async fn import(t: &TestDb, kind: usize, bytes: Vec<u8>) -> Result<(Summary, Vec<Reject>), ImportError> {
    let mut rejects = Vec::new();
    let (db, clock, ids, reader) = (&t.db, &t.clock, &t.ids, Cursor::new(bytes));
    let summary = match kind {
        0 => places::import_boundaries(db, clock, ids, CITY, layer("districts", "district"), reader, &mut rejects).await?,
        1 => places::import_addresses(db, clock, ids, CITY, AddressImport::default(), reader, &mut rejects).await?,
        2 => places::import_streets(db, clock, ids, CITY, StreetImport::default(), reader, &mut rejects).await?,
        _ => {
            places::import_assets(db, clock, ids, CITY, AssetImport { kind: "light".to_owned(), id_field: None, label_field: None }, reader, &mut rejects)
                .await?
        }
    };
    Ok((summary, rejects))
}

fn zipped(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

testkit::both! {
    async fn a_broken_file_is_told_with_its_place(t: &TestDb) {
        open(t).await;
        let utf16: Vec<u8> = [0xff, 0xfe].into_iter().chain(ADDRESSES.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        let mut damaged = zipped(DISTRICTS_2012);
        let middle = damaged.len() / 2;
        damaged[middle] ^= 0xff;
        damaged[middle + 1] ^= 0xff;
        let mut cut = zipped(ADDRESSES);
        cut.truncate(cut.len() / 2);
        for (kind, bytes, says) in [
            (0, b"".to_vec(), "byte 1: the file is empty"),
            (0, b"name,lon,lat\n".to_vec(), "byte 1: the file is no GeoJSON"),
            (0, DISTRICTS_2012.as_bytes()[..600].to_vec(), "after feature 2, byte 601: the file ends too early"),
            (2, b"{\"type\":\"Topology\",\"objects\":{}}".to_vec(), "is a GeoJSON Topology"),
            (0, damaged, "the file is damaged"),
            (1, b"".to_vec(), "line 1: the file is empty"),
            (1, utf16, "byte 1: the file is UTF-16"),
            (1, cut, "the file ends too early"),
            (1, b"a,b\n1,2\n".to_vec(), "columns must be given"),
            (3, vec![0x1f, 0x8b, 0, 0], "byte 1: the file"),
        ] {
            let error = import(t, kind, bytes).await.unwrap_err().to_string();
            assert!(error.contains(says), "{says}: {error}");
        }
    }

    async fn an_unclosed_quote_does_not_swallow_the_file(t: &TestDb) {
        open(t).await;
        let mut text = ADDRESSES.replace("A-4", "\"A-4");
        while text.len() < 3 << 20 {
            text.push_str("-93.7,41.6,1,MILL ST,,,,,,x,\n");
        }
        let error = import(t, 1, text.into_bytes()).await.unwrap_err().to_string();
        assert!(error.contains("after line 5") && error.contains("is a quotation mark not closed?"), "{error}");
    }

    async fn a_row_in_another_encoding_is_rejected_alone(t: &TestDb) {
        open(t).await;
        let mut bytes = ADDRESSES.as_bytes().to_vec();
        bytes.extend(b"-93.7,41.6,1,CA\xd1ON RD,,,,,,C-1,\n");
        let (told, rejects) = import(t, 1, bytes).await.unwrap();
        assert_eq!(told, summary(10, 9, 0, 1));
        assert_eq!((rejects[0].at, rejects[0].reason.as_str()), (11, "the column STREET is not UTF-8"));
        // A byte order mark is no part of the first column.
        let marked: Vec<u8> = b"\xef\xbb\xbf".iter().copied().chain(ADDRESSES.bytes()).collect();
        assert_eq!(import(t, 1, marked).await.unwrap().0, summary(9, 0, 9, 0));
    }

    async fn odd_and_endless_texts_do_not_reach_the_engine(t: &TestDb) {
        let places = open(t).await;
        let endless = "x".repeat(9000);
        let feature = |properties: &str, id: &str, geometry: &str| format!("{{\"type\":\"FeatureCollection\",\"features\":[{{\"type\":\"Feature\",\"id\":\"{id}\",\"properties\":{properties},\"geometry\":{geometry}}}]}}");
        let area = r#"{"type":"Polygon","coordinates":[[[0,0],[1,0],[1,1],[0,0]]]}"#;
        let line = r#"{"type":"LineString","coordinates":[[0,0],[1,0]]}"#;
        let point = r#"{"type":"Point","coordinates":[0,0]}"#;
        for (kind, text, says) in [
            (0, feature(&format!("{{\"district\":\"{endless}\"}}"), "", area), "the name has more than 200 characters"),
            (2, feature(&format!("{{\"FULLNAME\":\"{endless}\",\"LFROMADD\":1}}"), "", line), "the name has more than 200 characters"),
            (3, feature("{}", &endless, point), "the id has more than 200 characters"),
            (1, ADDRESSES.replace("A-1,", &format!("{endless},")), "the id has more than 200 characters"),
        ] {
            let (_, rejects) = import(t, kind, text.into_bytes()).await.unwrap();
            assert_eq!(rejects.iter().map(|r| r.reason.as_str()).collect::<Vec<_>>(), [says]);
            assert!(rejects[0].raw.len() <= 2000);
        }
        // PostgreSQL keeps no NUL.
        for (kind, text) in [
            (0, feature("{\"district\":\"a\\u0000b\"}", "", area)),
            (2, feature("{\"FULLNAME\":\"Mill\\u0000 St\",\"LFROMADD\":1}", "a\\u0000", line)),
            (3, feature("{\"note\":\"\\u0000\"}", "a\\u0000", point)),
            (1, ADDRESSES.replace("MILL ST", "MILL\0 ST")),
        ] {
            let (told, rejects) = import(t, kind, text.into_bytes()).await.unwrap();
            assert_eq!((told.rejected, rejects.len()), (0, 0));
        }
        assert!(places.by_address_id(CITY, "A-1\0").await.unwrap().is_some());
        assert!(places.assets_near(CITY, Some("light\0"), at(0.0, 0.0), 5.0, 5).await.unwrap().len() == 1);
        assert!(places.search(CITY, "1200 mill\0 st", None, 5).await.unwrap().len() == 1);
    }

    async fn complete_batches_before_the_fault_are_kept(t: &TestDb) {
        use std::fmt::Write as _;
        let places = open(t).await;
        let mut text = String::from("{\"type\":\"FeatureCollection\",\"features\":[");
        for n in 0..1500 {
            let _ = write!(text, "{{\"type\":\"Feature\",\"id\":{n},\"properties\":{{}},\"geometry\":{{\"type\":\"Point\",\"coordinates\":[-93.7,41.6]}}}},");
        }
        let error = import(t, 3, text.clone().into_bytes()).await.unwrap_err().to_string();
        assert!(error.starts_with("after feature 1500"), "{error}");
        assert_eq!(places.assets_near(CITY, None, at(41.6, -93.7), 1.0, 5000).await.unwrap().len(), 1000);
        // The mended file goes on from there.
        text.pop();
        text.push_str("]}");
        assert_eq!(import(t, 3, text.into_bytes()).await.unwrap().0, summary(1500, 500, 1000, 0));
    }
}

/// The files that are changed at random.
fn sound(kind: usize) -> Vec<u8> {
    match kind {
        0 => DISTRICTS_2012.as_bytes().to_vec(),
        1 => ADDRESSES.as_bytes().to_vec(),
        2 => STREETS.as_bytes().to_vec(),
        3 => br#"{"type":"FeatureCollection","features":[{"type":"Feature","id":7,"properties":{"a":[1,{}]},"geometry":{"type":"Point","coordinates":[-93.7,41.6]}}]}"#.to_vec(),
        _ => zipped(ADDRESSES),
    }
}

#[derive(Clone, Debug)]
enum Change {
    Set(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Twice(prop::sample::Index, prop::sample::Index),
    Drop(prop::sample::Index, prop::sample::Index),
}

fn change() -> impl Strategy<Value = Change> {
    let index = any::<prop::sample::Index>;
    prop_oneof![
        4 => (index(), prop_oneof![any::<u8>(), proptest::sample::select(b"\",{}[]:\\\n-9e.\0".to_vec())]).prop_map(|(at, byte)| Change::Set(at, byte)),
        1 => index().prop_map(Change::Cut),
        1 => (index(), index()).prop_map(|(from, to)| Change::Twice(from, to)),
        1 => (index(), index()).prop_map(|(from, to)| Change::Drop(from, to)),
    ]
}

fn changed(mut bytes: Vec<u8>, changes: Vec<Change>) -> Vec<u8> {
    for change in changes {
        if bytes.is_empty() {
            break;
        }
        let length = bytes.len();
        let between = |a: prop::sample::Index, b: prop::sample::Index| {
            let (a, b) = (a.index(length), b.index(length));
            a.min(b)..a.max(b)
        };
        match change {
            Change::Set(at, byte) => bytes[at.index(length)] = byte,
            Change::Cut(at) => bytes.truncate(at.index(length)),
            Change::Twice(from, to) => {
                let piece = bytes[between(from, to)].to_vec();
                bytes.extend(piece);
            }
            Change::Drop(from, to) => {
                bytes.drain(between(from, to));
            }
        }
    }
    bytes
}

/// Whatever the bytes, an import ends with a summary that adds up or with an error that says something.
#[test]
fn fuzz_any_file_ends_well() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let t = runtime.block_on(async {
        let t = TestDb::sqlite().await;
        t.migrate(TABLES).await;
        t
    });
    let random = (0_usize..4, proptest::collection::vec(any::<u8>(), 0..400));
    let mutated =
        (0_usize..5, proptest::collection::vec(change(), 1..6)).prop_map(|(kind, changes)| (if kind == 4 { 1 } else { kind }, changed(sound(kind), changes)));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() });
    runner
        .run(&prop_oneof![1 => random, 4 => mutated], |(kind, bytes)| {
            match runtime.block_on(import(&t, kind, bytes)) {
                Ok((told, rejects)) => {
                    prop_assert_eq!(told.read, told.imported + told.unchanged + told.rejected);
                    prop_assert_eq!(told.rejected, rejects.len() as u64);
                    prop_assert!(rejects.iter().all(|reject| !reject.reason.is_empty() && reject.at > 0));
                }
                Err(ImportError::Db(error)) => prop_assert!(false, "the database saw a broken value: {error}"),
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
            Ok(())
        })
        .unwrap();
    runtime.block_on(t.close());
}
