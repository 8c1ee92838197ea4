//! Tokens, as any caller may send them.
#![no_main]

use libfuzzer_sys::fuzz_target;
use omnia::abilitazione::authn::{AuthScheme, Credentials};
use omnia_fuzz::{jws, refuses};

fuzz_target!(|data: &[u8]| {
    if let Some(token) = jws(data) {
        refuses(&Credentials {
            scheme: AuthScheme::Bearer,
            token: &token,
            proof: None,
            evidence: None,
        });
    }
});
