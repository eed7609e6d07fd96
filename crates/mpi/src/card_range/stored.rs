//! The cache as it outlives the process: a header, and chunks of bytes small enough to be a row each.
//!
//! A chunk of attributes is a JSON array. A chunk of rows is the number of digits, then 20 bytes a range: start, end, and
//! the index of its attributes, all big-endian.

use emv3ds::{ProtocolVersion, SpokenVersions, Version, code::AcsInfoInd, message::SupportedExtension};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use std::sync::Arc;
use thiserror::Error;

use super::{
    CardRanges, DIGITS_MAX, DIGITS_MIN, Row, Rows,
    attributes::{Attributes, Interner, Terms},
    length_index, settle,
};

/// Combinations of attributes in one chunk.
const ATTRIBUTES_PER_CHUNK: usize = 1_000;
/// Ranges in one chunk: 400 kB.
const ROWS_PER_CHUNK: usize = 20_000;
const ROW_BYTES: usize = 20;

/// What is known of a directory server's card ranges besides the ranges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Header {
    /// The version of the last PRes.
    pub version: Option<Version>,
    /// Serial number to ask from next time.
    pub serial: Option<String>,
    /// The versions of the directory server, once it has said.
    pub directory: Option<SpokenVersions>,
    /// `dsUrlList` as it came last.
    pub directory_urls: Vec<Map<String, Value>>,
}

/// The cache in parts, in the order in which [`CardRanges::from_stored`] wants them back.
pub struct Stored<'a> {
    ranges: &'a CardRanges,
}

/// A part of the cache.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredChunk {
    /// Combinations of attributes; their indexes go on from the chunk before.
    Attributes(Vec<u8>),
    /// Ranges of one length.
    Rows(Vec<u8>),
}

/// What was stored is no cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("stored card ranges do not fit together")]
pub struct Unusable;

impl CardRanges {
    /// The cache as it is to be stored, beside its header.
    pub fn stored(&self) -> Stored<'_> {
        Stored { ranges: self }
    }

    /// The cache from what was stored.
    pub fn from_stored(
        header: Header,
        chunks: impl IntoIterator<Item = StoredChunk>,
    ) -> Result<Self, Unusable> {
        let mut interner = Interner::default();
        let mut rows = Rows::default();
        for chunk in chunks {
            match chunk {
                StoredChunk::Attributes(bytes) => {
                    let records: Vec<AttributesRecord> =
                        serde_json::from_slice(&bytes).map_err(|_| Unusable)?;
                    for record in records {
                        interner.restore(record);
                    }
                }
                StoredChunk::Rows(bytes) => read_rows(&bytes, &mut rows)?,
            }
        }
        let attributes = interner.finish();
        let known = |row: &Row| usize::try_from(row.attributes).is_ok_and(|index| index < attributes.len());
        if !rows
            .iter()
            .flatten()
            .all(|row| row.start <= row.end && known(row))
        {
            return Err(Unusable);
        }
        settle(&mut rows).map_err(|_| Unusable)?;
        Ok(Self {
            header,
            rows,
            attributes,
        })
    }
}

impl Stored<'_> {
    /// The chunks, made one after the other.
    pub fn chunks(&self) -> impl Iterator<Item = StoredChunk> + '_ {
        let attributes = self.ranges.attributes.chunks(ATTRIBUTES_PER_CHUNK).map(|chunk| {
            let records: Vec<_> = chunk.iter().map(|one| AttributesRecord::from(&**one)).collect();
            // Texts and numbers only: there is nothing that JSON could refuse.
            StoredChunk::Attributes(serde_json::to_vec(&records).unwrap_or_default())
        });
        let rows = (DIGITS_MIN..=DIGITS_MAX)
            .zip(&self.ranges.rows)
            .flat_map(|(digits, rows)| {
                rows.chunks(ROWS_PER_CHUNK)
                    .map(move |chunk| StoredChunk::Rows(rows_as_bytes(digits, chunk)))
            });
        attributes.chain(rows)
    }
}

fn rows_as_bytes(digits: u8, rows: &[Row]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + rows.len() * ROW_BYTES);
    bytes.push(digits);
    for row in rows {
        bytes.extend_from_slice(&row.start.to_be_bytes());
        bytes.extend_from_slice(&row.end.to_be_bytes());
        bytes.extend_from_slice(&row.attributes.to_be_bytes());
    }
    bytes
}

