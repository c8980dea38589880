//! Where a visit came from (definitions b8): campaign before click id before referrer before nothing.

use serde::{Deserialize, Serialize};

/// What a page view says about where the visitor came from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Touch {
    /// `utm_source`.
    pub source: Option<String>,
    /// `utm_medium`.
    pub medium: Option<String>,
    /// `utm_campaign`.
    pub campaign: Option<String>,
    /// The name of an advertiser's click id, `gclid` for example.
    pub click_id: Option<String>,
    /// The host of the page before.
    pub referrer_host: Option<String>,
}

impl Touch {
    /// Whether somebody paid or arranged for this: it names a campaign or carries a click id.
    #[must_use]
    pub fn is_explicit(&self) -> bool {
        self.source.is_some() || self.medium.is_some() || self.click_id.is_some()
    }

    /// Reads `utm_` parameters and click ids out of an address.
    #[must_use]
    pub fn of_address(address: &str) -> Self {
        let query = address.split_once('?').map_or("", |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        let pairs = || form_urlencoded::parse(query.as_bytes());
        let value = |name: &str| {
            let found = pairs().find(|(key, value)| key == name && !value.is_empty());
            found.map(|(_, value)| value.to_lowercase())
        };
        let click_id =
            pairs().find(|(key, value)| class_of_click_id(key).is_some() && !value.is_empty());
        Self {
            source: value("utm_source"),
            medium: value("utm_medium"),
            campaign: value("utm_campaign"),
            click_id: click_id.map(|(key, _)| key.into_owned()),
            referrer_host: None,
        }
    }

    /// The channel that the touch belongs to. Hosts of the site itself and of payment providers count
    /// as no referrer.
    #[must_use]
    pub fn channel(&self, own_hosts: &[String]) -> Channel {
        let referrer = self.referrer(own_hosts);
        let source_class = self.source.as_deref().map_or(Site::Other, site_of_source);
        if let Some(medium) = self.medium.as_deref() {
            return channel_of_medium(medium, source_class);
        }
        if let Some(class) = self.click_id.as_deref().and_then(class_of_click_id) {
            return class;
        }
        if self.source.is_some() {
            return match source_class {
                Site::Search => Channel::OrganicSearch,
                Site::Social => Channel::OrganicSocial,
                Site::Other => Channel::Campaign,
            };
        }
        referrer.map_or(Channel::Direct, |host| match site_of_host(host) {
            Site::Search => Channel::OrganicSearch,
            Site::Social => Channel::OrganicSocial,
            Site::Other => Channel::Referral,
        })
    }

    /// The host that the visitor came from, if it is another site than ours.
    #[must_use]
    pub fn referrer(&self, own_hosts: &[String]) -> Option<&str> {
        let host = self.referrer_host.as_deref()?.trim_start_matches("www.");
        let is_own = own_hosts.iter().any(|own| own.trim_start_matches("www.") == host);
        (!host.is_empty() && !is_own && !is_within(host, &PAYMENT_PROVIDERS)).then_some(host)
    }
}

/// The kinds of ways to the site.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// An advertisement beside search results.
    PaidSearch,
    /// An advertisement in a social network.
    PaidSocial,
    /// A banner.
    Display,
    /// A mail.
    Email,
    /// A partner who is paid for visitors.
    Affiliate,
    /// A search result.
    OrganicSearch,
    /// A post in a social network.
    OrganicSocial,
    /// A link on another site.
    Referral,
    /// A campaign of another kind.
    Campaign,
    /// No trace of another site.
    Direct,
}

impl Channel {
    /// Every channel.
    pub const ALL: [Self; 10] = [
        Self::PaidSearch,
        Self::PaidSocial,
        Self::Display,
        Self::Email,
        Self::Affiliate,
        Self::OrganicSearch,
        Self::OrganicSocial,
        Self::Referral,
        Self::Campaign,
        Self::Direct,
    ];

    /// The value as SQL and JSON spell it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::PaidSearch => "paid_search",
            Self::PaidSocial => "paid_social",
            Self::Display => "display",
            Self::Email => "email",
            Self::Affiliate => "affiliate",
            Self::OrganicSearch => "organic_search",
            Self::OrganicSocial => "organic_social",
            Self::Referral => "referral",
            Self::Campaign => "campaign",
            Self::Direct => "direct",
        }
    }
}

/// What kind of site somebody comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Site {
    Search,
    Social,
    Other,
}

const SEARCH_ENGINES: [&str; 12] = [
    "google",
    "bing",
    "duckduckgo",
    "ecosia",
    "yahoo",
    "qwant",
    "startpage",
    "yandex",
    "baidu",
    "brave",
    "metager",
    "swisscows",
];

