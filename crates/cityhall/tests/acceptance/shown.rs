//! What visitors see first: the invented city, and what the machine can do.

use cityhall::bench::{Size, run};

use crate::program::Program;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_makes_a_city_and_finds_it_again() {
    let folder = tempfile::tempdir().unwrap();
    let city = Program::in_folder(folder.path());
    let demo = ["demo", "--listen", "127.0.0.1:0", "--folder", "alder-falls", "--requests", "300"];
    let http = reqwest::Client::new();
    let mut seen = Vec::new();
    for _ in 0..2 {
        let served = city.start(&demo);
        let url = served.url("/open311/v2/requests.json?start_date=2015-01-01T00:00:00Z&end_date=2025-01-01T00:00:00Z&page_size=500");
        let history: serde_json::Value = http.get(url).send().await.unwrap().json().await.unwrap();
        assert!(history.as_array().unwrap().len() >= 298, "{} requests", history.as_array().unwrap().len());
        let one = history.as_array().unwrap().iter().find(|one| one["address"].is_string()).unwrap();
        assert!(one["address"].as_str().unwrap().contains("Alder Falls"), "{one}");
        assert_eq!(http.get(served.url("/")).send().await.unwrap().status(), 200);
        served.stop();
        seen.push(history);
    }
    assert!(seen[0] == seen[1], "the same city, not a second one");
}

testkit::both! {
    async fn the_benchmark_runs_and_clears_up(t: &TestDb) {
        let size = Size { requests: 1_000, addresses: 500, creates: 128, reads: 40, bare_rows: 400 };
        let server = std::env::var(testkit::POSTGRES).ok().filter(|_| t.db.engine() == db::Engine::Postgres);
        let within = tempfile::tempdir().unwrap();
        let mut lines = Vec::new();
        run(size, within.path(), server.as_deref(), &mut |line| lines.push(line.to_owned())).await.unwrap();
        let all = lines.join("\n");
        for part in ["intake, 1 at once", "intake, 64 at once", "import of 1000 requests", "one request by number", "filtered list", "address search", "ratio"] {
            assert!(all.contains(part), "{part} in {all}");
        }
        assert!(all.contains(t.db.engine().name()), "{all}");
        assert_eq!(std::fs::read_dir(within.path()).unwrap().count(), 0, "nothing stays");
    }
}
