//! Events as lines of text.

use std::fmt::{self, Write};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

/// The layer that ends in [`super::emit`].
pub(super) struct Output;

/// A span's name and fields, as they stand in front of its events.
struct Prefix(String);

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Output {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        // The level may change at every reload.
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        super::enabled(metadata.level())
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        let levels = [LevelFilter::ERROR, LevelFilter::WARN, LevelFilter::INFO, LevelFilter::DEBUG];
        let level = usize::from(super::LEVEL.load(std::sync::atomic::Ordering::Relaxed));
        Some(levels.get(level - 1).copied().unwrap_or(LevelFilter::TRACE))
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut text = Text::default();
        attributes.record(&mut text);
        let name = attributes.metadata().name();
        let prefix = if text.fields.is_empty() { name.into() } else { format!("{name}{}", text.fields) };
        if let Some(span) = context.span(id) {
            span.extensions_mut().insert(Prefix(prefix));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = String::new();
        for span in context.event_scope(event).into_iter().flat_map(|scope| scope.from_root()) {
            if let Some(Prefix(prefix)) = span.extensions().get() {
                line.push_str(prefix);
                line.push_str(": ");
            }
        }
        let mut text = Text::default();
        event.record(&mut text);
        line.push_str(&text.message);
        line.push_str(&text.fields);
        super::emit(event.metadata().level(), &one_line(&line));
    }
}

/// The message, and the other fields as ` name=value`.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        // Writing to a string cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
    }
}

/// Names of files and hosts may hold anything; in a log they must not look like further lines.
fn one_line(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\t' { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_event_is_two_lines() {
        assert_eq!(super::one_line("a\nb\0\tc é"), "a\\nb\\u{0}\tc é");
    }
}
