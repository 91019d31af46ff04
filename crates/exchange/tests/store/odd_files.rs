//! Files that are broken, hostile or none at all.

use std::io::{Cursor, Read, Write};

use exchange::{ImportError, Map};
use proptest::prelude::*;

use super::*;

const HEADER: &str = "request,asked,state,kind,sort,place,lat,lon,answer\n";

fn map() -> Map {
    Map::load("alder-falls").unwrap()
}

fn packed(text: &[u8]) -> Vec<u8> {
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(text).unwrap();
    gz.finish().unwrap()
}

fn lines(rejects: &std::path::Path) -> Vec<(u64, String)> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_path(rejects).unwrap();
    reader
        .byte_records()
        .map(|row| row.unwrap())
        .map(|row| (std::str::from_utf8(&row[0]).unwrap().parse().unwrap(), String::from_utf8_lossy(&row[1]).into_owned()))
        .collect()
}

testkit::both! {
    async fn each_broken_row_is_refused_by_line_and_the_others_are_taken(t: &TestDb) {
        let city = alder_falls(t).await;
        let mut file = b"\xef\xbb\xbf".to_vec();
        file.extend(HEADER.as_bytes());
        for row in [
            &b"AF-1,2020-01-01,new,Street,Pothole,9th St,41.6,-93.7,"[..],                  // 2: good
            b"AF-2,2020-01-01,new,Street,Pothole,9th St,41.6",                              // 3: too few
            b"AF-3,2020-01-01,new,Street,Pothole,Caf\xe9 St,41.6,-93.7,",                   // 4: Latin-1
            b"AF-4,2020-01-01,new,Street,Pothole,\"9th \"St\",41.6,-93.7,",                 // 5: quote
            b"AF-5,2020-01-01,lost,Street,Pothole,9th St,41.6,-93.7,",                      // 6: status
            b"AF-6,0001-01-01,new,Street,Pothole,9th St,41.6,-93.7,",                       // 7: absurd
            b"AF-7,2999-01-01,new,Street,Pothole,9th St,41.6,-93.7,",                       // 8: absurd
            b"AF-8,2027-01-01,new,Street,Pothole,9th St,41.6,-93.7,",                       // 9: future
            b",2020-01-01,new,Street,Pothole,9th St,41.6,-93.7,",                           // 10: number
            b"AF-9,2020-01-01,new,,,9th St,41.6,-93.7,",                                    // 11: service
            b"AF-\0\x01A,2020-01-01,new,Street,Pothole,9th\0 St,41.6,-93.7,\0\0",           // 12: good, cleaned
            b"AF-B,2020-01-01,new,Street,Pothole,9th St,1e400,NaN,",                        // 13: good, no point
            b"AF-C,2020-01-01,new,Street,Pothole,=cmd|' /C calc'!A0,41.6,-93.7,'; DROP TABLE requests; --", // 14: good
            b"AF-D,2020-01-01,new,Street,Pothole,\"9th St,41.6,-93.7,",                     // 15: never closed
            b"AF-E,2020-01-01,new,Street,Pothole,9th St,41.6,-93.7,",                       // 16: good
        ] {
            file.extend(row);
            file.push(b'\n');
        }
        let summary = import(t, &city, &map(), Cursor::new(file)).await.unwrap();
        assert_eq!((summary.read, summary.imported, summary.rejected), (15, 5, 10));
        let found = lines(&rejects(t));
        let expected = [
            (3, "has 7 fields, the header has 9"),
            (4, "place is no UTF-8 text"),
            (5, "field 6: a quote within a quoted text must be doubled"),
            (6, "status \"lost\" is not in the map"),
            (7, "requested: \"0001-01-01\" lies outside the years 1900 to 2200"),
            (8, "requested: \"2999-01-01\" lies outside the years 1900 to 2200"),
            (9, "requested: \"2027-01-01\" lies in the future"),
            (10, "number is empty"),
            (11, "service is empty"),
            (15, "the quote opened in line 15 is never closed"),
        ];
        assert_eq!(found.iter().map(|(line, reason)| (*line, reason.as_str())).collect::<Vec<_>>(), expected);
        let all = all(&city).await;
        assert_eq!(all.keys().map(String::as_str).collect::<Vec<_>>(), ["AF-1", "AF-A", "AF-B", "AF-C", "AF-E"]);
        assert_eq!(all["AF-A"].place.address.as_deref(), Some("9th St"));
        assert_eq!(all["AF-C"].explanation.as_deref(), Some("'; DROP TABLE requests; --"));
        assert!(std::fs::read(rejects(t)).unwrap().windows(8).any(|w| w == b"Caf\xe9 St,"), "the bytes as they came");
    }

    async fn a_file_that_breaks_off_keeps_what_came_before(t: &TestDb) {
        let city = alder_falls(t).await;
        let mut text = Vec::new();
        exchange::generated_csv(6_000, 3).read_to_end(&mut text).unwrap();
        let whole = packed(&text);
        let cut = whole[..whole.len() / 2].to_vec();
        let Err(ImportError::BreaksOff { line, reason, summary }) = import(t, &city, &map(), Cursor::new(cut)).await else { panic!("it must not end well") };
        assert!(reason.contains("gzip data end too early") && line > 1_000, "{line} {reason}");
        assert!(summary.imported > 1_000 && summary.imported < 5_999, "{summary}");
        assert_eq!(summary.read, summary.imported + summary.unchanged + summary.rejected);
        assert!(summary.rejected <= 1);
        let (kept, before) = (all(&city).await.len() as u64, summary.imported);
        assert_eq!(kept, before);
        let summary = import(t, &city, &map(), Cursor::new(whole)).await.unwrap();
        assert_eq!((summary.imported, summary.unchanged, summary.rejected), (6_000 - before, before, 0));
    }

    async fn what_is_no_such_file_changes_nothing(t: &TestDb) {
        let city = alder_falls(t).await;
        let refused = |bytes: &'static [u8]| {
            let city = &city;
            async move {
                match import(t, city, &map(), bytes).await {
                    Err(ImportError::File(reason)) => reason,
                    other => panic!("{other:?}"),
                }
            }
        };
        assert!(refused(b"").await.contains("empty"));
        assert!(refused(b"PK\x03\x04").await.contains("ZIP"));
        assert!(refused(b"\xff\xfea\0,\0").await.contains("UTF-16"));
        assert!(refused(b"\x1f\x8b\x08\x00").await.contains("gzip"));
        assert!(refused(b"\"request,asked\n").await.contains("line 1: the quote"));
        assert!(refused(b"request;asked;state\nAF-1;2020-01-01;new\n").await.contains("parted by commas"));
        let missing = refused(b"request,state\nAF-1,new\n").await;
        assert!(missing.contains("no column for requested (asked); service (kind); its columns are: request, state"), "{missing}");
        let summary = import(t, &city, &map(), HEADER.as_bytes()).await.unwrap();
        assert_eq!((summary.read, summary.rejects), (0, None));
        assert!(all(&city).await.is_empty());
        assert!(!rejects(t).exists());
    }

    async fn numbers_of_others_are_never_overwritten(t: &TestDb) {
        let city = alder_falls(t).await;
        let row = "AF-1,2020-01-01,new,Street,Pothole,9th St,41.6,-93.7,\n";
        let text = format!("{HEADER}{row}");
        import(t, &city, &map(), Cursor::new(text.clone())).await.unwrap();
        let other = include_str!("../../../../maps/alder-falls.toml").replace("origin = \"alder-falls\"", "origin = \"old-system\"");
        let summary = import(t, &city, &Map::parse("other", &other).unwrap(), Cursor::new(text)).await.unwrap();
        assert_eq!((summary.imported, summary.rejected), (0, 1));
        assert_eq!(lines(&rejects(t)), [(2, "the number AF-1 belongs to a request from alder-falls".to_owned())]);
    }
}

