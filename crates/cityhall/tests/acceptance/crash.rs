//! `kill -9` in the middle of intake: whatever was acknowledged is there afterwards, and nothing is half there.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::task::JoinSet;

use crate::program::{Program, all_events};

/// Requests that are acknowledged before the server is killed.
const ACKNOWLEDGED: usize = 150;
const CALLERS: usize = 16;

testkit::both! {
    async fn what_was_acknowledged_survives(t: &TestDb) {
        let city = Program::on(t.folder.path(), &t.url);
        city.begin();
        let key = city.key(&[]);
        let served = city.serve(&[]);
        let killed = Arc::new(AtomicBool::new(false));
        let (told, mut numbers) = tokio::sync::mpsc::unbounded_channel();
        let mut callers = JoinSet::new();
        for caller in 0..CALLERS {
            let (key, url, told, killed) = (key.clone(), served.url("/open311/v2/requests.json"), told.clone(), Arc::clone(&killed));
            callers.spawn(async move {
                let http = reqwest::Client::new();
                for n in 0_u32.. {
                    let words = format!("Light {n} of street {caller} is out");
                    let form = [("api_key", key.as_str()), ("service_code", "street-light"), ("address_string", "1200 Mill St"), ("description", &words)];
                    let Ok(answer) = http.post(&url).form(&form).send().await else { break };
                    let Ok(body) = answer.text().await else { break };
                    let Some(number) = serde_json::from_str::<serde_json::Value>(&body).ok().and_then(|list| Some(list[0]["service_request_id"].as_str()?.to_owned())) else {
                        assert!(killed.load(Ordering::SeqCst), "{body}");
                        break;
                    };
                    told.send((number, words)).unwrap();
                }
            });
        }
        drop(told);
        let mut acknowledged = Vec::new();
        while let Some(one) = numbers.recv().await {
            acknowledged.push(one);
            if acknowledged.len() == ACKNOWLEDGED {
                break;
            }
        }
        killed.store(true, Ordering::SeqCst);
        served.kill();
        // What was told between the last count and the kill was acknowledged as well.
        while let Some(one) = numbers.recv().await {
            acknowledged.push(one);
        }
        while let Some(ended) = callers.join_next().await {
            ended.unwrap();
        }
        assert!(acknowledged.len() >= ACKNOWLEDGED);

        let served = city.serve(&[]);
        let http = reqwest::Client::new();
        for (number, words) in &acknowledged {
            let one: serde_json::Value = http.get(served.url(&format!("/open311/v2/requests/{number}.json"))).send().await.unwrap().json().await.unwrap();
            assert_eq!(one[0]["description"].as_str(), Some(words.as_str()), "{number}: {one}");
        }
        served.stop();

        // Each request has its event, and each event its request.
        let j = staff::jurisdiction_by_code(t.db.read(), testkit::alder_falls::CODE).await.unwrap().unwrap();
        let export = city.run(&["export", "requests", "--format", "csv"]);
        let kept = csv::Reader::from_reader(export.as_bytes()).records().count();
        let opened = all_events(&t.db, j.id).await.iter().filter(|event| event.kind == "request.opened").count();
        assert_eq!(kept, opened);
        assert!(kept >= acknowledged.len());
    }
}
