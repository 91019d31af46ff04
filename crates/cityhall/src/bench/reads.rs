//! Reads over HTTP in a full database, against an answer of the same server that asks nothing.

use std::time::Instant;

use anyhow::Context as _;
use kernel::Ids;

use super::Bench;
use super::caller::Caller;
use super::spread::Spread;

pub(super) async fn measure(bench: &Bench, tell: &mut (dyn FnMut(&str) + Send)) -> anyhow::Result<()> {
    let reads = bench.size.reads;
    let fixed = spread(bench, reads, |_, _| "/healthz".to_owned()).await?;
    tell(&format!("static answer: {fixed}"));
    let requests = bench.size.requests;
    let one = spread(bench, reads, |_, ids| format!("/open311/v2/requests/AF-{:07}.json", ids.below(requests) + 1)).await?;
    tell(&against("one request by number", &one, &fixed, requests));
    for (what, filter) in [
        ("filtered list, a page of 50 of one service, closed, 90 days", "service_code=pothole&status=closed&page_size=50"),
        ("filtered list, open ones of 90 days, a page of 50", "status=open&page_size=50"),
        ("plain list, 90 days, up to 1,000", "page=1&page_size=500"),
    ] {
        let list = spread(bench, reads / 4, |_, ids| format!("/open311/v2/requests.json?{filter}&{}", window(ids))).await?;
        tell(&against(what, &list, &fixed, requests));
    }
    Ok(())
}

/// Ninety days somewhere in the ten years of the generated history.
fn window(ids: &Ids) -> String {
    let year = 2015 + ids.below(9);
    let month = 1 + ids.below(9);
    format!("start_date={year}-{month:02}-01T00:00:00Z&end_date={year}-{:02}-28T00:00:00Z", month + 2)
}

fn against(what: &str, spread: &Spread, fixed: &Spread, requests: u64) -> String {
    let ratio = |percent| spread.at(percent).as_secs_f64() / fixed.at(percent).as_secs_f64().max(1e-9);
    format!("{what}, among {requests}: {spread}; ratio to the static answer {:.1} (p50), {:.1} (p95)", ratio(50), ratio(95))
}

/// Calls one after another over one connection.
async fn spread(bench: &Bench, calls: usize, path: impl Fn(usize, &Ids) -> String) -> anyhow::Result<Spread> {
    let mut caller = Caller::new(bench.address).await?;
    let mut times = Vec::with_capacity(calls);
    // The first tenth only warms up.
    for n in 0..calls + calls / 10 {
        let path = path(n, bench.app.ids());
        let from = Instant::now();
        caller.get(&path).await.with_context(|| path.clone())?;
        if n >= calls / 10 {
            times.push(from.elapsed());
        }
    }
    Ok(Spread::of(times))
}
