//! Page and resume tokens, and the position inside them.
#![no_main]

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use omnia::{
    lotto::posizione::Posizione,
    rpc::pages::{Binding, Token},
};

fuzz_target!(|data: &[u8]| {
    let binding = Binding::of(&["selection"]);
    if let Ok(text) = std::str::from_utf8(data) {
        read(text, binding);
    }
    // Bound as it should be: what the position says is still the caller's.
    let token = Token {
        binding,
        rilevazione: 3,
        position: data.to_vec(),
    };
    read(&token.encode(), binding);
    read(&BASE64_URL_SAFE_NO_PAD.encode(data), binding);
});

fn read(text: &str, binding: Binding) {
    let Ok(Some(token)) = Token::decode(text, binding, None) else {
        return;
    };
    assert_eq!(token.binding, binding, "of this selection");
    assert_eq!(token.encode(), text, "one text for each token");
    if let Ok(posizione) = Posizione::from_bytes(&token.position) {
        assert_eq!(posizione.to_bytes(), token.position);
    }
}