/// Changes a valid file here and there.
fn mangled() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<prop::sample::Index>(), prop_oneof![Just(b','), Just(b'"'), Just(b'\n'), Just(0_u8), any::<u8>()]);
    (0_u64..40, proptest::collection::vec(change, 0..30), any::<bool>()).prop_map(|(rows, changes, pack)| {
        let mut text = Vec::new();
        exchange::generated_csv(rows, 5).read_to_end(&mut text).unwrap();
        if pack {
            text = packed(&text);
        }
        for (place, byte) in changes {
            let at = place.index(text.len());
            text[at] = byte;
        }
        text
    })
}

#[test]
fn fuzz_mangled_files_are_accounted_for_or_refused() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let t = runtime.block_on(TestDb::sqlite());
    let city = runtime.block_on(alder_falls(&t));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() });
    runner
        .run(&mangled(), |bytes| {
            // `import` checks that the counts add up.
            match runtime.block_on(import(&t, &city, &map(), Cursor::new(bytes))) {
                Ok(_) | Err(ImportError::File(_) | ImportError::BreaksOff { .. }) => Ok(()),
                Err(other) => Err(TestCaseError::fail(other.to_string())),
            }
        })
        .unwrap();
}

#[test]
fn fuzz_any_text_is_a_map_or_not() {
    proptest!(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() }, |(text in "\\PC{0,200}", at in any::<prop::sample::Index>(), with in "[\\[\\]=\"a-z{}%,\n]{0,6}")| {
        let _ = Map::parse("any", &text);
        let whole = exchange::BUILT_IN[0].text;
        let mut at = at.index(whole.len());
        while !whole.is_char_boundary(at) {
            at -= 1;
        }
        let _ = Map::parse("changed", &format!("{}{with}{}", &whole[..at], &whole[at..]));
    });
}
