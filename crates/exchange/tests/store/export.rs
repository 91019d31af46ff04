//! Exports of Alder Falls' requests in all three formats.

use exchange::{Exported, Format, Map, export_requests};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::RowAccessor;
use requests::{Filter, Span};

use super::*;

async fn written(city: &City, format: Format, filter: &Filter) -> (Exported, Vec<u8>) {
    let mut out = Vec::new();
    let exported = export_requests(&city.db, &city.jurisdiction, format, filter, &mut out).await.unwrap();
    (exported, out)
}

async fn with_rows(t: &TestDb) -> City {
    let city = alder_falls(t).await;
    boundaries(&city, "districts", "2012", "district", None, None, testkit::alder_falls::DISTRICTS_2012.as_bytes()).await;
    let map = Map::load("alder-falls").unwrap();
    import(t, &city, &map, exchange::generated_csv(2_300, 9)).await.unwrap();
    let row = "request,asked,state,ended,kind,sort,department,place,lat,lon,words,answer\nAF-X,2020-03-02 09:15:00,done,2020-03-05 10:00:00,Street,Pothole,Public Works,\"12 Mill St, \"\"rear\"\"\",41.62,-93.72,=HYPERLINK(1),\"-1\nline\"\n";
    import(t, &city, &map, row.as_bytes()).await.unwrap();
    city
}

