//! Prints how long searches take in a made-up city of 500,000 addresses on 10,000 streets, with one typo in each:
//! `cargo run --release -p places --example search_time`. The bar is 10 ms at the 95th percentile.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for developers that prints what it measures")]

use std::io::Cursor;
use std::time::{Duration, Instant};

use db::{Db, Settings};
use kernel::{Clock, Ids, JurisdictionId};
use places::{AddressImport, Places};

const CITY: JurisdictionId = JurisdictionId(1);
const BEGINNINGS: [&str; 25] = [
    "Alder", "Birch", "Cannery", "Dover", "Elm", "Foundry", "Granite", "Harbor", "Iron", "Juniper", "Kettle", "Linden", "Maple", "Normandy", "Orchard",
    "Pioneer", "Quarry", "River", "Sumac", "Tanner", "Union", "Vine", "Willow", "Yarrow", "Zephyr",
];
const ENDINGS: [&str; 40] = [
    "", "brook", "crest", "dale", "edge", "field", "gate", "haven", "ridge", "stone", "ton", "view", "ville", "water", "wood", " Creek", " Falls", " Glen",
    " Grove", " Hollow", " Lake", " Meadow", " Mill", " Park", " Point", " Run", " Spring", " Valley", "bank", "bridge", "bury", "by", "cliff", "cote",
    "croft", "den", "ham", "hurst", "ley", "mont",
];
const SUFFIXES: [&str; 10] = ["St", "Ave", "Rd", "Ln", "Dr", "Ct", "Pl", "Blvd", "Ter", "Way"];

fn street(n: usize) -> String {
    format!("{}{} {}", BEGINNINGS[n % 25], ENDINGS[n / 25 % 40], SUFFIXES[n / 1000 % 10])
}

/// The n-th of the city's 500,000 labels: 50 houses on each of 10,000 streets.
fn label(n: usize) -> String {
    format!("{} {}", 100 + n / 10_000 * 2, street(n % 10_000))
}

fn typo(label: &str, seed: usize) -> String {
    let (number, name) = label.split_once(' ').unwrap();
    let mut letters: Vec<char> = name.chars().collect();
    let place = seed % 3 + 1;
    match seed % 3 {
        0 => letters.swap(place, place + 1),
        1 => letters[place] = 'o',
        _ => {
            letters.remove(place);
        }
    }
    format!("{number} {}", letters.into_iter().collect::<String>())
}

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let clock = Clock::system();
    let ids = Ids::system(clock.clone());
    let db = Db::open(&format!("sqlite:{}", folder.path().join("city.db").display()), &Settings::default()).await.unwrap();
    db.migrate(&[events::MIGRATIONS, places::MIGRATIONS]).await.unwrap();
    let mut csv = String::from("LON,LAT,NUMBER,STREET,UNIT,CITY,DISTRICT,REGION,POSTCODE,ID,HASH\n");
    for n in 0..500_000_u32 {
        let at = n as usize;
        let (number, name) = (100 + at / 10_000 * 2, street(at % 10_000));
        let (lon, lat) = (-93.9 + f64::from(n % 1000) * 0.0004, 41.4 + f64::from(n / 1000) * 0.0008);
        csv.push_str(&format!("{lon:.5},{lat:.5},{number},{name},,ALDER FALLS,,IA,50300,{n},\n"));
    }
    let began = Instant::now();
    let summary = places::import_addresses(&db, &clock, &ids, CITY, AddressImport::default(), Cursor::new(csv.into_bytes()), &mut Vec::new()).await.unwrap();
    let took = began.elapsed();
    println!("imported {} addresses in {took:.1?}: {:.0} a second", summary.imported, 500_000.0 / took.as_secs_f64());
    let places = Places::open(db.clone(), folder.path().join("search"));
    let began = Instant::now();
    places.refresh(CITY).await.unwrap();
    println!("index made in {:.1?}", began.elapsed());
    let again = Places::open(db, folder.path().join("search"));
    let began = Instant::now();
    again.search(CITY, "100 alder st", None, 5).await.unwrap();
    println!("opened and first search in {:.1?}", began.elapsed());

    type Typed = fn(usize) -> String;
    let ways: [(&str, Typed); 4] = [
        ("as written", label),
        ("with a typo", |n| typo(&label(n), n)),
        ("eight letters", |n| label(n).chars().take(8).collect()),
        ("no number", |n| typo(&label(n), n).split_once(' ').unwrap().1.to_owned()),
    ];
    for (what, typed) in ways {
        let mut times: Vec<Duration> = Vec::new();
        let mut first = 0;
        for n in 0..2000 {
            let n = n * 7919 % 500_000;
            let text = typed(n);
            let began = Instant::now();
            let hits = again.search(CITY, &text, None, 5).await.unwrap();
            times.push(began.elapsed());
            let found = hits.iter().any(|hit| hit.label == label(n) || (what == "no number" && hit.label == street(n % 10_000)));
            first += usize::from(found);
            if !found && what == "as written" {
                println!("not found: {text}");
            }
        }
        times.sort();
        println!("{what}: median {:.2?}, 95th percentile {:.2?}, slowest {:.2?}; {first} of 2000 among the first five", times[1000], times[1900], times[1999]);
    }
}
