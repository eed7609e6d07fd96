//! A connection as people write it (deuna-api.md 12.1), read with every problem at once; and written back, without
//! credentials.

use super::{
    Connection, MpiData, MpiOverrides, OPERATION_WORDS, OnDoubt, ReusePolicy, ThreeDsProvider,
    ThreeDsSettings, operation_as_str,
};
use crate::{
    fields::{Fields, Problems, ascii, digits, integer, list, parsed, text, word},
    three_ds::{self, ThreeDs},
};
use acquiring::ChargeKind;
use primitives::{Brand, Country, Currency, HttpUrl, Secret, UrlPolicy};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A day: longer windows would keep a payment in doubt without anybody to look at it.
const INQUIRY_WINDOW_MAX_SECONDS: u32 = 86_400;
const CREDENTIAL_MAX_CHARACTERS: usize = 8_192;
const PREFERENCE_MAX: i32 = 10_000;

const PROVIDERS: &[(&str, ThreeDsProvider)] = &[
    ("none", ThreeDsProvider::None),
    ("deuna", ThreeDsProvider::Deuna),
    ("remote", ThreeDsProvider::Remote),
    ("processor", ThreeDsProvider::Processor),
];
const DOUBTS: &[(&str, OnDoubt)] = &[("reject", OnDoubt::Reject), ("proceed", OnDoubt::Proceed)];
const REUSES: &[(&str, ReusePolicy)] = &[("allow", ReusePolicy::Allow), ("never", ReusePolicy::Never)];

const MPI_MEMBERS: [&str; 8] = [
    "acquirer_merchant_id",
    "acquirer_bin",
    "merchant_name",
    "mcc",
    "merchant_url",
    "merchant_country",
    "requestor_id",
    "requestor_name",
];

/// A connection to be created, checked as far as that goes without knowing the processor.
#[derive(Debug, Clone)]
pub struct NewConnection {
    pub settings: Settings,
    pub credentials: BTreeMap<String, Secret<String>>,
}

/// Everything of a connection that its owner may say, credentials apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    pub name: String,
    pub processor_name: String,
    pub operation: ChargeKind,
    pub currencies: Vec<Currency>,
    pub countries: Vec<Country>,
    pub base_url: Option<HttpUrl>,
    pub inquiry_visible_after_seconds: Option<u32>,
    pub inquiry_final_after_seconds: Option<u32>,
    /// `None`: after all others.
    pub preference: Option<i32>,
    pub three_ds: ThreeDsSettings,
}

/// Members of a connection's document that are read; `id`, `kind`, `status` and the times are shown but not taken,
/// so that what was read can be sent back.
const MEMBERS: [&str; 17] = [
    "id",
    "kind",
    "status",
    "created_at",
    "updated_at",
    "name",
    "processor_name",
    "operation",
    "currencies",
    "countries",
    "base_url",
    "inquiry_visible_after_seconds",
    "inquiry_final_after_seconds",
    "preference",
    "three_ds",
    "credentials",
    "merchant_id",
];

impl NewConnection {
    /// Reads the body of "create connection". `path` leads every problem's field (empty at the top).
    pub fn read(document: &Value, path: &str, policy: UrlPolicy) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let read = Fields::open(document, path, &MEMBERS, &mut problems).and_then(|fields| {
            let settings = read_settings(&fields, policy, &mut problems);
            let credentials = credentials_of(&fields, &mut problems);
            Some(Self {
                settings: settings?,
                credentials: credentials?,
            })
        });
        problems.or(read)
    }
}

