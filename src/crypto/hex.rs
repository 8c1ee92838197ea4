//! Bytes as lower-case hexadecimal digits, as `sha256sum` writes them.

use std::fmt::Write as _;

/// Two digits a byte.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// The 32 bytes of 64 digits, of either case.
pub(crate) fn parse_32(text: &str) -> Option<[u8; 32]> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let digits: Option<Vec<u8>> = text.bytes().map(digit).collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair[0] << 4 | pair[1];
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let bytes: [u8; 32] = std::array::from_fn(|i| u8::try_from(i * 8).unwrap());
        assert!(hex(&bytes).starts_with("0008101820"));
        assert_eq!(parse_32(&hex(&bytes)), Some(bytes));
        assert_eq!(parse_32(&hex(&bytes).to_uppercase()), Some(bytes));
        for bad in ["", "00", &"g".repeat(64), &"+f".repeat(32), &"0".repeat(66)] {
            assert_eq!(parse_32(bad), None, "{bad}");
        }
    }
}
