//! What a handler knows of its request besides the body.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, Request, Uri};
use chrono::{DateTime, Utc};
use nest_haus_domain::tracking::RequestContext;
use sha2::{Digest, Sha256};

use crate::platform::{App, Environment};

/// The app, the one instant of the request, and who asks.
#[derive(Clone)]
pub struct Context {
    /// What the process holds.
    pub app: App,
    /// The one instant of the request.
    pub now: DateTime<Utc>,
    /// Names the request in logs and answers.
    pub request_id: String,
    /// Who asks.
    pub caller: Caller,
}

impl Context {
    /// What a handler is given where the system itself asks for an address, at an instant.
    #[must_use]
    pub fn of_system(app: &App, uri: Uri, now: DateTime<Utc>) -> (Self, Parts) {
        let (mut parts, ()) = Request::new(()).into_parts();
        parts.uri = uri;
        let seen = super::dispatch::Seen { now, ..super::dispatch::Seen::now(app, &parts.headers) };
        let request_id = seen.request_id.clone();
        parts.extensions.insert(seen);
        let caller = Caller::of(&parts, app);
        (Self { app: app.clone(), now, request_id, caller }, parts)
    }
}

/// The address of the socket's other end, where the host knows it.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub IpAddr);

/// Who asks, without an address that could be kept.
#[derive(Clone)]
pub struct Caller {
    /// A hash of the address, for limits alone.
    pub address_key: String,
    /// Headers of the request.
    pub headers: HeaderMap,
}

impl Caller {
    pub(super) fn of(parts: &Parts, app: &App) -> Self {
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let peer = parts.extensions.get::<Peer>().map(|peer| peer.0.to_string());
        // The platform overwrites this header; elsewhere only the peer's own address counts.
        let address = match app.config.environment {
            Environment::Local => peer,
            Environment::Staging | Environment::Production => {
                header("x-real-ip").map(str::to_owned).or(peer)
            }
        };
        let digest = Sha256::digest(address.unwrap_or_default().as_bytes());
        Self { address_key: hex::encode(&digest[..8]), headers: parts.headers.clone() }
    }

    /// A header as text; nothing if it is absent or no text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The values of a cookie; there may be several of one name.
    pub fn cookies<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let texts = self.headers.get_all("cookie").iter().filter_map(|value| value.to_str().ok());
        let pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.split_once('='));
        pairs.filter(move |(key, _)| key.trim() == name).map(|(_, value)| value.trim())
    }

    /// What the request says about its sender, for storage with events.
    #[must_use]
    pub fn request_context(&self) -> RequestContext {
        const SENT_BY_BROWSERS: [&str; 4] =
            ["accept-language", "sec-ch-ua", "sec-fetch-site", "user-agent"];
        RequestContext {
            user_agent: self.header("user-agent").map(|text| text.chars().take(400).collect()),
            referrer: self.header("referer").map(without_private_query),
            country: self.header("x-vercel-ip-country").map(|text| text.chars().take(2).collect()),
            city: self.header("x-vercel-ip-city").map(|text| text.chars().take(100).collect()),
            missing_headers: SENT_BY_BROWSERS
                .into_iter()
                .filter(|name| self.header(name).is_none())
                .map(str::to_owned)
                .collect(),
            autonomous_system: self
                .header("x-vercel-ip-as-number")
                .and_then(|number| number.parse().ok()),
        }
    }
}

/// An address with only the campaign parameters of its query.
fn without_private_query(url: &str) -> String {
    let (page, query) = url.split_once('?').unwrap_or((url, ""));
    let kept: Vec<_> = query.split('&').filter(|pair| pair.starts_with("utm_")).collect();
    let url = if kept.is_empty() { page.to_owned() } else { format!("{page}?{}", kept.join("&")) };
    url.replace('\0', "").chars().take(1000).collect()
}

impl FromRequestParts<App> for Context {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let seen = parts
            .extensions
            .get::<super::dispatch::Seen>()
            .cloned()
            .unwrap_or_else(|| super::dispatch::Seen::now(app, &parts.headers));
        Ok(Self {
            app: app.clone(),
            now: seen.now,
            request_id: seen.request_id,
            caller: Caller::of(parts, app),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_campaign_parameters_of_a_query_are_kept() {
        let kept = without_private_query("https://a.at/x?email=a%40b&utm_source=mail&utm_medium=x");
        assert_eq!(kept, "https://a.at/x?utm_source=mail&utm_medium=x");
        assert_eq!(without_private_query("https://a.at/x?token=1"), "https://a.at/x");
    }
}
