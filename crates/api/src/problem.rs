//! Error answers of our own faces: problem documents (RFC 9457).
//!
//! Faces that are compatible with another system keep that system's shape; the orders face makes its own in
//! [`crate::orders::errors`].

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use utoipa::ToSchema;

const MEDIA_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A problem document. Its `type` is always `about:blank`, so `title` is the phrase of the HTTP status (RFC 9457
/// section 4.2.1) and what matters stands in `detail` and `errors`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    #[serde(rename = "type")]
    #[schema(example = "about:blank")]
    kind: &'static str,
    #[schema(example = "Unprocessable Entity")]
    title: &'static str,
    #[schema(example = 422)]
    status: u16,
    /// What is wrong with this very request, in one sentence.
    detail: String,
    /// One entry per member at fault; all of them at once.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
    /// For a fault of ours: what to look for in the log.
    #[serde(skip_serializing_if = "Option::is_none")]
    error_id: Option<String>,
}

/// What is wrong with one member of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldProblem {
    /// The member as a path from the root of the body.
    #[schema(example = "three_ds.mpi.acquirer_bin")]
    pub field: String,
    #[schema(example = "must be 6 to 11 digits")]
    pub detail: String,
}

impl Problem {
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            error_id: None,
        }
    }

    /// A request whose members are wrong: 422 with (path, what is wrong) for each.
    pub fn of_fields<F: Into<String>, D: Into<String>>(problems: impl IntoIterator<Item = (F, D)>) -> Self {
        let errors = problems
            .into_iter()
            .map(|(field, detail)| FieldProblem {
                field: field.into(),
                detail: detail.into(),
            })
            .collect();
        Self {
            errors,
            ..Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "some members of the request are not valid",
            )
        }
    }

    /// A request that cannot be read because of one member: 400.
    pub fn of_member(field: &str, detail: &str) -> Self {
        let error = FieldProblem {
            field: field.into(),
            detail: detail.into(),
        };
        Self {
            errors: vec![error],
            ..Self::new(StatusCode::BAD_REQUEST, format!("{field} {detail}"))
        }
    }

    /// A fault of ours. The caller sees the id only; the log has the cause under it.
    pub fn internal(error_id: impl Into<String>) -> Self {
        Self {
            error_id: Some(error_id.into()),
            ..Self::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "something went wrong on our side",
            )
        }
    }

    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status(), axum::Json(self)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, MEDIA_TYPE);
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_every_member_at_fault() {
        let problem = Problem::of_fields([("mcc", "must be 4 digits"), ("name", "is required")]);
        assert_eq!(
            serde_json::to_value(&problem).unwrap(),
            serde_json::json!({
                "type": "about:blank", "title": "Unprocessable Entity", "status": 422,
                "detail": "some members of the request are not valid",
                "errors": [
                    { "field": "mcc", "detail": "must be 4 digits" },
                    { "field": "name", "detail": "is required" },
                ],
            })
        );
        let response = problem.into_response();
        assert_eq!(
            response.headers()[header::CONTENT_TYPE],
            "application/problem+json"
        );
    }
}
