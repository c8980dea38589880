//! Ids of traces and spans.

use nest_haus_domain::monitoring::{SpanId, TraceContext, TraceId};
use uuid::Uuid;

/// The trace of a request and a span of our own in it: the caller's trace, or a new one where there is
/// none that can be read.
#[must_use]
pub fn own_span(caller: Option<TraceContext>) -> TraceContext {
    TraceContext {
        trace_id: caller.map_or_else(|| TraceId(Uuid::new_v4().into_bytes()), |of| of.trace_id),
        span_id: span_id(),
        sampled: caller.is_none_or(|of| of.sampled),
    }
}

/// The lower half of a random UUID: two of its bits are set, so that it is never zero.
pub(super) fn span_id() -> SpanId {
    SpanId(Uuid::new_v4().as_u64_pair().1.to_be_bytes())
}
