//! What every endpoint shares: the request's context, bodies, refusals, access and layers.

mod access;
mod body;
mod caching;
mod context;
mod dispatch;
mod free;
mod headers;
mod limits;
mod problem;
mod query;
mod report;
mod static_files;

pub use access::{Actor, Cron, bearer};
pub use body::{Body, Upload, guard};
pub use caching::{etag, unless_known};
pub use context::{Caller, Context, Peer};
pub use dispatch::{around, within_rate_limit};
pub use free::FreeObject;
pub use headers::{ANSWER_HEADERS, COMMON_HEADERS, PAGE_HEADERS, resource_policy};
pub use limits::{
    BODY_BYTES_MAX, EVENT_BYTES_MAX, EVENTS_MAX, JSON_DEPTH_MAX, RATE_WINDOW, RateLimit,
    add_limits, check_limit, check_limit_of, rate_key,
};
pub use problem::{FieldError, Problem, ProblemDocument, is_outage, read};
pub use query::{Only, Query, how_many, parameters, refuse_unknown};
pub use report::{Panicked, report_after_answer};
pub use static_files::{HASHED_CACHE_CONTROL, HASHED_FOLDER, START_PAGE, STATIC_PARTS, StaticPart};