testkit::both! {
    async fn csv_has_the_columns_of_georeport_bulk_first(t: &TestDb) {
        let city = with_rows(t).await;
        let (exported, bytes) = written(&city, Format::Csv, &Filter::default()).await;
        assert_eq!(exported.requests, 2_301);
        let mut reader = csv::Reader::from_reader(&bytes[..]);
        let header = reader.headers().unwrap().clone();
        let bulk = "service_request_id,requested_datetime,updated_datetime,closed_date,status_description,status_notes,source,service_name,service_subtype,description,agency_responsible,address,lat,long";
        assert_eq!(header.iter().take(14).collect::<Vec<_>>().join(","), bulk);
        let rows: Vec<_> = reader.records().map(|row| row.unwrap()).collect();
        let located = rows.iter().filter(|row| !row[12].is_empty()).count() as u64;
        assert_eq!((rows.len(), located), (2_301, exported.located));
        let row = rows.iter().find(|row| &row[0] == "AF-X").unwrap();
        let value = |name: &str| &row[header.iter().position(|h| h == name).unwrap()];
        assert_eq!(value("requested_datetime"), "2020-03-02T09:15:00-06:00");
        assert_eq!(value("closed_date"), "2020-03-05T10:00:00-06:00");
        assert_eq!((value("status_description"), value("outcome"), value("service_name"), value("service_code")), ("Closed", "done", "Street: Pothole", "street-pothole"));
        assert_eq!((value("agency_responsible"), value("department"), value("address")), ("Public Works", "public-works", "12 Mill St, \"rear\""));
        assert_eq!((value("description"), value("status_notes")), ("'=HYPERLINK(1)", "'-1\nline"), "no formula for the spreadsheet");
        assert_eq!((value("lat"), value("long"), value("areas")), ("41.62", "-93.72", "{\"districts\":\"District 1\"}"));
    }

    async fn geojson_is_one_collection_of_features(t: &TestDb) {
        let city = with_rows(t).await;
        let filter = Filter { open: Some(false), ..Filter::default() };
        let (exported, bytes) = written(&city, Format::GeoJson, &filter).await;
        let whole: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        let features = whole["features"].as_array().unwrap();
        assert_eq!((whole["type"].as_str(), features.len() as u64), (Some("FeatureCollection"), exported.requests));
        assert!(exported.requests > 2_000 && exported.requests < 2_301);
        let nowhere = features.iter().filter(|feature| feature["geometry"].is_null()).count() as u64;
        assert_eq!(exported.requests - nowhere, exported.located);
        assert!(nowhere > 0, "information calls have no place");
        let one = features.iter().find(|feature| feature["id"] == "AF-X").unwrap();
        assert_eq!(one["geometry"], serde_json::json!({ "type": "Point", "coordinates": [-93.72, 41.62] }));
        assert_eq!(one["properties"]["areas"]["districts"], "District 1");
        assert_eq!(one["properties"]["description"], "=HYPERLINK(1)");
        let (none, empty) = written(&city, Format::GeoJson, &Filter { services: Some(vec![]), ..Filter::default() }).await;
        assert_eq!(none.requests, 0);
        serde_json::from_slice::<serde_json::Value>(&empty).unwrap();
    }

    async fn parquet_keeps_types(t: &TestDb) {
        let city = with_rows(t).await;
        let (exported, bytes) = written(&city, Format::Parquet, &Filter::default()).await;
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        assert_eq!(u64::try_from(reader.metadata().file_metadata().num_rows()).unwrap(), exported.requests);
        let mut found = 0;
        for row in reader.get_row_iter(None).unwrap().map(|row| row.unwrap()) {
            if row.get_string(0).unwrap() == "AF-X" {
                assert_eq!(row.get_timestamp_millis(1).unwrap(), 1_583_162_100_000);
                assert_eq!(row.get_double(12).unwrap(), 41.62);
                assert!(!row.get_bool(28).unwrap());
                found += 1;
            }
        }
        assert_eq!(found, 1);
        let schema = reader.metadata().file_metadata().schema_descr();
        assert_eq!(schema.column(1).logical_type_ref().map(|kind| format!("{kind:?}").contains("is_adjusted_to_u_t_c: true")), Some(true));
    }

    async fn private_requests_are_left_out_unless_asked_for(t: &TestDb) {
        let city = with_rows(t).await;
        let mut secret = all(&city).await.remove("AF-X").unwrap();
        secret.id = requests::RequestId(t.ids.next());
        secret.number = "AF-SECRET".into();
        secret.private = true;
        let rows = vec![requests::Imported { request: secret, parent_number: None }];
        requests::import_rows(&city.db, city.jurisdiction.id, "alder-falls", rows, t.clock.now(), &t.ids).await.unwrap();
        for format in [Format::Csv, Format::GeoJson] {
            let (public, bytes) = written(&city, format, &Filter::default()).await;
            assert_eq!((public.requests, String::from_utf8(bytes).unwrap().contains("AF-SECRET")), (2_301, false));
            let (whole, bytes) = written(&city, format, &Filter { with_private: true, ..Filter::default() }).await;
            assert_eq!((whole.requests, String::from_utf8(bytes).unwrap().contains("AF-SECRET")), (2_302, true));
        }
        let parquet = written(&city, Format::Parquet, &Filter::default()).await.0;
        assert_eq!(parquet.requests, 2_301);
    }

    async fn filters_hold_and_a_circle_is_round(t: &TestDb) {
        let city = with_rows(t).await;
        let center = kernel::LatLon::new(41.6, -93.7).unwrap();
        let near = Filter { near: Some((center, 1_500.0)), ..Filter::default() };
        let (exported, bytes) = written(&city, Format::Csv, &near).await;
        let mut expected = 0;
        each(&city, |request| expected += u64::from(request.place.point.is_some_and(|p| p.distance_m(center) <= 1_500.0))).await;
        assert_eq!(exported.requests, expected);
        assert!(expected > 10 && !bytes.is_empty());
        let day = |text: &str| Some(kernel::Timestamp::from_jiff(text.parse().unwrap()));
        let year = Filter { requested: Span { from: day("2020-01-01T00:00:00Z"), until: day("2020-12-31T23:59:59Z") }, ..Filter::default() };
        let (exported, _) = written(&city, Format::Csv, &year).await;
        assert!((200..260).contains(&exported.requests), "{exported:?}");
    }
}
