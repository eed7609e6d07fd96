//! A connection held against what its processor's adapter declares.

use super::{Administration, Environment};
use acquiring::{ChargeKind, Processor};
use payments::{
    connection::{ThreeDsProvider, document::Settings},
    fields::Problems,
};
use primitives::Secret;
use std::collections::BTreeMap;

impl Administration {
    /// Holds a connection against what its processor declares. `path` leads every problem's field.
    pub(super) fn check(
        &self,
        settings: &Settings,
        credentials: Option<&BTreeMap<String, Secret<String>>>,
        path: &str,
    ) -> Result<(), Problems> {
        let mut problems = Problems::default();
        let at = |field: &str| {
            if path.is_empty() {
                field.to_owned()
            } else {
                format!("{path}.{field}")
            }
        };
        match self.processors().get(settings.processor_name.as_str()) {
            Some(processor) => {
                check_capabilities(processor.as_ref(), settings, &at, &mut problems);
                if self.environment == Environment::Production {
                    check_windows(processor.as_ref(), settings, &at, &mut problems);
                }
                if let Some(credentials) = credentials {
                    check_credentials(processor.as_ref(), credentials, &at, &mut problems);
                }
            }
            None => problems.add(
                at("processor_name"),
                format!("must be one of {}", self.processor_names().join(", ")),
            ),
        }
        problems.or(Some(()))
    }
}

fn check_capabilities(
    processor: &dyn Processor,
    settings: &Settings,
    at: &dyn Fn(&str) -> String,
    problems: &mut Problems,
) {
    let (name, offers) = (processor.name(), processor.capabilities());
    for currency in settings
        .currencies
        .iter()
        .filter(|currency| !offers.currencies.contains(currency))
    {
        problems.add(at("currencies"), format!("{name} does not take {currency}"));
    }
    if settings.operation == ChargeKind::Authorization && !offers.authorizations {
        problems.add(at("operation"), format!("{name} offers purchases only"));
    }
    match settings.three_ds.provider {
        ThreeDsProvider::None => {}
        ThreeDsProvider::Deuna | ThreeDsProvider::Remote if offers.external_authentication.is_empty() => {
            problems.add(
                at("three_ds.provider"),
                format!("{name} takes no 3DS results of others"),
            );
        }
        ThreeDsProvider::Deuna | ThreeDsProvider::Remote => {}
        // No adapter speaks its processor's own 3DS: taken, the setting would charge without any.
        ThreeDsProvider::Processor => {
            problems.add(
                at("three_ds.provider"),
                format!("the 3DS of {name} itself is not offered here"),
            );
        }
    }
}

/// A window shorter than the processor's own would take a charge for lost that still arrives, and let the order be paid a
/// second time. Only a simulator may be faster than what it simulates.
fn check_windows(
    processor: &dyn Processor,
    settings: &Settings,
    at: &dyn Fn(&str) -> String,
    problems: &mut Problems,
) {
    let offers = processor.capabilities();
    let windows = [
        (
            "inquiry_visible_after_seconds",
            settings.inquiry_visible_after_seconds,
            offers.inquiry_visible_after,
        ),
        (
            "inquiry_final_after_seconds",
            settings.inquiry_final_after_seconds,
            offers.inquiry_final_after,
        ),
    ];
    for (field, set, declared) in windows {
        if set.is_some_and(|seconds| u64::from(seconds) < declared.as_secs()) {
            let least = declared.as_secs();
            problems.add(
                at(field),
                format!("must not be less than the processor's {least} s"),
            );
        }
    }
}

fn check_credentials(
    processor: &dyn Processor,
    credentials: &BTreeMap<String, Secret<String>>,
    at: &dyn Fn(&str) -> String,
    problems: &mut Problems,
) {
    let fields = processor.credential_fields();
    for field in fields {
        let place = || at(&format!("credentials.{}", field.name));
        match credentials.get(field.name) {
            None if field.required => problems.add(place(), "is required"),
            Some(value) if value.reveal().chars().count() > field.max_characters => {
                problems.add(
                    place(),
                    format!("must have 1 to {} characters", field.max_characters),
                );
            }
            _ => {}
        }
    }
    for name in credentials
        .keys()
        .filter(|name| !fields.iter().any(|field| field.name == *name))
    {
        let name: String = name.chars().take(64).collect();
        problems.add(
            at(&format!("credentials.{name}")),
            format!("is not asked for by {}", processor.name()),
        );
    }
}
