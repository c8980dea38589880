//! Static files: the parts of the site and what browsers are told about each. The configurations of both deployments
//! are made of this, and the local host reads it.

use super::headers::PAGE_HEADERS;

/// Where whoever asks for no page in particular is sent.
pub const START_PAGE: &str = "/admin";

/// The folder of a part in which every name holds a hash of the content.
pub const HASHED_FOLDER: &str = "assets";

/// What caches are told about a file whose name holds a hash of the content.
pub const HASHED_CACHE_CONTROL: &str = "public, max-age=31536000, immutable";

/// Static files that are told apart by the first segment of their addresses.
#[derive(Debug)]
pub struct StaticPart {
    /// That segment; empty for everything that no other part has.
    pub folder: &'static str,
    /// Headers of every answer, besides those of all pages.
    pub headers: &'static [(&'static str, &'static str)],
    /// What caches are told about a file that was found outside `HASHED_FOLDER`.
    pub cache_control: &'static str,
    /// The page that stands for every address without a file, except in `HASHED_FOLDER`.
    pub page: Option<&'static str>,
}

/// The dashboard: one page, whose script knows the addresses below it.
const DASHBOARD: StaticPart = StaticPart {
    folder: "admin",
    headers: &[
        // Its component library sets styles inline, and charts are downloaded as images.
        (
            "content-security-policy",
            "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
             img-src 'self' data: blob:; connect-src 'self'; object-src 'none'; base-uri 'none'; \
             form-action 'self'; frame-ancestors 'none'",
        ),
        ("cross-origin-resource-policy", "same-origin"),
    ],
    cache_control: "no-cache",
    page: Some("/admin/index.html"),
};

/// The tracker, which pages of other origins load.
const TRACKER: StaticPart = StaticPart {
    folder: "tracker",
    headers: &[
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("access-control-allow-origin", "*"),
        ("cross-origin-resource-policy", "cross-origin"),
    ],
    cache_control: "public, max-age=3600",
    page: None,
};

/// Everything else.
const REST: StaticPart =
    StaticPart { folder: "", headers: &PAGE_HEADERS, cache_control: "no-cache", page: None };

/// All parts; the last one is the rest.
pub const STATIC_PARTS: [&StaticPart; 3] = [&DASHBOARD, &TRACKER, &REST];

impl StaticPart {
    /// The part that an address belongs to.
    #[must_use]
    pub fn of(path: &str) -> &'static Self {
        let folder = path.trim_start_matches('/').split('/').next().unwrap_or_default();
        STATIC_PARTS.into_iter().find(|part| part.folder == folder).unwrap_or(&REST)
    }

    /// Whether an address of this part names a file by a hash of its content.
    #[must_use]
    pub fn is_hashed(&self, path: &str) -> bool {
        let below = path.strip_prefix('/').and_then(|path| path.strip_prefix(self.folder));
        let segment = below.and_then(|below| below.split('/').nth(1));
        !self.folder.is_empty() && segment == Some(HASHED_FOLDER)
    }

    /// What caches are told about a file of this part.
    #[must_use]
    pub fn cache_control_of(&self, path: &str) -> &'static str {
        if self.is_hashed(path) { HASHED_CACHE_CONTROL } else { self.cache_control }
    }

    /// The page to show where there is no file.
    #[must_use]
    pub fn page_for(&self, path: &str) -> Option<&'static str> {
        self.page.filter(|_| !self.is_hashed(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_belongs_to_the_part_of_its_whole_first_segment() {
        let folder = |path| StaticPart::of(path).folder;
        assert_eq!(folder("/admin"), "admin");
        assert_eq!(folder("/admin/sessions/a.b"), "admin");
        assert_eq!(folder("/administration"), "");
        assert_eq!(folder("/tracker/nest-haus.js"), "tracker");
        assert_eq!(folder("/"), "");
        assert_eq!(folder("/x/admin"), "");
    }

    #[test]
    fn only_names_with_a_hash_are_kept_for_ever_and_only_they_have_no_page() {
        let about = |path| {
            let part = StaticPart::of(path);
            (part.cache_control_of(path), part.page_for(path))
        };
        let page = Some("/admin/index.html");
        assert_eq!(about("/admin"), ("no-cache", page));
        assert_eq!(about("/admin/assetsold"), ("no-cache", page));
        assert_eq!(about("/admin/users/assets/x"), ("no-cache", page));
        assert_eq!(about("/admin/assets/index-1a2b.js"), (HASHED_CACHE_CONTROL, None));
        assert_eq!(about("/tracker/assets/vitals-1a2b.js"), (HASHED_CACHE_CONTROL, None));
        assert_eq!(about("/tracker/nest-haus.js"), ("public, max-age=3600", None));
        assert_eq!(about("/assets/x.js"), ("no-cache", None));
    }
}