fn read_rows(bytes: &[u8], rows: &mut Rows) -> Result<(), Unusable> {
    let (digits, bytes) = bytes.split_first().ok_or(Unusable)?;
    let rows = length_index(*digits)
        .and_then(|index| rows.get_mut(index))
        .ok_or(Unusable)?;
    rows.reserve(bytes.len() / ROW_BYTES);
    let (whole, rest) = bytes.as_chunks::<ROW_BYTES>();
    if !rest.is_empty() {
        return Err(Unusable);
    }
    for row in whole {
        rows.push(read_row(row).ok_or(Unusable)?);
    }
    Ok(())
}

fn read_row(bytes: &[u8; ROW_BYTES]) -> Option<Row> {
    let (start, rest) = bytes.split_first_chunk()?;
    let (end, rest) = rest.split_first_chunk()?;
    let attributes = rest.first_chunk()?;
    Some(Row {
        start: u64::from_be_bytes(*start),
        end: u64::from_be_bytes(*end),
        attributes: u32::from_be_bytes(*attributes),
    })
}

/// Versions as they are stored: a list, or bounds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct VersionsRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    listed: Option<Vec<ProtocolVersion>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first: Option<ProtocolVersion>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last: Option<ProtocolVersion>,
}

#[derive(Serialize, Deserialize)]
struct AttributesRecord {
    acs: VersionsRecord,
    terms: Vec<TermsRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    directory: Option<VersionsRecord>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    issuer_country: Option<u16>,
}

#[derive(Serialize, Deserialize)]
struct TermsRecord {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    method_url: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    abilities: Vec<AcsInfoInd>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    extensions: Option<Vec<SupportedExtension>>,
}

#[derive(Serialize, Deserialize)]
struct HeaderRecord {
    version: Option<Version>,
    serial: Option<String>,
    directory: Option<VersionsRecord>,
    directory_urls: Vec<Map<String, Value>>,
}

impl From<&SpokenVersions> for VersionsRecord {
    fn from(versions: &SpokenVersions) -> Self {
        match versions {
            SpokenVersions::Span { first, last } => Self {
                listed: None,
                first: *first,
                last: *last,
            },
            SpokenVersions::Listed(versions) => Self {
                listed: Some(versions.to_vec()),
                ..Self::default()
            },
        }
    }
}

impl From<VersionsRecord> for SpokenVersions {
    fn from(record: VersionsRecord) -> Self {
        match record.listed {
            Some(versions) => Self::listed(versions),
            None => Self::Span {
                first: record.first,
                last: record.last,
            },
        }
    }
}

impl From<&Attributes> for AttributesRecord {
    fn from(attributes: &Attributes) -> Self {
        let terms = attributes.terms.iter().map(|terms| TermsRecord {
            method_url: terms.method_url.as_deref().map(str::to_owned),
            abilities: terms.abilities.iter().collect(),
            extensions: terms.extensions.as_deref().map(<[_]>::to_vec),
        });
        Self {
            acs: (&attributes.acs).into(),
            terms: terms.collect(),
            directory: attributes.directory.as_ref().map(VersionsRecord::from),
            issuer_country: attributes.issuer_country,
        }
    }
}

impl Interner {
    /// Adds the next combination as it was stored.
    fn restore(&mut self, record: AttributesRecord) {
        let terms = record.terms.into_iter().map(|terms| Terms {
            method_url: terms.method_url.map(|url| self.address(url)),
            abilities: terms.abilities.into_iter().collect(),
            extensions: terms.extensions.map(Arc::from),
        });
        let terms = terms.collect();
        self.add(Attributes {
            acs: record.acs.into(),
            terms,
            directory: record.directory.map(SpokenVersions::from),
            issuer_country: record.issuer_country,
        });
    }
}

impl Serialize for Header {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        HeaderRecord {
            version: self.version,
            serial: self.serial.clone(),
            directory: self.directory.as_ref().map(VersionsRecord::from),
            directory_urls: self.directory_urls.clone(),
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let record = HeaderRecord::deserialize(deserializer)?;
        Ok(Self {
            version: record.version,
            serial: record.serial,
            directory: record.directory.map(SpokenVersions::from),
            directory_urls: record.directory_urls,
        })
    }
}
