//! Alder Falls, the invented city of tests, seeds and pictures: its people, places and departments by name.

/// The code under which Alder Falls is served.
pub const CODE: &str = "alderfalls.example";
/// Its name.
pub const NAME: &str = "City of Alder Falls";
/// Its time zone.
pub const TIMEZONE: &str = "America/Chicago";
/// City Hall, latitude and longitude.
pub const CITY_HALL: (f64, f64) = (41.6000, -93.7000);

/// The four council districts as squares around City Hall, drawn in 2012: GeoJSON with `district` and `member`.
/// District 1 is north-west, 2 north-east, 3 south-west, 4 south-east.
pub const DISTRICTS_2012: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"district":"District 1","member":"Ana Ruiz"},"geometry":{"type":"Polygon","coordinates":[[[-93.75,41.60],[-93.70,41.60],[-93.70,41.65],[-93.75,41.65],[-93.75,41.60]]]}},
{"type":"Feature","properties":{"district":"District 2","member":"Sam Okafor"},"geometry":{"type":"Polygon","coordinates":[[[-93.70,41.60],[-93.65,41.60],[-93.65,41.65],[-93.70,41.65],[-93.70,41.60]]]}},
{"type":"Feature","properties":{"district":"District 3","member":"Wen Li"},"geometry":{"type":"Polygon","coordinates":[[[-93.75,41.55],[-93.70,41.55],[-93.70,41.60],[-93.75,41.60],[-93.75,41.55]]]}},
{"type":"Feature","properties":{"district":"District 4","member":"Tom Becker"},"geometry":{"type":"Polygon","coordinates":[[[-93.70,41.55],[-93.65,41.55],[-93.65,41.60],[-93.70,41.60],[-93.70,41.55]]]}}
]}"#;

/// The city's limits: the square that the four districts fill.
pub const CITY_LIMITS: &str = r#"{"type":"FeatureCollection","features":[
{"type":"Feature","properties":{"name":"Alder Falls"},"geometry":{"type":"Polygon","coordinates":[[[-93.75,41.55],[-93.65,41.55],[-93.65,41.65],[-93.75,41.65],[-93.75,41.55]]]}}
]}"#;