impl Settings {
    /// Reads a change: members that are there replace those of `current`, all others stay.
    ///
    /// Credentials are not among the settings: [`read_credentials`] reads them.
    pub fn read_change(document: &Value, current: &Connection, policy: UrlPolicy) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        let Some(change) = document.as_object() else {
            return Err(Problems::of("", "must be an object"));
        };
        let mut whole = as_written(current);
        if let Value::Object(members) = &mut whole {
            members.extend(change.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        let read = Fields::open(&whole, "", &MEMBERS, &mut problems)
            .and_then(|fields| read_settings(&fields, policy, &mut problems));
        problems.or(read)
    }

    /// The connection that these settings make of `current`.
    pub fn applied_to(self, current: &Connection) -> Connection {
        Connection {
            id: current.id,
            merchant: current.merchant,
            status: current.status,
            name: self.name,
            processor_name: self.processor_name,
            operation: self.operation,
            currencies: self.currencies,
            countries: self.countries,
            base_url: self.base_url,
            inquiry_visible_after_seconds: self.inquiry_visible_after_seconds,
            inquiry_final_after_seconds: self.inquiry_final_after_seconds,
            preference: self.preference.unwrap_or(current.preference),
            three_ds: self.three_ds,
        }
    }
}

/// The connection as it is shown: every member of [`Settings`] in the form in which it is read.
pub fn as_written(connection: &Connection) -> Value {
    json!({
        "name": connection.name,
        "processor_name": connection.processor_name,
        "status": connection.status.as_str(),
        "operation": operation_as_str(connection.operation),
        "currencies": connection.currencies,
        "countries": connection.countries,
        "base_url": connection.base_url,
        "inquiry_visible_after_seconds": connection.inquiry_visible_after_seconds,
        "inquiry_final_after_seconds": connection.inquiry_final_after_seconds,
        "preference": connection.preference,
        "three_ds": three_ds_as_written(&connection.three_ds),
    })
}

fn three_ds_as_written(settings: &ThreeDsSettings) -> Value {
    let mut mpi = json!(settings.mpi);
    if let Value::Object(members) = &mut mpi {
        members.insert("brands".into(), json!(settings.brands));
    }
    let mut written = json!({
        "provider": settings.provider,
        "on_attempted": settings.on_attempted,
        "on_unavailable": settings.on_unavailable,
        "reuse": settings.reuse,
        "defaults": settings.defaults,
        "mpi": mpi,
    });
    if let (Some(name), Value::Object(members)) = (&settings.remote, &mut written) {
        members.insert("remote".into(), json!(name));
    }
    written
}

fn read_settings(fields: &Fields<'_>, policy: UrlPolicy, problems: &mut Problems) -> Option<Settings> {
    let url = |text: &str| HttpUrl::parse(text, policy);
    let name = fields.need("name", text(100), problems);
    let processor_name = fields.need("processor_name", ascii(40), problems);
    let operation = fields
        .take("operation", word(OPERATION_WORDS), problems)
        .unwrap_or(ChargeKind::Sale);
    let currencies = fields.need("currencies", list(1..=50, parsed(Currency::parse)), problems);
    let countries = fields.take("countries", list(0..=249, parsed(Country::parse)), problems);
    let base_url = fields.take("base_url", parsed(url), problems);
    let window = || integer(0..=INQUIRY_WINDOW_MAX_SECONDS);
    let visible_after = fields.take("inquiry_visible_after_seconds", window(), problems);
    let final_after = fields.take("inquiry_final_after_seconds", window(), problems);
    if visible_after
        .zip(final_after)
        .is_some_and(|(visible, last)| visible > last)
    {
        problems.add(
            fields.at("inquiry_final_after_seconds"),
            "must not be before inquiry_visible_after_seconds",
        );
    }
    let preference = fields.take("preference", integer(0..=PREFERENCE_MAX), problems);
    let three_ds = match fields.value("three_ds") {
        Some(value) => read_three_ds(value, &fields.at("three_ds"), policy, problems),
        None => {
            problems.add(fields.at("three_ds"), "is required");
            None
        }
    };
    Some(Settings {
        name: name?,
        processor_name: processor_name?,
        operation,
        currencies: currencies?,
        countries: countries.unwrap_or_default(),
        base_url,
        inquiry_visible_after_seconds: visible_after,
        inquiry_final_after_seconds: final_after,
        preference,
        three_ds: three_ds?,
    })
}

/// Reads the `credentials` of a connection's document alone.
pub fn read_credentials(document: &Value) -> Result<BTreeMap<String, Secret<String>>, Problems> {
    let mut problems = Problems::default();
    let read = Fields::open(document, "", &MEMBERS, &mut problems)
        .and_then(|fields| credentials_of(&fields, &mut problems));
    problems.or(read)
}

fn credentials_of(fields: &Fields<'_>, problems: &mut Problems) -> Option<BTreeMap<String, Secret<String>>> {
    let path = fields.at("credentials");
    let Some(value) = fields.value("credentials") else {
        problems.add(path, "is required");
        return None;
    };
    let Some(members) = value.as_object() else {
        problems.add(path, "must be an object");
        return None;
    };
    let before = problems.0.len();
    let mut credentials = BTreeMap::new();
    for (name, value) in members {
        match text(CREDENTIAL_MAX_CHARACTERS)(value) {
            Ok(secret) => drop(credentials.insert(name.clone(), Secret::new(secret))),
            Err(problem) => problems.add(
                format!("{path}.{}", name.chars().take(64).collect::<String>()),
                problem,
            ),
        }
    }
    (problems.0.len() == before).then_some(credentials)
}

fn read_three_ds(
    value: &Value,
    path: &str,
    policy: UrlPolicy,
    problems: &mut Problems,
) -> Option<ThreeDsSettings> {
    let fields = Fields::open(
        value,
        path,
        &[
            "provider",
            "on_attempted",
            "on_unavailable",
            "reuse",
            "defaults",
            "remote",
            "mpi",
        ],
        problems,
    )?;
    let provider = fields.need("provider", word(PROVIDERS), problems);
    // Where nobody decided, a doubtful authentication is no authentication.
    let doubt = |name: &str, problems: &mut Problems| {
        fields
            .take(name, word(DOUBTS), problems)
            .unwrap_or(OnDoubt::Reject)
    };
    let on_attempted = doubt("on_attempted", problems);
    let on_unavailable = doubt("on_unavailable", problems);
    let reuse = fields.take("reuse", word(REUSES), problems).unwrap_or_default();
    let defaults = match fields.value("defaults") {
        Some(value) => three_ds::configured_wish(value, &fields.at("defaults"), problems),
        None => ThreeDs::default(),
    };
    let (mpi, brands) = match fields.value("mpi") {
        Some(value) => {
            let (mpi, brands) = read_mpi(value, &fields.at("mpi"), policy, problems)?;
            (Some(mpi), brands)
        }
        None => (None, BTreeMap::new()),
    };
    if let (Some(ThreeDsProvider::Deuna | ThreeDsProvider::Remote), None) = (provider, &mpi) {
        problems.add(
            fields.at("mpi"),
            "is required when the provider is deuna or remote",
        );
    }
    let remote = fields.take("remote", ascii(40), problems);
    match (provider, &remote) {
        (Some(ThreeDsProvider::Remote), None) => {
            problems.add(fields.at("remote"), "is required when the provider is remote");
        }
        (Some(ThreeDsProvider::None | ThreeDsProvider::Deuna | ThreeDsProvider::Processor), Some(_)) => {
            problems.add(fields.at("remote"), "is for the provider remote only");
        }
        (_, _) => {}
    }
    Some(ThreeDsSettings {
        provider: provider?,
        on_attempted,
        on_unavailable,
        reuse,
        defaults,
        remote,
        mpi,
        brands,
    })
}

fn read_mpi(
    value: &Value,
    path: &str,
    policy: UrlPolicy,
    problems: &mut Problems,
) -> Option<(MpiData, BTreeMap<Brand, MpiOverrides>)> {
    let known = [MPI_MEMBERS.as_slice(), &["brands"]].concat();
    let fields = Fields::open(value, path, &known, problems)?;
    let given = read_mpi_members(&fields, policy, problems);
    for name in MPI_MEMBERS.iter().filter(|name| fields.value(name).is_none()) {
        problems.add(fields.at(name), "is required");
    }
    let brands = fields
        .value("brands")
        .map(|value| read_brands(value, &fields.at("brands"), policy, problems));
    let mpi = MpiData {
        acquirer_merchant_id: given.acquirer_merchant_id?,
        acquirer_bin: given.acquirer_bin?,
        merchant_name: given.merchant_name?,
        mcc: given.mcc?,
        merchant_url: given.merchant_url?,
        merchant_country: given.merchant_country?,
        requestor_id: given.requestor_id?,
        requestor_name: given.requestor_name?,
    };
    Some((mpi, brands.unwrap_or_default()))
}

fn read_brands(
    value: &Value,
    path: &str,
    policy: UrlPolicy,
    problems: &mut Problems,
) -> BTreeMap<Brand, MpiOverrides> {
    let names: Vec<_> = Brand::KNOWN.iter().map(|brand| brand.as_str()).collect();
    let Some(fields) = Fields::open(value, path, &names, problems) else {
        return BTreeMap::new();
    };
    Brand::KNOWN
        .into_iter()
        .filter_map(|brand| {
            let value = fields.value(brand.as_str())?;
            let own = Fields::open(value, &fields.at(brand.as_str()), &MPI_MEMBERS, problems)?;
            Some((brand, read_mpi_members(&own, policy, problems)))
        })
        .collect()
}

fn read_mpi_members(fields: &Fields<'_>, policy: UrlPolicy, problems: &mut Problems) -> MpiOverrides {
    MpiOverrides {
        acquirer_merchant_id: fields.take("acquirer_merchant_id", ascii(35), problems),
        acquirer_bin: fields.take("acquirer_bin", digits(6..=11), problems),
        merchant_name: fields.take("merchant_name", text(40), problems),
        mcc: fields.take("mcc", digits(4..=4), problems),
        merchant_url: fields.take(
            "merchant_url",
            parsed(|text| HttpUrl::parse(text, policy)),
            problems,
        ),
        merchant_country: fields.take("merchant_country", parsed(Country::parse), problems),
        requestor_id: fields.take("requestor_id", ascii(35), problems),
        requestor_name: fields.take("requestor_name", text(40), problems),
    }
}

#[cfg(test)]
mod tests;