const SOCIAL_NETWORKS: [&str; 16] = [
    "facebook",
    "instagram",
    "linkedin",
    "pinterest",
    "youtube",
    "tiktok",
    "reddit",
    "xing",
    "twitter",
    "t.co",
    "x.com",
    "lnkd.in",
    "threads",
    "whatsapp",
    "snapchat",
    "mastodon",
];

const PAYMENT_PROVIDERS: [&str; 7] =
    ["stripe", "paypal", "klarna", "sofort", "adyen", "mollie", "eps-ueberweisung"];

fn site_of_source(source: &str) -> Site {
    match source {
        "fb" | "ig" => Site::Social,
        source => site_of_host(source),
    }
}

fn site_of_host(host: &str) -> Site {
    if is_within(host, &SEARCH_ENGINES) {
        Site::Search
    } else if is_within(host, &SOCIAL_NETWORKS) {
        Site::Social
    } else {
        Site::Other
    }
}

/// Whether a host, or a label of it, is among some names.
fn is_within(host: &str, names: &[&str]) -> bool {
    names.contains(&host) || host.split('.').any(|label| names.contains(&label))
}

fn class_of_click_id(name: &str) -> Option<Channel> {
    match name {
        "gclid" | "gbraid" | "wbraid" | "msclkid" => Some(Channel::PaidSearch),
        "ttclid" | "li_fat_id" | "epik" | "rdt_cid" => Some(Channel::PaidSocial),
        "dclid" => Some(Channel::Display),
        "fbclid" | "igshid" | "twclid" => Some(Channel::OrganicSocial),
        _ => None,
    }
}

fn channel_of_medium(medium: &str, source: Site) -> Channel {
    let paid =
        medium.starts_with("paid") || ["cpc", "ppc", "cpm", "cpv", "retargeting"].contains(&medium);
    match medium {
        "email" | "e-mail" | "mail" | "newsletter" => Channel::Email,
        "affiliate" | "affiliates" | "partner" => Channel::Affiliate,
        "display" | "banner" | "interstitial" => Channel::Display,
        _ if paid && (source == Site::Social || medium.contains("social")) => Channel::PaidSocial,
        "cpm" | "cpv" => Channel::Display,
        _ if paid => Channel::PaidSearch,
        "social" | "social-media" | "sm" => Channel::OrganicSocial,
        "referral" | "link" => Channel::Referral,
        "organic" if source == Site::Social => Channel::OrganicSocial,
        "organic" => Channel::OrganicSearch,
        _ => Channel::Campaign,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn channel(address: &str, referrer: Option<&str>) -> Channel {
        let referrer_host = referrer.map(str::to_owned);
        let touch = Touch { referrer_host, ..Touch::of_address(address) };
        touch.channel(&["nest-haus.at".to_owned()])
    }

    #[test]
    fn a_campaign_comes_before_a_click_id_before_a_referrer() {
        let page = "https://nest-haus.at/";
        for (query, referrer, expected) in [
            ("?utm_source=google&utm_medium=cpc&fbclid=1", Some("bing.com"), Channel::PaidSearch),
            ("?utm_source=Facebook&utm_medium=paid", None, Channel::PaidSocial),
            ("?utm_source=ig&utm_medium=paid_social", None, Channel::PaidSocial),
            ("?utm_source=news&utm_medium=E-Mail", None, Channel::Email),
            ("?utm_source=immo&utm_medium=banner", None, Channel::Display),
            ("?utm_source=messe&utm_medium=flyer", None, Channel::Campaign),
            ("?utm_source=pinterest", None, Channel::OrganicSocial),
            ("?gclid=abc", Some("instagram.com"), Channel::PaidSearch),
            ("?fbclid=abc", None, Channel::OrganicSocial),
            ("?gclid=", Some("www.google.at"), Channel::OrganicSearch),
            ("", Some("l.facebook.com"), Channel::OrganicSocial),
            ("", Some("t.co"), Channel::OrganicSocial),
            ("", Some("derstandard.at"), Channel::Referral),
            ("", None, Channel::Direct),
        ] {
            assert_eq!(
                channel(&format!("{page}{query}"), referrer),
                expected,
                "{query} {referrer:?}"
            );
        }
    }

    #[test]
    fn neither_the_own_host_nor_a_payment_provider_is_a_referrer() {
        for host in ["nest-haus.at", "www.nest-haus.at", "checkout.stripe.com", "www.paypal.com"] {
            assert_eq!(channel("https://nest-haus.at/", Some(host)), Channel::Direct, "{host}");
        }
    }

    proptest! {
        #[test]
        fn any_address_has_a_channel(address in ".{0,80}", host in proptest::option::of(".{0,20}")) {
            let found = channel(&address, host.as_deref());
            prop_assert!(Channel::ALL.contains(&found));
        }
    }
}
