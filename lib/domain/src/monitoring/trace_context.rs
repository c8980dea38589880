//! The trace that a request belongs to, by W3C Trace Context (Recommendation of 23 November 2021, section
//! 3.2): `traceparent: 00-<trace id>-<parent id>-<flags>`.

use std::fmt;

/// Longest `traceparent` of version 00, and the shortest of later ones.
const LENGTH: usize = 55;

/// The flag that says that the caller may have recorded the trace.
const SAMPLED: u8 = 0b01;

/// Names a trace: everything that one request of a visitor causes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceId(pub [u8; 16]);

/// Names a span: one operation of a trace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SpanId(pub [u8; 8]);

/// Which trace a request belongs to, and the span that caused it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TraceContext {
    /// The trace.
    pub trace_id: TraceId,
    /// The span of the caller, or our own where it is handed on.
    pub span_id: SpanId,
    /// Whether the caller may have recorded it.
    pub sampled: bool,
}

impl TraceContext {
    /// Reads the header. Nothing where it breaks a rule: then a new trace begins.
    #[must_use]
    pub fn parse(header: &str) -> Option<Self> {
        let bytes = header.as_bytes();
        let version = hex_bytes::<1>(bytes.get(..2)?)?;
        let (head, rest) = bytes.split_at_checked(LENGTH)?;
        match (version, rest) {
            ([0xff], _) | ([0], [_, ..]) => return None,
            (_, [] | [b'-', ..]) => {}
            _ => return None,
        }
        if [2, 35, 52].into_iter().any(|dash| head.get(dash) != Some(&b'-')) {
            return None;
        }
        let trace_id = hex_bytes::<16>(head.get(3..35)?).filter(|id| *id != [0; 16])?;
        let span_id = hex_bytes::<8>(head.get(36..52)?).filter(|id| *id != [0; 8])?;
        let [flags] = hex_bytes::<1>(head.get(53..55)?)?;
        Some(Self {
            trace_id: TraceId(trace_id),
            span_id: SpanId(span_id),
            sampled: flags & SAMPLED != 0,
        })
    }
}

/// Lower-case hexadecimal digits, as the recommendation asks for.
fn hex_bytes<const N: usize>(digits: &[u8]) -> Option<[u8; N]> {
    if digits.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let mut bytes = [0; N];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    Some(bytes)
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Display for SpanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Display for TraceContext {
    /// The header as it is handed on, in version 00.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "00-{}-{}-{:02x}", self.trace_id, self.span_id, u8::from(self.sampled))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The example of the recommendation, section 3.2.4.
    const EXAMPLE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn the_examples_of_the_recommendation_are_read_and_written() {
        let read = TraceContext::parse(EXAMPLE).unwrap();
        assert_eq!(read.trace_id.to_string(), "4bf92f3577b34da6a3ce929d0e0e4736");
        assert_eq!(read.span_id.to_string(), "00f067aa0ba902b7");
        assert!(read.sampled);
        assert_eq!(read.to_string(), EXAMPLE);
        let not_sampled = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00";
        assert!(!TraceContext::parse(not_sampled).unwrap().sampled);
    }

    #[test]
    fn other_flags_and_what_later_versions_add_are_read_over() {
        let of_version = |start: &str, rest: &str| format!("{start}{}{rest}", &EXAMPLE[2..]);
        for header in [
            of_version("cc", ""),
            of_version("cc", "-what-the-future-will-be-like"),
            of_version("01", "-"),
            EXAMPLE.replace("-01", "-ff"),
        ] {
            let read = TraceContext::parse(&header).unwrap();
            assert_eq!(read.to_string(), EXAMPLE, "{header}");
        }
    }

    #[test]
    fn a_header_that_breaks_a_rule_begins_a_new_trace() {
        for header in [
            "",
            "00",
            &EXAMPLE[..54],
            &format!("{EXAMPLE}-"),
            &format!("{EXAMPLE}-more"),
            &EXAMPLE.replacen("00-", "ff-", 1),
            &EXAMPLE.replacen("00-", "0x-", 1),
            &format!("cc{}.what", &EXAMPLE[2..]),
            &EXAMPLE.to_uppercase(),
            &EXAMPLE.replace("4bf9", "4BF9"),
            &EXAMPLE.replace("4bf9", "4bfg"),
            &EXAMPLE.replace('-', "_"),
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0X",
            "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
            "00-äbf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        ] {
            assert_eq!(TraceContext::parse(header), None, "{header}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,80}") {
            let _read = TraceContext::parse(&text);
        }

        #[test]
        fn what_is_written_is_read(
            trace_id in any::<[u8; 16]>(), span_id in any::<[u8; 8]>(), sampled: bool
        ) {
            prop_assume!(trace_id != [0; 16] && span_id != [0; 8]);
            let context =
                TraceContext { trace_id: TraceId(trace_id), span_id: SpanId(span_id), sampled };
            prop_assert_eq!(TraceContext::parse(&context.to_string()), Some(context));
        }
    }
}
