//! Durable intake over HTTP, alone and 64 at once, against the raw engine's group commit of the same run.

use std::time::Instant;

use super::caller::Caller;
use super::engine::group_commit;
use super::spread::{Spread, rate};
use super::{Bench, store};

const TOGETHER: usize = 64;

pub(super) async fn measure(bench: &Bench, tell: &mut (dyn FnMut(&str) + Send)) -> anyhow::Result<()> {
    let (db, ids, creates) = (bench.app.db(), bench.app.ids(), bench.size.creates);
    store::make(db).await?;
    for at_once in [1, TOGETHER] {
        let count = if at_once == 1 { creates / 4 } else { creates };
        // Once before and once after, so that a disk that gets slower or faster meanwhile favors neither.
        let before = group_commit(db, ids, at_once, count).await?;
        let (taken, spread) = create(bench, at_once, count).await?;
        let after = group_commit(db, ids, at_once, count).await?;
        let raw = f64::midpoint(before, after);
        let ours = rate(count.div_ceil(at_once) * at_once, taken);
        tell(&format!(
            "intake, {at_once} at once: {ours:.0} durable requests a second over HTTP ({spread}); raw group commit {raw:.0} a second; ratio {:.2}",
            ours / raw
        ));
    }
    Ok(())
}

/// Creates requests over `at_once` connections.
async fn create(bench: &Bench, at_once: usize, count: usize) -> anyhow::Result<(std::time::Duration, Spread)> {
    let each = count.div_ceil(at_once);
    let mut callers = Vec::with_capacity(at_once);
    for _ in 0..at_once {
        callers.push(Caller::new(bench.address).await?);
    }
    let from = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for (connection, mut caller) in callers.into_iter().enumerate() {
        let key = bench.key.clone();
        tasks.spawn(async move {
            let mut times = Vec::with_capacity(each);
            for n in 0..each {
                // Places all over the city: nothing repeats anything else.
                let (lat, lon) = (41.551 + 0.001_5 * crate::commands::lossy(connection as u64 % 64), -93.749 + 0.098 * crate::commands::lossy(n as u64) / crate::commands::lossy(each as u64));
                let form = format!("api_key={key}&service_code=street-light&lat={lat:.6}&long={lon:.6}&description=The+light+number+{n}+is+out&email=ana.ruiz%40alderfalls.example");
                let from = Instant::now();
                let answer = caller.post_form("/open311/v2/requests.json", &form).await?;
                times.push(from.elapsed());
                anyhow::ensure!(answer.windows(18).any(|w| w == b"service_request_id"), "no number in {}", String::from_utf8_lossy(answer));
            }
            Ok(times)
        });
    }
    let mut times = Vec::with_capacity(count);
    while let Some(ended) = tasks.join_next().await {
        times.extend(ended??);
    }
    Ok((from.elapsed(), Spread::of(times)))
}
