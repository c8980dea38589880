//! Recorded data and what other programs count in them. They are not part of this project: where they
//! are absent the tests that need them say so and pass.

use std::fs::File;
use std::path::{Path, PathBuf};

/// A file of recorded data, if it is there.
pub(super) fn recorded(name: &str) -> Option<File> {
    #[expect(clippy::disallowed_methods, reason = "a test's own setting")]
    let folder = std::env::var("NEST_HAUS_DATA").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let file = File::open(folder.join(name)).ok();
    if file.is_none() {
        eprintln!("skipped: {name} is absent; NEST_HAUS_DATA names its folder");
    }
    file
}
