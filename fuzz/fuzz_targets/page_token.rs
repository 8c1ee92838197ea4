//! Page and resume tokens, and the position inside them.
#![no_main]

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use omnia::{
    blocks::cursor::Cursor,
    grpc::pages::{Binding, Signer, Token},
};

fuzz_target!(|data: &[u8]| {
    let binding = Binding::of(&["selection"]);
    if let Ok(text) = std::str::from_utf8(data) {
        let _ = read(text, binding);
    }
    // Whatever the position: one that is too long is refused.
    let data = &data[..data.len().min(300)];
    let token = Token {
        binding,
        rilevazione: 3,
        position: data.to_vec(),
    };
    let signer = Signer::new(&[7; 32]);
    let text = signer.encode(&token);
    assert_eq!(
        read(&text, binding),
        Some(token),
        "what was written is read"
    );
    let _ = read(&BASE64_URL_SAFE_NO_PAD.encode(data), binding);
});

/// What a text says. Whatever it is, it is the one text of that token.
fn read(text: &str, binding: Binding) -> Option<Token> {
    let signer = Signer::new(&[7; 32]);
    let token = signer.decode(text, binding, None).ok()??;
    assert_eq!(signer.encode(&token), text, "one text for each token");
    if let Ok(cursor) = Cursor::from_bytes(&token.position) {
        assert_eq!(cursor.to_bytes(), token.position);
    }
    Some(token)
}
