//! Requests to services that a configuration names.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::{Client, redirect};

use super::app::choose_tls;

/// A client that is made when it is first used.
pub(super) struct Outbound {
    timeout: Duration,
    client: OnceLock<Client>,
}

impl Outbound {
    /// For requests that may take so long.
    pub(super) const fn new(timeout: Duration) -> Self {
        Self { timeout, client: OnceLock::new() }
    }

    /// The client; nothing if none can be made, which the log then says.
    pub(super) fn client(&self) -> Option<&Client> {
        if self.client.get().is_none() {
            match client(self.timeout) {
                // Another request may have been faster; its client is as good.
                Ok(made) => drop(self.client.set(made)),
                Err(error) => tracing::error!(?error, "no client for outgoing requests"),
            }
        }
        self.client.get()
    }
}

/// A client that trusts the public roots. It follows no redirect: the address is configured, and another
/// would be told what is not meant for it.
fn client(timeout: Duration) -> reqwest::Result<Client> {
    choose_tls();
    let mut roots = rustls::RootCertStore::empty();
    roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
    let tls = rustls::ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
    Client::builder()
        .tls_backend_preconfigured(tls)
        .timeout(timeout)
        .redirect(redirect::Policy::none())
        .build()
}
