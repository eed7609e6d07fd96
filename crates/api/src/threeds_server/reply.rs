//! What the services answer: members as the reference's examples have them, every scalar a text.

use super::create::brand_id;
use emv3ds::message::MessageExtension;
use orchestrator::flows::threeds_server::{Asked, Created, Particulars, Status, VersionBounds, View};
use serde_json::{Map, Value, json};

/// An object under construction: what is not there is not a member.
#[derive(Default)]
struct Members(Map<String, Value>);

impl Members {
    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name.to_owned(), value.into());
        self
    }

    fn with_any<V: Into<Value>>(self, name: &str, value: Option<V>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// An object of its own, if it has any members.
    fn with_group(self, name: &str, group: Members) -> Self {
        if group.0.is_empty() {
            self
        } else {
            self.with(name, Value::Object(group.0))
        }
    }
}

/// Create transaction.
pub fn created(created: &Created) -> Value {
    let bounds = |versions: &VersionBounds| json!({ "protocol_version": { "start": versions.start, "end": versions.end } });
    let members = Members::default()
        .with(
            "three_ds_server",
            json!({ "trans_id": created.id.to_string(), "status": Status::New.as_str() }),
        )
        .with_any("three_ds_method_url", created.method_url.as_deref())
        .with("acs", bounds(&created.acs))
        .with("ds", bounds(&created.ds))
        .with("device_channel", created.channel.as_str())
        .with("message_version", created.version.as_str());
    Value::Object(members.0)
}

/// Authenticate; `broad_info` is the request's.
pub fn asked(asked: &Asked, broad_info: Option<Value>) -> Value {
    let view = &asked.view;
    let members = common(view)
        .with_any("broad_info", broad_info.or_else(|| asked.broad_info.clone()))
        .with_group("message", message(&asked.extensions));
    Value::Object(members.0)
}

/// Query transaction: what the reference lists, and beside it what the issuer answered, for a shop that never got that.
pub fn queried(view: &View) -> Value {
    let members = common(view).with_any("brand_id", brand_id(view.brand)).with_any(
        "challenge_cancel",
        view.challenge_cancel.map(|cancel| cancel.as_str()),
    );
    Value::Object(members.0)
}

fn common(view: &View) -> Members {
    let none = None;
    let particulars = view.particulars.as_ref();
    Members::default()
        .with(
            "three_ds_server",
            json!({ "trans_id": view.id.to_string(), "status": view.status.as_str() }),
        )
        .with_group("acs", particulars.map(|it| acs(it, view)).unwrap_or_default())
        .with_any("eci", view.eci.as_ref().map(|eci| eci.as_str()))
        .with("device_channel", view.channel.as_str())
        .with_group("authentication", authentication(view))
        .with_group(
            "cardholder",
            Members::default().with_any(
                "info",
                particulars.map_or(none, |it| it.cardholder_info.as_deref()),
            ),
        )
        .with_group("ds", particulars.map(ds).unwrap_or_default())
        .with_group("transaction", transaction(view))
        .with_group("white_list", particulars.map(white_list).unwrap_or_default())
        .with("message_version", view.version.as_str())
}

fn acs(particulars: &Particulars, view: &View) -> Members {
    // What is needed for a challenge is of no use, and misleading, once there is none any more.
    let waiting = matches!(view.status, Status::ChallengeRequired | Status::Decoupled);
    let while_waiting = |text: &Option<String>| text.clone().filter(|_| waiting);
    Members::default()
        .with_any(
            "challenge_mandated",
            while_waiting(&particulars.challenge_mandated),
        )
        .with_any("operator_id", particulars.acs_operator_id.as_deref())
        .with("reference_number", particulars.acs_reference_number.as_str())
        .with("trans_id", particulars.acs_trans_id.as_str())
        .with_any("url", while_waiting(&particulars.acs_url))
        .with_any(
            "decoupled_confirmation_ind",
            while_waiting(&particulars.decoupled_confirmation),
        )
}

fn authentication(view: &View) -> Members {
    let waiting = matches!(view.status, Status::ChallengeRequired | Status::Decoupled);
    let kind = view
        .particulars
        .as_ref()
        .and_then(|it| it.authentication_type.as_deref())
        .filter(|_| waiting);
    Members::default().with_any("type", kind).with_any(
        "value",
        view.authentication_value.as_ref().map(|value| value.as_str()),
    )
}

fn ds(particulars: &Particulars) -> Members {
    Members::default()
        .with("reference_number", particulars.ds_reference_number.as_str())
        .with("trans_id", particulars.ds_trans_id.as_str())
}

fn transaction(view: &View) -> Members {
    Members::default()
        .with_any("status", view.trans_status.map(|status| status.as_str()))
        .with_any(
            "status_reason",
            view.trans_status_reason.map(|reason| reason.as_str()),
        )
}

fn white_list(particulars: &Particulars) -> Members {
    Members::default()
        .with_any("status", particulars.trust_list_status.as_deref())
        .with_any("status_source", particulars.trust_list_status_source.as_deref())
}

fn message(extensions: &[MessageExtension]) -> Members {
    let shown: Vec<Value> = extensions
        .iter()
        .map(|extension| {
            json!({
                "id": extension.id,
                "name": extension.name,
                "criticality_indicator": extension.criticality_indicator.to_string(),
                "data": extension.data,
            })
        })
        .collect();
    Members::default().with_any("extension", (!shown.is_empty()).then_some(Value::Array(shown)))
}
