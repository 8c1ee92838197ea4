//! Proofs that come with a bound voucher.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use omnia::abilitazione::authn::{AuthScheme, Credentials};
use omnia_fuzz::{jws, refuses};

/// Right but for its signature.
static VOUCHER: LazyLock<String> = LazyLock::new(|| {
    let parts = concat!(
        r#"{"alg":"RS256","typ":"at+jwt","kid":"rsa"}"#,
        "\n",
        r#"{"iss":"pdnd","aud":"omnia","sub":"c","client_id":"c","jti":"j","purposeId":"0e9c2b1a-7f43-4f0e-9d43-5d3c1f7f4b8e","nbf":1795000000,"exp":1800000000,"cnf":{"jkt":"NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"}}"#
    );
    jws(parts.as_bytes()).expect("text")
});

fuzz_target!(|data: &[u8]| {
    if let Some(proof) = jws(data) {
        refuses(&Credentials {
            scheme: AuthScheme::Dpop,
            token: &VOUCHER,
            proof: Some(&proof),
            evidence: None,
        });
    }
});
