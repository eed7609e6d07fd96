//! The key that card data may be encrypted to.

use super::failure::Answered;
use super::schema;
use crate::jose::jwk::EcKey;
use crate::keys::KeysError;
use crate::service::Acs;
use axum::Json;
use axum::extract::State;
use serde_json::Value;

/// Get the key for card data
///
/// A JWK of P-256, for ECDH-ES; say its `kid` in the JWE. After a rotation earlier keys open too.
#[utoipa::path(
    get, path = "/acs/banking/v2/encryption-key", tag = "Access",
    responses((status = 200, body = schema::EncryptionKeyReply))
)]
pub(crate) async fn get(State(acs): State<Acs>) -> Answered<Json<Value>> {
    let keys = &acs.inner().keys;
    let version = keys.newest_code_key();
    let public = keys
        .encryption_key(version)?
        .compute_public_key()
        .map_err(|_| KeysError::Cryptography)?;
    let public = EcKey::of_point(public.as_ref()).ok_or(KeysError::Cryptography)?;
    let mut jwk = public.to_json();
    jwk["kid"] = version.to_string().into();
    jwk["use"] = "enc".into();
    jwk["alg"] = "ECDH-ES".into();
    Ok(Json(jwk))
}
