//! A message of `ExportDecrees` as its bytes.
//!
//! The rows of a lotto are encoded once, when they are read or long before; to build structs of them for prost to encode
//! again would cost more than all the rest of an export. Protobuf lets a message be written part after part:
//!
//! ```text
//! ExportDecreesResponse      12 len ┐ lotto = field 2
//! LottoExport                       │ 0a len row  0a len row  …      the rows, as they are stored
//!                                   └ 12 len resume_token            appended: a field may follow
//! ```

use bytes::{Buf, BufMut, Bytes};
use prost::{
    DecodeError, Message,
    encoding::{self, DecodeContext, WireType, encode_varint, encoded_len_varint},
};

use crate::contract::proto::{ExportDecreesResponse, export_decrees_response::Parte};

/// `ExportDecreesResponse.lotto`, length-delimited.
const LOTTO: u8 = 2 << 3 | 2;
/// `LottoExport.resume_token`, length-delimited.
const RESUME_TOKEN: u8 = 2 << 3 | 2;

/// What the stream of an export sends.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExportMessage {
    before: Vec<u8>,
    righe: Bytes,
    after: Vec<u8>,
}

impl ExportMessage {
    /// A lotto of rows that are encoded, and where to go on after it.
    #[must_use]
    pub fn lotto(righe: Bytes, resume_token: &str) -> Self {
        let mut after = Vec::with_capacity(resume_token.len() + 4);
        if !resume_token.is_empty() {
            after.push(RESUME_TOKEN);
            encode_varint(resume_token.len() as u64, &mut after);
            after.extend_from_slice(resume_token.as_bytes());
        }
        let len = (righe.len() + after.len()) as u64;
        let mut before = Vec::with_capacity(1 + encoded_len_varint(len));
        before.push(LOTTO);
        encode_varint(len, &mut before);
        Self {
            before,
            righe,
            after,
        }
    }
}

impl From<Parte> for ExportMessage {
    fn from(parte: Parte) -> Self {
        let parte = ExportDecreesResponse { parte: Some(parte) };
        Self {
            before: parte.encode_to_vec(),
            ..Self::default()
        }
    }
}

/// So that tonic's codec sends it. It is never read: clients read an [`ExportDecreesResponse`].
impl Message for ExportMessage {
    fn encode_raw(&self, buf: &mut impl BufMut) {
        buf.put_slice(&self.before);
        buf.put_slice(&self.righe);
        buf.put_slice(&self.after);
    }

    fn merge_field(
        &mut self,
        tag: u32,
        wire_type: WireType,
        buf: &mut impl Buf,
        ctx: DecodeContext,
    ) -> Result<(), DecodeError> {
        encoding::skip_field(wire_type, tag, buf, ctx)
    }

    fn encoded_len(&self) -> usize {
        self.before.len() + self.righe.len() + self.after.len()
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        blocks::detail_row::DetailRow,
        contract::proto::{ChiusuraExport, DettaglioDecreto, LottoExport, TotaliControllo},
    };

    #[test]
    fn as_prost_writes_it() {
        let decreti = |rows: usize| vec![DettaglioDecreto::default(); rows];
        for (rows, token) in [(0, ""), (1, "abc"), (300, &"x".repeat(200))] {
            let mut encoded = Vec::new();
            for _ in 0..rows {
                DetailRow::default().write(&mut encoded);
            }
            let lotto = Parte::Lotto(LottoExport {
                decreti: decreti(rows),
                resume_token: token.to_owned(),
            });
            let ours = ExportMessage::lotto(encoded.into(), token);
            assert_eq!(
                ours.encode_to_vec(),
                ExportMessage::from(lotto).encode_to_vec()
            );
        }
        let parte = Parte::Chiusura(ChiusuraExport {
            totali: Some(TotaliControllo::default()),
        });
        let sent = ExportMessage::from(parte.clone()).encode_to_vec();
        let read = ExportDecreesResponse::decode(sent.as_slice()).unwrap();
        assert_eq!(read.parte, Some(parte));
    }
}
