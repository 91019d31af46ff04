//! Section 12: photos in the POST under any field name, and their addresses afterwards.

use std::io::Cursor;

use http::Method;
use serde_json::{Value, json};
use testkit::both;

use crate::city::{Answer, City, PUBLIC};

fn png() -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    image::RgbImage::from_pixel(30, 20, image::Rgb([200, 30, 30])).write_to(&mut out, image::ImageFormat::Png).unwrap();
    out.into_inner()
}

async fn send(city: &City, fields: &[(&str, &str)], files: &[(&str, &str, Vec<u8>)]) -> Answer {
    let mut body = Vec::new();
    let mut part = |head: String, content: &[u8]| {
        body.extend_from_slice(format!("--cut\r\nContent-Disposition: form-data; {head}\r\n\r\n").as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    };
    for (name, value) in [("api_key", city.key.as_str()), ("service_code", "street-light"), ("lat", "41.6"), ("long", "-93.7")].iter().chain(fields) {
        part(format!("name=\"{name}\""), value.as_bytes());
    }
    for (name, file, content) in files {
        part(format!("name=\"{name}\"; filename=\"{file}\"\r\nContent-Type: image/png"), content);
    }
    body.extend_from_slice(b"--cut--\r\n");
    city.send(Method::POST, "/open311/v2/requests.json", "multipart/form-data; boundary=cut", body).await
}

async fn kept(city: &City, answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    let number = answer.json()[0]["service_request_id"].as_str().unwrap().to_owned();
    city.json(&format!("/open311/v2/requests/{number}.json?extensions=true")).await[0].clone()
}

both! {
    async fn files_are_taken_under_any_name(t: &TestDb) {
        let city = City::found(t).await;
        for name in ["media", "media[]", "photo1", "file_42"] {
            let told = kept(&city, &send(&city, &[], &[(name, "a.png", png())]).await).await;
            let url = told["media_url"].as_str().unwrap();
            let path = url.strip_prefix(PUBLIC).unwrap();
            assert!(path.starts_with("/media/alderfalls.example/") && path.ends_with(".jpg"), "{path}");
            let photo = city.get(path).await;
            assert_eq!((photo.status, photo.header("content-type"), photo.header("access-control-allow-origin")), (200, "image/jpeg", "*"));
            let decoded = image::load_from_memory(&photo.body).unwrap();
            assert_eq!((decoded.width(), decoded.height()), (30, 20));
            let extended = &told["extended_attributes"];
            assert_eq!(extended["photos"], json!([{ "media_url": url, "title": null, "width": 30, "height": 20, "created_at": "2026-03-02T09:00:00-06:00" }]));
            assert_eq!(extended["media_urls"], json!([url]));
            assert_eq!(city.send(Method::HEAD, path, "", "").await.header("content-length"), photo.body.len().to_string());
        }
    }

    async fn files_count_before_addresses_and_both_are_kept(t: &TestDb) {
        let city = City::found(t).await;
        let elsewhere = "https://photos.example/a.jpg";
        let told = kept(&city, &send(&city, &[("media_url", elsewhere)], &[("photo1", "a.png", png()), ("photo2", "b.png", png())]).await).await;
        assert!(told["media_url"].as_str().unwrap().starts_with(PUBLIC));
        let urls = told["extended_attributes"]["media_urls"].as_array().unwrap();
        assert_eq!((urls.len(), &urls[2]), (3, &json!(elsewhere)));
        let told = kept(&city, &send(&city, &[("media_url", elsewhere), ("media_url", "http://photos.example/b.jpg")], &[("media", "", Vec::new())]).await).await;
        assert_eq!(told["media_url"], elsewhere, "one text, the first");
    }

    async fn what_is_no_picture_is_refused_by_name_and_nothing_stays(t: &TestDb) {
        let city = City::found(t).await;
        send(&city, &[], &[("media", "a.png", b"%PDF-1.7 not a picture".to_vec())]).await.refused(400, "media is not a JPEG");
        send(&city, &[], &[("photo1", "a.png", png()[..40].to_vec())]).await.refused(400, "photo1");
        let many: Vec<(&str, &str, Vec<u8>)> = (0..6).map(|_| ("media", "a.png", png())).collect();
        send(&city, &[], &many).await.refused(400, "media may be at most 5");
        assert_eq!(city.json("/open311/v2/requests.json").await, json!([]));
        assert!(!t.folder.path().join("photos").join(city.j.id.to_string()).exists(), "no picture of a refused request stays");
    }

    async fn an_update_may_bring_photos(t: &TestDb) {
        let city = City::found(t).await;
        let number = city.street_light(&[]).await;
        let mut body = Vec::new();
        let fields = [("api_key", city.key.as_str()), ("service_request_id", &number), ("update_id", "7"), ("updated_datetime", "2026-03-02T15:00:00Z"), ("status", "OPEN"), ("description", "")];
        for (name, value) in fields {
            body.extend_from_slice(format!("--cut\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n").as_bytes());
        }
        body.extend_from_slice(b"--cut\r\nContent-Disposition: form-data; name=\"photo1\"; filename=\"p.png\"\r\n\r\n");
        body.extend_from_slice(&png());
        body.extend_from_slice(b"\r\n--cut--\r\n");
        let path = "/open311/v2/servicerequestupdates.json";
        let answer = city.send(Method::POST, path, "multipart/form-data; boundary=cut", body.clone()).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let again = city.send(Method::POST, path, "multipart/form-data; boundary=cut", body).await;
        assert_eq!(again.json(), answer.json());
        let list = city.json(path).await;
        assert_eq!(list.as_array().unwrap().len(), 1);
        let url = list[0]["media_url"].as_str().unwrap();
        assert_eq!(city.get(url.strip_prefix(PUBLIC).unwrap()).await.status, 200);
        let told = city.json(&format!("/open311/v2/requests/{number}.json?extensions=true")).await;
        assert_eq!(told[0]["extended_attributes"]["photos"].as_array().unwrap().len(), 1);
    }

    async fn unknown_photos_are_missing(t: &TestDb) {
        let city = City::found(t).await;
        for path in [
            "/media/alderfalls.example/00000000-0000-0000-0000-000000000000.jpg", "/media/alderfalls.example/x.jpg", "/media/nowhere.example/x.jpg",
            "/media/x.jpg", "/media/alderfalls.example/x.png", "/media/alderfalls.example/..%2F..%2Fcity.db.jpg", "/media/%FF/x.jpg",
        ] {
            assert_eq!(city.get(path).await.status, 404, "{path}");
        }
    }
}
