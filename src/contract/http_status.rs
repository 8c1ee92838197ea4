//! From a reason to a status of HTTP: one table, reviewed as a whole.

use http::StatusCode;

use super::proto::ErrorReason;

/// The status of a refusal.
#[must_use]
pub fn http_status(reason: ErrorReason) -> StatusCode {
    use ErrorReason as R;
    match reason {
        R::TokenMissing
        | R::TokenInvalid
        | R::TokenExpired
        | R::TokenNotYetValid
        | R::TokenWrongIssuer
        | R::TokenWrongAudience
        | R::ProofInvalid
        | R::ProofReplayed
        | R::EvidenceInvalid => StatusCode::UNAUTHORIZED,
        R::GrantMissing
        | R::GrantNotValid
        | R::CallDenied
        | R::FilterDenied
        | R::ScopeDenied
        | R::GrantSuspended
        | R::GrantRevoked
        | R::NetworkDenied
        | R::HoursDenied
        | R::PurposeDenied
        | R::CertificateDenied
        | R::FourEyes => StatusCode::FORBIDDEN,
        R::InvalidRequest | R::PageTokenInvalid | R::MessageMalformed | R::NotGrpc => {
            StatusCode::BAD_REQUEST
        }
        R::MessageTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        R::CallUnknown | R::GrantNotFound | R::RilevazioneNotFound => StatusCode::NOT_FOUND,
        R::NoRilevazione | R::TransitionIllegal | R::GrantOverlaps => StatusCode::CONFLICT,
        R::IdempotencyKeyReused => StatusCode::UNPROCESSABLE_ENTITY,
        R::QuotaExceeded => StatusCode::TOO_MANY_REQUESTS,
        R::TooManyExports
        | R::TooManyStreams
        | R::DatabaseUnavailable
        | R::ShuttingDown
        | R::KeysUnavailable
        | R::AuditUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        R::ExportDeadline | R::ExportStalled | R::CallDeadline => StatusCode::GATEWAY_TIMEOUT,
        // Faults of ours: no request in HTTP makes a frame of gRPC.
        R::EncodingUnsupported
        | R::MessageCount
        | R::CompressedFlagInvalid
        | R::FlightSqlUnsupported
        | R::Internal
        | R::DerivedDataDamaged
        | R::Unspecified => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
