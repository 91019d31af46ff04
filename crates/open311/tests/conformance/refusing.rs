//! Sections 1, 10 and 17: every error is the error list in the asked format; HEAD, OPTIONS and doubled slashes are answered.

use axum::body::Body;
use http::{Method, Request};
use open311::Settings;
use testkit::both;

use crate::city::City;

both! {
    async fn unknown_addresses_get_an_error_list(t: &TestDb) {
        let city = City::found(t).await;
        for (path, content_type) in [
            ("/open311", "text/xml"), ("/open311/", "text/xml"), ("/open311/v2", "text/xml"), ("/open311/v2/", "text/xml"), ("/open311/v2/services", "text/xml"), ("/open311/v2/services.yaml", "text/xml"),
            ("/open311/v2/services.html", "text/xml"), ("/open311/v2/nothing.json", "application/json"), ("/open311/v2/nothing.xml", "text/xml"),
            ("/open311/v3/services.json", "application/json"), ("/open311/v2/requests/1/2.json", "application/json"), ("/open311/v2/services/%FF.json", "text/xml"),
            ("/open311/v2/requests/nope.xml", "text/xml"), ("/open311/v2/requests/nope.json", "application/json"), ("/open311/v2/.json", "application/json"),
        ] {
            let answer = city.get(path).await;
            assert_eq!(answer.status, 404, "{path}");
            assert!(answer.header("content-type").starts_with(content_type), "{path}: {}", answer.header("content-type"));
            answer.errors();
        }
        // The suffix decides, never the Accept header.
        let request = Request::builder().uri("/open311/v2/services.xml").header("accept", "application/json").body(Body::empty()).unwrap();
        assert_eq!(city.call(request).await.header("content-type"), "text/xml; charset=utf-8");
    }

    async fn doubled_slashes_and_a_final_one_are_tolerated(t: &TestDb) {
        let city = City::found(t).await;
        for path in ["/open311/v2//services.json", "//open311/v2/services.json", "/open311//v2/services.json", "/open311/v2/services.json/", "/open311/v2//services//pothole.json"] {
            assert_eq!(city.get(path).await.status, 200, "{path}");
        }
    }

    async fn head_and_options_are_answered(t: &TestDb) {
        let city = City::found(t).await;
        let get = city.get("/open311/v2/services.json").await;
        let head = city.send(Method::HEAD, "/open311/v2/services.json", "", "").await;
        assert_eq!((head.status, head.body.len()), (200, 0));
        assert_eq!(head.header("content-length"), get.body.len().to_string());
        assert_eq!(head.header("content-type"), get.header("content-type"));
        let head = city.send(Method::HEAD, "/open311/v2/nothing.json", "", "").await;
        assert_eq!((head.status, head.body.len()), (404, 0));
        let asked = Request::builder().method("OPTIONS").uri("/open311/v2/requests.json").header("origin", "https://app.example");
        let asked = asked.header("access-control-request-method", "POST").header("access-control-request-headers", "content-type");
        let options = city.call(asked.body(Body::empty()).unwrap()).await;
        assert_eq!((options.status, options.header("access-control-allow-origin")), (204, "*"));
        assert!(options.header("access-control-allow-methods").contains("POST") && options.header("access-control-allow-headers").contains("Content-Type"));
        assert_eq!(options.header("allow"), "GET, POST, HEAD, OPTIONS");
        city.send(Method::OPTIONS, "/open311/v2/nothing.json", "", "").await.refused(404, "nothing at this address");
        assert_eq!(get.header("access-control-allow-origin"), "*");
        assert_eq!(city.post("/open311/v2/requests.json", &[]).await.header("access-control-allow-origin"), "*", "a page must be able to read why");
    }

    async fn wrong_methods_are_told_what_is_taken(t: &TestDb) {
        let city = City::found(t).await;
        for (method, path, allow) in [
            (Method::POST, "/open311/v2/services.json", "GET, HEAD, OPTIONS"), (Method::DELETE, "/open311/v2/requests.xml", "GET, POST, HEAD, OPTIONS"),
            (Method::PUT, "/open311/v2/requests/1.xml", "GET, HEAD, OPTIONS"), (Method::PATCH, "/open311/discovery.json", "GET, HEAD, OPTIONS"),
        ] {
            let answer = city.send(method, path, "", "").await;
            answer.refused(405, "takes");
            assert_eq!(answer.header("allow"), allow);
        }
    }

    async fn bodies_that_cannot_be_taken_are_refused_in_the_asked_format(t: &TestDb) {
        let city = City::found_with(t, Settings { max_body_bytes: 10_000, ..Settings::default() }).await;
        for path in ["/open311/v2/requests.json", "/open311/v2/requests.xml", "/open311/v2/servicerequestupdates.json"] {
            city.send(Method::POST, path, "application/x-www-form-urlencoded", "x".repeat(10_001)).await.refused(413, "10000 bytes");
            // Without a length, and far over: it is read to its end so that the client sees the answer.
            let endless = futures::stream::iter((0..2_000).map(|_| Ok::<_, std::convert::Infallible>(vec![b'x'; 10_000])));
            city.send(Method::POST, path, "multipart/form-data; boundary=X", Body::from_stream(endless)).await.refused(413, "10000 bytes");
            city.send(Method::POST, path, "application/json", "{\"service_code\":\"pothole\"}").await.refused(400, "application/json is not taken");
            city.send(Method::POST, path, "multipart/form-data", "--X--").await.refused(400, "multipart");
            city.send(Method::POST, path, "multipart/form-data; boundary=X", "no parts at all").await.refused(400, "multipart");
            city.send(Method::POST, path, "multipart/form-data; boundary=X", "--X\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\ncut off").await.refused(400, "multipart");
            let packed = Request::builder().method("POST").uri(path).header("content-encoding", "gzip").body(Body::from(vec![31, 139, 8])).unwrap();
            city.call(packed).await.refused(400, "Content-Encoding");
            let broken = futures::stream::iter([Ok(vec![b'a']), Err(std::io::Error::other("gone"))]);
            city.send(Method::POST, path, "application/x-www-form-urlencoded", Body::from_stream(broken)).await.refused(400, "ended before its time");
            city.send(Method::POST, path, "application/x-www-form-urlencoded", "a=&".repeat(2_500)).await.refused(400, "at most 2000 fields");
        }
        let latin1 = format!("api_key={}&service_code=street-light&lat=41.6&long=-93.7&description=caf%E9", city.key);
        city.send(Method::POST, "/open311/v2/requests.json", "application/x-www-form-urlencoded", latin1).await.refused(400, "description must be UTF-8");
        city.get("/open311/v2/requests.json?status=%FF").await.refused(400, "status must be UTF-8");
        assert_eq!(city.get("/open311/v2/requests.json?unknown=%FF").await.status, 200, "what is not read need not be readable");
    }

    async fn a_fault_of_ours_is_an_error_list_without_internals(t: &TestDb) {
        let city = City::found(t).await;
        t.db.write(|tx| Box::pin(async move { db::exec(tx.conn(), "ALTER TABLE requests RENAME TO requests_gone", []).await })).await.unwrap();
        for path in ["/open311/v2/requests.json", "/open311/v2/requests.xml"] {
            let answer = city.get(path).await;
            answer.refused(500, "Reference: ");
            assert!(!answer.text().contains("requests_gone") && !answer.text().contains("no such table") && !answer.text().contains("relation"), "{}", answer.text());
        }
    }
}
