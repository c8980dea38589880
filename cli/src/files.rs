//! Static files of the local host, answered as the deployments answer them.

use std::path::Path;

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Redirect, Response};
use nest_haus::http::{START_PAGE, StaticPart};
use tower::ServiceExt;
use tower_http::services::ServeDir;

/// What a page that was not built says.
const NOT_BUILT: &str = "This page is not built. scripts/build-web builds it.\n";

/// A folder of static files.
#[derive(Clone)]
pub(crate) struct Files(ServeDir);

impl Files {
    /// The files of a folder, which need not exist. A file is sent as its gzip where that lies beside it.
    pub(crate) fn new(folder: &Path) -> Self {
        Self(ServeDir::new(folder).redirect_to_trailing_slash(false).precompressed_gzip())
    }

    /// A file, the page that stands for its address, or 404; with the headers of its part of the site.
    pub(crate) async fn answer(&self, request: Request) -> Response {
        let path = request.uri().path().to_owned();
        let part = StaticPart::of(&path);
        let mut response = self.look_up(part, &path, request).await;
        let kept = response.status().is_success() || response.status() == StatusCode::NOT_MODIFIED;
        let caching = kept.then(|| (header::CACHE_CONTROL.as_str(), part.cache_control_of(&path)));
        for (name, value) in part.headers.iter().copied().chain(caching) {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }

    async fn look_up(&self, part: &StaticPart, path: &str, request: Request) -> Response {
        let (head, _body) = request.into_parts();
        let mut again = Request::from_parts(head.clone(), Body::empty());
        let response = self.file(Request::from_parts(head, Body::empty())).await;
        if response.status() != StatusCode::NOT_FOUND {
            return response;
        }
        if path == "/" {
            return Redirect::temporary(START_PAGE).into_response();
        }
        let Some(page) = part.page_for(path) else { return response };
        *again.uri_mut() = Uri::from_static(page);
        let response = self.file(again).await;
        if response.status() == StatusCode::NOT_FOUND {
            return (StatusCode::NOT_FOUND, NOT_BUILT).into_response();
        }
        response
    }

    async fn file(&self, request: Request) -> Response {
        self.0.clone().oneshot(request).await.into_response()
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;
    use uuid::Uuid;

    use super::*;

    const SCRIPT: &str = "/admin/assets/index-Ab12.js";

    /// A folder with a dashboard and a tracker, beside a file that is nobody's business.
    struct Site(std::path::PathBuf);

    impl Site {
        fn new() -> Self {
            let outside = std::env::temp_dir().join(format!("nest-haus-files-{}", Uuid::new_v4()));
            let write = |name: &str, content: &str| {
                let file = outside.join(name);
                std::fs::create_dir_all(file.parent().unwrap()).unwrap();
                std::fs::write(file, content).unwrap();
            };
            write("secret.txt", "secret");
            write("public/admin/index.html", "the dashboard");
            write("public/admin/assets/index-Ab12.js", "a script");
            write("public/admin/assets/index-Ab12.js.gz", "a script, compressed");
            write("public/tracker/nest-haus.js", "the tracker");
            Self(outside)
        }

        async fn ask(&self, method: Method, path: &str, headers: &[(&str, &str)]) -> Response {
            let mut request = Request::builder().method(method).uri(path);
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let files = Files::new(&self.0.join("public"));
            files.answer(request.body(Body::empty()).unwrap()).await
        }

        async fn get(&self, path: &str) -> (StatusCode, String) {
            let response = self.ask(Method::GET, path, &[]).await;
            (response.status(), text(response).await)
        }
    }

    impl Drop for Site {
        fn drop(&mut self) {
            let _removed = std::fs::remove_dir_all(&self.0);
        }
    }

    async fn text(response: Response) -> String {
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    fn header_of<'a>(response: &'a Response, name: &str) -> &'a str {
        response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[tokio::test]
    async fn every_address_of_the_dashboard_is_its_page_but_a_missing_asset_is_missing() {
        let site = Site::new();
        for path in ["/admin", "/admin/", "/admin/sessions/a.b", "/admin/index.html/x"] {
            assert_eq!(site.get(path).await, (StatusCode::OK, "the dashboard".into()), "{path}");
            let response = site.ask(Method::GET, path, &[]).await;
            assert_eq!(header_of(&response, "content-type"), "text/html", "{path}");
            assert_eq!(header_of(&response, "cache-control"), "no-cache", "{path}");
        }
        for path in ["/admin/assets/none.js", "/admin/assets/", "/administration", "/none"] {
            let response = site.ask(Method::GET, path, &[]).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
            assert_eq!(header_of(&response, "cache-control"), "", "{path}");
            assert!(!header_of(&response, "content-security-policy").is_empty(), "{path}");
        }
    }

    #[tokio::test]
    async fn an_asset_is_kept_for_ever_and_the_tracker_is_open_to_other_origins() {
        let site = Site::new();
        let asset = site.ask(Method::GET, SCRIPT, &[]).await;
        assert_eq!(header_of(&asset, "cache-control"), "public, max-age=31536000, immutable");
        assert_eq!(header_of(&asset, "content-type"), "text/javascript");
        assert_eq!(header_of(&asset, "access-control-allow-origin"), "");
        assert_eq!(text(asset).await, "a script");
        let tracker = site.ask(Method::GET, "/tracker/nest-haus.js", &[]).await;
        assert_eq!(header_of(&tracker, "cache-control"), "public, max-age=3600");
        assert_eq!(header_of(&tracker, "access-control-allow-origin"), "*");
        assert_eq!(header_of(&tracker, "cross-origin-resource-policy"), "cross-origin");
        assert_eq!(text(tracker).await, "the tracker");
    }

    #[tokio::test]
    async fn a_compressed_file_goes_to_whom_it_suits() {
        let site = Site::new();
        let response = site.ask(Method::GET, SCRIPT, &[("accept-encoding", "gzip, br")]).await;
        assert_eq!(header_of(&response, "content-encoding"), "gzip");
        assert_eq!(header_of(&response, "content-type"), "text/javascript");
        assert_eq!(header_of(&response, "vary"), "accept-encoding");
        assert_eq!(text(response).await, "a script, compressed");
    }

    #[tokio::test]
    async fn a_file_that_the_browser_has_is_not_sent_again() {
        let site = Site::new();
        for path in ["/admin/users", SCRIPT] {
            let first = site.ask(Method::GET, path, &[]).await;
            for (answered, asked) in
                [("etag", "if-none-match"), ("last-modified", "if-modified-since")]
            {
                let known = header_of(&first, answered);
                let response = site.ask(Method::GET, path, &[(asked, known)]).await;
                assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{path} {asked} {known}");
                assert_eq!(
                    header_of(&response, "cache-control"),
                    header_of(&first, "cache-control")
                );
                assert_eq!(text(response).await, "");
            }
        }
    }

    #[tokio::test]
    async fn only_reading_is_answered_and_head_has_no_content() {
        let site = Site::new();
        for path in ["/admin/users", SCRIPT] {
            let head = site.ask(Method::HEAD, path, &[]).await;
            assert_eq!(head.status(), StatusCode::OK);
            assert_ne!(header_of(&head, "content-length"), "0");
            assert_eq!(text(head).await, "");
            let post = site.ask(Method::POST, path, &[]).await;
            assert_eq!(post.status(), StatusCode::METHOD_NOT_ALLOWED);
        }
    }

    #[tokio::test]
    async fn nothing_outside_the_folder_is_read() {
        let site = Site::new();
        let ups = ["..", "%2e%2e", ".%2e", "..%2f.."];
        for up in ups {
            for below in ["", "/admin", "/admin/assets", "/tracker"] {
                for path in [
                    format!("{below}/{up}/secret.txt"),
                    format!("{below}/{up}/{up}/secret.txt"),
                    format!("{below}/{up}/{up}/{up}/secret.txt"),
                    format!("{below}/{up}%2fsecret.txt"),
                    format!("{below}/{up}%5csecret.txt"),
                ] {
                    let (_, content) = site.get(&path).await;
                    assert!(["", "the dashboard"].contains(&content.as_str()), "{path}: {content}");
                }
            }
        }
    }

    #[tokio::test]
    async fn the_start_leads_to_the_dashboard_unless_there_is_a_page() {
        let site = Site::new();
        let start = site.ask(Method::GET, "/", &[]).await;
        assert_eq!(start.status(), StatusCode::TEMPORARY_REDIRECT);
        assert_eq!(header_of(&start, "location"), "/admin");
        std::fs::write(site.0.join("public/index.html"), "a page").unwrap();
        assert_eq!(site.get("/").await, (StatusCode::OK, "a page".into()));
    }

    #[tokio::test]
    async fn a_dashboard_that_is_not_built_says_what_to_do() {
        let site = Site::new();
        std::fs::remove_dir_all(site.0.join("public/admin")).unwrap();
        let (status, content) = site.get("/admin/users").await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(content.contains("scripts/build-web"), "{content}");
        std::fs::remove_dir_all(site.0.join("public")).unwrap();
        assert_eq!(site.get("/admin").await.0, StatusCode::NOT_FOUND);
    }
}
