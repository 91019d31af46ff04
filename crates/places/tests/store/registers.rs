//! Address registers, streets with their corners, assets.

use places::{AssetImport, ColumnMap, HitKind};

use super::*;

testkit::both! {
    async fn a_register_is_kept_row_by_row(t: &TestDb) {
        let places = open(t).await;
        assert_eq!(addresses(t, ADDRESSES).await, (summary(9, 9, 0, 0), vec![]));
        assert_eq!(addresses(t, ADDRESSES).await, (summary(9, 0, 9, 0), vec![]));
        let moved = ADDRESSES.replace("-93.69990,41.60010", "-93.69980,41.60020");
        assert_eq!(addresses(t, &moved).await, (summary(9, 1, 8, 0), vec![]));
        let hit = places.by_address_id(CITY, "A-1").await.unwrap().unwrap();
        assert_eq!((hit.kind, hit.label.as_str(), hit.point, hit.zip.as_deref()), (HitKind::Address, "1200 Mill St", Some(at(41.6002, -93.6998)), Some("50300")));
        assert_eq!(places.by_address_id(CITY, "A-9").await.unwrap().unwrap().point, None);
        assert!(places.by_address_id(CITY, "A-99").await.unwrap().is_none());
        assert!(places.by_address_id(COUNTY, "A-1").await.unwrap().is_none());
    }

    async fn rows_that_cannot_be_used_are_rejected_by_line(t: &TestDb) {
        open(t).await;
        let text = format!("{ADDRESSES}x,41.6,5,MILL ST,,,,,,B-1,\n-93.7,41.6,5,MILL ST\n\"-93.7\",41.6,5,\"MILL\nST\",,,,,,B-2,\n-93.7,41.6,6,MILL ST,,,,,,A-1,\n-93.7,91,6,MILL ST,,,,,,B-3,\n");
        let (told, rejects) = addresses(t, &text).await;
        assert_eq!(told, summary(14, 10, 0, 4));
        let reasons: Vec<String> = rejects.iter().map(|r| format!("{}: {}", r.at, r.reason)).collect();
        assert!(reasons[0].starts_with("11: the longitude \"x\" is no number"), "{reasons:?}");
        assert!(reasons[1].starts_with("12: it has 4 fields, the header has 11"));
        assert!(reasons[2].starts_with("15: the id A-1 already stands for another row"));
        assert!(reasons[3].starts_with("16: the point -93.7, 91 is out of range"));
        assert_eq!(rejects[1].raw, "-93.7,41.6,5,MILL ST");
    }

    async fn a_city_says_which_columns_mean_what(t: &TestDb) {
        let places = open(t).await;
        let text = "ref,where,town,x,y\n7,\"12 1/2 e mill st, Alder Falls\",ALDER FALLS,-93.7,41.6\n";
        let columns = ColumnMap::parse("id=ref\nfull=where\ncity=town\nlon=x\nlat=y").unwrap();
        let what = AddressImport { register: Some("ours".to_owned()), columns: Some(columns) };
        let told = places::import_addresses(&t.db, &t.clock, &t.ids, CITY, what, text.as_bytes(), &mut Vec::new()).await.unwrap();
        assert_eq!(told, summary(1, 1, 0, 0));
        let hits = places.search(CITY, "12 1/2 East Mill", None, 5).await.unwrap();
        assert_eq!((hits[0].address_id.as_deref(), hits[0].approximate), (Some("7"), false), "{hits:?}");
        let unknown = places::import_addresses(&t.db, &t.clock, &t.ids, CITY, AddressImport::default(), text.as_bytes(), &mut Vec::new()).await.unwrap_err();
        assert!(unknown.to_string().starts_with("columns must be given"), "{unknown}");
    }

    async fn streets_meet_at_corners(t: &TestDb) {
        let places = open(t).await;
        assert_eq!(streets(t, STREETS).await, (summary(5, 5, 0, 0), vec![]));
        assert_eq!(streets(t, STREETS).await, (summary(5, 0, 5, 0), vec![]));
        let corner = &places.search(CITY, "mill & alder", None, 5).await.unwrap()[0];
        assert_eq!((corner.kind, corner.label.as_str(), corner.point), (HitKind::Corner, "Mill St & Alder Ave", Some(at(41.6, -93.7))));
        // First street runs through the end of Mill St: they meet at a point in its middle.
        assert_eq!(places.search(CITY, "1st and mill", None, 5).await.unwrap()[0].label, "N 1st St & Mill St");

        // A street that was drawn anew takes its corner along.
        let moved = STREETS.replace("[[-93.700,41.600],[-93.700,41.605]]", "[[-93.695,41.600],[-93.695,41.605]]");
        assert_eq!(streets(t, &moved).await.0, summary(5, 1, 4, 0));
        places.refresh(CITY).await.unwrap();
        assert_eq!(places.search(CITY, "mill & alder", None, 5).await.unwrap()[0].point, Some(at(41.6, -93.695)));
        let unnamed = STREETS.replace("\"FULLNAME\":\"Cannery Row\"", "\"FULLNAME\":null");
        let (told, rejects) = streets(t, &unnamed).await;
        assert_eq!((told.rejected, rejects[0].reason.as_str()), (1, "the street has no name"));
    }

    async fn assets_are_found_near_a_point(t: &TestDb) {
        let places = open(t).await;
        let text = r#"{"type":"FeatureCollection","features":[
            {"type":"Feature","properties":{"pole":"P-1","lamp":"LED"},"geometry":{"type":"Point","coordinates":[-93.7000,41.6000]}},
            {"type":"Feature","properties":{"pole":"P-2"},"geometry":{"type":"Point","coordinates":[-93.7003,41.6000,12.5]}},
            {"type":"Feature","properties":{},"geometry":{"type":"Point","coordinates":[-93.7003,41.6000]}},
            {"type":"Feature","properties":{"pole":"P-2"},"geometry":{"type":"Point","coordinates":[-93.7004,41.6000]}},
            {"type":"Feature","properties":{"pole":"P-3"},"geometry":{"type":"LineString","coordinates":[[-93.7004,41.6000],[-93.7,41.6]]}}
        ]}"#;
        let import = async || {
            let what = AssetImport { kind: "street-light".to_owned(), id_field: Some("pole".to_owned()), label_field: None };
            let mut rejects = Vec::new();
            let told = places::import_assets(&t.db, &t.clock, &t.ids, CITY, what, text.as_bytes(), &mut rejects).await.unwrap();
            (told, rejects)
        };
        let (told, rejects) = import().await;
        assert_eq!(told, summary(5, 2, 0, 3));
        assert_eq!(rejects.iter().map(|r| r.at).collect::<Vec<_>>(), [3, 4, 5]);
        assert_eq!(import().await.0, summary(5, 0, 2, 3));
        let near = places.assets_near(CITY, None, at(41.6, -93.69999), 50.0, 5).await.unwrap();
        assert_eq!(near.iter().map(|a| a.id.as_str()).collect::<Vec<_>>(), ["P-1", "P-2"]);
        assert_eq!(near[0].attributes["lamp"], "LED");
        assert!(near[1].distance_m > 20.0 && near[1].distance_m < 30.0);
        assert!(places.assets_near(CITY, Some("hydrant"), at(41.6, -93.7), 50.0, 5).await.unwrap().is_empty());
        assert!(places.assets_near(CITY, None, at(41.6, -93.7), f64::NAN, 5).await.unwrap().len() <= 1);
    }

    async fn a_long_file_is_written_in_batches_and_told_of(t: &TestDb) {
        use std::fmt::Write as _;
        open(t).await;
        let mut text = String::from("LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH\n");
        for n in 0..2500 {
            let _ = writeln!(text, "-93.7,41.6,{},MILL ST,,,,,,L-{n},", n + 1);
        }
        #[derive(Default)]
        struct Told(Vec<u64>, u64);
        impl places::RejectSink for Told {
            fn reject(&mut self, _reject: places::Reject) -> std::io::Result<()> {
                self.1 += 1;
                Ok(())
            }
            fn progress(&mut self, read: u64) {
                self.0.push(read);
            }
        }
        let mut told = Told::default();
        let summary = places::import_addresses(&t.db, &t.clock, &t.ids, CITY, AddressImport::default(), std::io::Cursor::new(text.into_bytes()), &mut told).await.unwrap();
        assert_eq!((summary.imported, told.0, told.1), (2500, vec![1000, 2000, 2500], 0));
    }

    async fn a_sink_that_fails_stops_the_import(t: &TestDb) {
        open(t).await;
        let mut full = |_reject: places::Reject| Err(std::io::Error::other("no space left"));
        let text = "LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH\nx,y,1,MILL ST,,,,,,1,\n";
        let error = places::import_addresses(&t.db, &t.clock, &t.ids, CITY, AddressImport::default(), text.as_bytes(), &mut full).await.unwrap_err();
        assert_eq!(error.to_string(), "cannot write rejects: no space left");
    }
}
