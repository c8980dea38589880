//! Requests to services that a configuration names.

use std::time::Duration;

use reqwest::{Client, redirect};

use super::app::choose_tls;

/// A client that trusts the public roots. It follows no redirect: the address is configured, and another
/// would be told what is not meant for it.
pub(super) fn client(timeout: Duration) -> reqwest::Result<Client> {
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
