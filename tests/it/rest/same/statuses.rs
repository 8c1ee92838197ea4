//! From a reason to a status: by hand, as docs/rest.md says it, and owing nothing to the table of the service.

use omnia::contract::proto::ErrorReason;

/// The status in HTTP of a refusal that these tests can come by.
pub(super) fn status_of(reason: ErrorReason) -> u16 {
    use ErrorReason as R;
    match reason {
        R::InvalidRequest | R::PageTokenInvalid => 400,
        R::TokenMissing => 401,
        R::GrantMissing | R::CallDenied | R::FilterDenied | R::ScopeDenied | R::FourEyes => 403,
        R::RilevazioneNotFound | R::GrantNotFound => 404,
        R::TransitionIllegal | R::GrantOverlaps => 409,
        other => panic!("nothing here is refused with {other:?}"),
    }
}
