//! Search as people type.

use super::*;

testkit::both! {
    async fn addresses_are_found_as_people_type_them(t: &TestDb) {
        let places = open(t).await;
        addresses(t, ADDRESSES).await;
        streets(t, STREETS).await;
        for (typed, id) in [
            ("1200 Mill St", "A-1"),
            ("1200 mill street", "A-1"),
            ("1200 mlil st", "A-1"),
            ("1200 mill", "A-1"),
            ("1200 mil", "A-1"),
            ("1200 Mill Ave", "A-1"),
            ("1200 N Mill St", "A-1"),
            ("1200 Mill St, Alder Falls, IA 50300", "A-1"),
            ("1200 Mill St Alder Falls", "A-1"),
            ("1210 Mill St", "A-2"),
            ("1210 Mill St #2", "A-4"),
            ("1210 mill st apt 1", "A-3"),
            ("21 Alder Avenue", "A-5"),
            ("21 aldr av", "A-5"),
            ("7 North First Street", "A-6"),
            ("7 1st St", "A-6"),
            ("7 S 1st", "A-6"),
            ("10 cannery row unit 4b", "A-7"),
            ("10 canery row apt 5", "A-8"),
            ("12 Canneryrow", "A-9"),
        ] {
            let hits = places.search(CITY, typed, None, 5).await.unwrap();
            assert_eq!(hits.first().and_then(|hit| hit.address_id.as_deref()), Some(id), "{typed}: {hits:?}");
            assert!(!hits[0].approximate);
        }
        // The house without a unit, of which the register has only units.
        let door = &places.search(CITY, "10 Cannery Row", None, 5).await.unwrap()[0];
        assert_eq!((door.label.as_str(), door.address_id.as_deref(), door.approximate), ("10 Cannery Row", None, false));
    }

    async fn numbers_that_no_register_has_are_placed(t: &TestDb) {
        let places = open(t).await;
        streets(t, STREETS).await;
        let hit = &places.search(CITY, "1250 Mill St", None, 5).await.unwrap()[0];
        assert_eq!((hit.label.as_str(), hit.approximate, hit.address_id.as_deref(), hit.zip.as_deref()), ("1250 Mill St", true, None, Some("50300")));
        assert!(hit.point.unwrap().distance_m(at(41.6, -93.6974)) < 20.0, "{hit:?}");
        addresses(t, ADDRESSES).await;
        places.refresh(CITY).await.unwrap();
        // First St has no ranges: the nearest number stands for it.
        let hit = &places.search(CITY, "9 N 1st St", None, 5).await.unwrap()[0];
        assert_eq!((hit.label.as_str(), hit.approximate, hit.point), ("9 N 1st St", true, Some(at(41.601, -93.7051))));
        // A number far from all others is only the street.
        let hit = &places.search(CITY, "9000 N 1st St", None, 5).await.unwrap()[0];
        assert_eq!((hit.kind, hit.label.as_str()), (places::HitKind::Street, "N 1st St"));
    }

    async fn corners_streets_and_landmarks_are_found(t: &TestDb) {
        let places = open(t).await;
        streets(t, STREETS).await;
        addresses(t, "address_id,street_number,street_number_suffix,street_name,street_suffix,dir_suffix,full_address,poi_name,poi_type_desc,longitude,latitude\n\
            1,5,,MILL,ST,,5 Mill St,Alder Falls Public Library,MUNICIPAL,-93.701,41.6\n2,6,,MILL,ST,,6 Mill St,Mill Park,CITY PARK,-93.702,41.6\n").await;
        use places::HitKind::{Corner, Landmark, Street};
        for (typed, kind, label) in [
            ("Mill & Alder", Corner, "Mill St & Alder Ave"),
            ("Alder & Mill", Corner, "Alder Ave & Mill St"),
            ("corner of mill and alder", Corner, "Mill St & Alder Ave"),
            ("Mill St at Alder Ave", Corner, "Mill St & Alder Ave"),
            ("mlil st @ aldr", Corner, "Mill St & Alder Ave"),
            ("first and mill", Corner, "N 1st St & Mill St"),
            ("cannery", Street, "Cannery Row"),
            ("canner", Street, "Cannery Row"),
            ("alder ave", Street, "Alder Ave"),
            ("public library", Landmark, "Alder Falls Public Library, 5 Mill St"),
            ("libary", Landmark, "Alder Falls Public Library, 5 Mill St"),
            ("mill park", Landmark, "Mill Park, 6 Mill St"),
        ] {
            let hits = places.search(CITY, typed, None, 5).await.unwrap();
            assert_eq!(hits.first().map(|hit| (hit.kind, hit.label.as_str())), Some((kind, label)), "{typed}: {hits:?}");
            assert!(hits[0].point.is_some());
        }
        for nothing in ["", "   ", "&", "#", "zzzzzz", "50300", "12", "!!!", "'; DROP TABLE place_addresses; --"] {
            assert!(places.search(CITY, nothing, None, 5).await.unwrap().is_empty(), "{nothing}");
        }
        assert!(places.search(COUNTY, "Mill & Alder", None, 5).await.unwrap().is_empty());
        assert!(places.search(CITY, "Mill & Alder", None, 0).await.unwrap().is_empty());
    }

    async fn what_is_near_comes_first(t: &TestDb) {
        let places = open(t).await;
        addresses(t, "LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH\n\
            -93.70,41.60,5,PARK ST,,EAST FALLS,,,50300,E,\n-93.60,41.60,5,PARK ST,,WEST FALLS,,,50400,W,\n").await;
        let first = async |typed: &str, near| places.search(CITY, typed, near, 5).await.unwrap()[0].address_id.clone().unwrap();
        assert_eq!(first("5 park st", Some(at(41.6, -93.7))).await, "E");
        assert_eq!(first("5 park st", Some(at(41.6, -93.6))).await, "W");
        assert_eq!(first("5 park st 50400", None).await, "W");
        assert_eq!(first("5 park st, west falls", None).await, "W");
        assert_eq!(first("5 park st east falls", None).await, "E");
    }
}
