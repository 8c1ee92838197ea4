//! The rows of a stream as lines of JSON, straight from the bytes of their message.
//!
//! ```text
//! 12 2b │ 0a 1e │ 0a 04 "CIGS" 12 07 "333-146" … │ 12 09 "token…"
//! part    row     prestazione  codifica_sistema_unico   resume_token
//!                        ──► {"riga":{"prestazione":"CIGS","codifica_sistema_unico":"333-146",…}}
//!                            {"resume_token":"token…"}
//! ```
//!
//! An export has millions of rows, and what makes JSON of any message makes three objects of each field on the way. A row has texts, and
//! rows in it (the two sides of a difference), and nothing else: so its bytes are cut into fields by the contract's numbers, and each is written
//! under the name that was made ready when the service started. The text is the same, byte for byte; a test compares them.

use std::str::from_utf8;

use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use crate::error::{Error, Result};

const TOKEN: &str = "resume_token";
/// Fields of a row, at most.
const MOST: usize = 16;

/// Where in a stream's messages its rows are, and how they are spelt.
#[derive(Debug)]
pub(super) struct BatchPlan {
    /// The part of the message that has rows.
    part: u32,
    rows: u32,
    token: u32,
    row: RowPlan,
}

/// How a row is spelt.
#[derive(Debug)]
struct RowPlan(Vec<PlannedField>);

#[derive(Debug)]
struct PlannedField {
    number: u32,
    /// `"prestazione":`
    label: String,
    /// Where it is a row itself. `None`: a text.
    row: Option<RowPlan>,
}

impl BatchPlan {
    /// Of the messages of a stream. `None`: they are none of rows as above.
    pub(super) fn of(message: &MessageDescriptor) -> Option<Self> {
        message.fields().find_map(|part| {
            let Kind::Message(batch) = part.kind() else {
                return None;
            };
            let rows = batch.fields().find(FieldDescriptor::is_list)?;
            let Kind::Message(row) = rows.kind() else {
                return None;
            };
            Some(Self {
                part: part.number(),
                rows: rows.number(),
                token: batch.get_field_by_name(TOKEN)?.number(),
                row: RowPlan::of(&row)?,
            })
        })
    }

    /// The lines of a message; `None`: it has no rows, and is another part of the stream.
    ///
    /// # Errors
    /// It is no such message: a fault of ours.
    pub(super) fn lines(&self, message: &[u8]) -> Result<Option<Vec<u8>>> {
        let mut rest = message;
        let Some((number, batch)) = next_field(&mut rest)? else {
            return Ok(None);
        };
        if number != self.part || !rest.is_empty() {
            return Ok(None);
        }
        // Names and signs take about as much again as what is in a row.
        let mut text = Vec::with_capacity(3 * batch.len());
        let mut token = None;
        let mut rest = batch;
        while let Some((number, value)) = next_field(&mut rest)? {
            if number == self.rows {
                text.extend_from_slice(b"{\"riga\":");
                self.row.write(value, &mut text)?;
                text.extend_from_slice(b"}\n");
            } else if number == self.token {
                token = Some(value);
            }
        }
        if let Some(token) = token {
            text.extend_from_slice(b"{\"resume_token\":");
            write_text(token, &mut text)?;
            text.extend_from_slice(b"}\n");
        }
        Ok(Some(text))
    }
}

impl RowPlan {
    fn of(row: &MessageDescriptor) -> Option<Self> {
        let fields: Option<Vec<PlannedField>> = row
            .fields()
            .map(|field| {
                let row = match field.kind() {
                    Kind::String => None,
                    Kind::Message(row) => Some(Self::of(&row)?),
                    _ => return None,
                };
                let single = !field.is_list() && field.containing_oneof().is_none();
                single.then(|| PlannedField {
                    number: field.number(),
                    label: format!("\"{}\":", field.name()),
                    row,
                })
            })
            .collect();
        fields.filter(|fields| fields.len() <= MOST).map(Self)
    }

    fn write(&self, row: &[u8], text: &mut Vec<u8>) -> Result<()> {
        let mut values: [Option<&[u8]>; MOST] = [None; MOST];
        let mut rest = row;
        while let Some((number, value)) = next_field(&mut rest)? {
            let at = self.0.iter().position(|field| field.number == number);
            if let Some(at) = at {
                values[at] = Some(value);
            }
        }
        text.push(b'{');
        let mut first = true;
        for (field, value) in self.0.iter().zip(values) {
            // A text that is not there is empty; a row that is not there is not there.
            if value.is_none() && field.row.is_some() {
                continue;
            }
            if !first {
                text.push(b',');
            }
            first = false;
            text.extend_from_slice(field.label.as_bytes());
            let value = value.unwrap_or_default();
            match &field.row {
                Some(row) => row.write(value, text)?,
                None => write_text(value, text)?,
            }
        }
        text.push(b'}');
        Ok(())
    }
}

/// The next field that has a length: the others are none of a batch's, and are passed over.
fn next_field<'a>(rest: &mut &'a [u8]) -> Result<Option<(u32, &'a [u8])>> {
    while !rest.is_empty() {
        let (number, wire_type) = decode_key(rest).map_err(Error::internal)?;
        if wire_type != WireType::LengthDelimited {
            skip_field(wire_type, number, rest, DecodeContext::default())
                .map_err(Error::internal)?;
            continue;
        }
        let length = decode_varint(rest).map_err(Error::internal)?;
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let split = rest.split_at_checked(length);
        let (value, after) = split.ok_or_else(|| Error::internal("a field that is cut off"))?;
        *rest = after;
        return Ok(Some((number, value)));
    }
    Ok(None)
}

fn write_text(value: &[u8], text: &mut Vec<u8>) -> Result<()> {
    let value = from_utf8(value).map_err(Error::internal)?;
    let plain = |byte: u8| byte >= b' ' && byte != b'"' && byte != b'\\';
    if value.bytes().all(plain) {
        text.push(b'"');
        text.extend_from_slice(value.as_bytes());
        text.push(b'"');
        return Ok(());
    }
    // To memory, of a text: it cannot fail.
    let _ = serde_json::to_writer(&mut *text, value);
    Ok(())
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use prost_reflect::{DescriptorPool, DynamicMessage};

    use super::*;
    use crate::{
        contract::proto::{
            DettaglioDecreto, Differenza, ExportDecreesResponse, ExportDifferenzeResponse,
            FILE_DESCRIPTOR_SET, LottoDifferenze, LottoExport, PACKAGE,
            export_decrees_response::Parte as PartOfRows,
            export_differenze_response::Parte as PartOfDifferences,
        },
        rest::answer::json_options,
    };

    fn message(name: &str) -> MessageDescriptor {
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
        pool.get_message_by_name(&format!("{PACKAGE}.{name}"))
            .unwrap()
    }

    fn row(numero: &str, cf: &str) -> DettaglioDecreto {
        DettaglioDecreto {
            numero_decreto: numero.to_owned(),
            cf_azienda: cf.to_owned(),
            importi_erogati: "0.10".to_owned(),
            ..DettaglioDecreto::default()
        }
    }

    /// As what makes JSON of any message has it.
    fn spelt(name: &str, bytes: &[u8]) -> String {
        let row = DynamicMessage::decode(message(name), bytes).unwrap();
        let mut text = Vec::new();
        let mut serializer = serde_json::Serializer::new(&mut text);
        row.serialize_with_options(&mut serializer, &json_options())
            .unwrap();
        String::from_utf8(text).unwrap()
    }

    fn lines(name: &str, bytes: &[u8]) -> Option<String> {
        let plan = BatchPlan::of(&message(name)).unwrap();
        let text = plan.lines(bytes).unwrap();
        text.map(|text| String::from_utf8(text).unwrap())
    }

    #[test]
    fn rows_are_as_any_message_is() {
        let odd = [
            "",
            "7",
            "\"\\\"",
            "a\u{1}\n\tb",
            "è €  \u{2028}\u{1f600}",
            "</script>",
            "\u{7f}",
        ];
        let rows: Vec<DettaglioDecreto> = odd.iter().map(|text| row(text, "é")).collect();
        let expected: String = rows
            .iter()
            .map(|row| {
                format!(
                    "{{\"riga\":{}}}\n",
                    spelt("DettaglioDecreto", &row.encode_to_vec())
                )
            })
            .collect();
        let lotto = LottoExport {
            decreti: rows,
            resume_token: "a\"b".to_owned(),
        };
        let answer = ExportDecreesResponse {
            parte: Some(PartOfRows::Lotto(lotto)),
        };
        let told = lines("ExportDecreesResponse", &answer.encode_to_vec());
        assert_eq!(told.unwrap(), expected + "{\"resume_token\":\"a\\\"b\"}\n");
        let closing = ExportDecreesResponse {
            parte: Some(PartOfRows::Chiusura(Default::default())),
        };
        assert_eq!(
            lines("ExportDecreesResponse", &closing.encode_to_vec()),
            None
        );
    }

    #[test]
    fn a_side_that_is_not_there_is_not_there() {
        let sides = [
            (None, Some(row("1", ""))),
            (Some(row("2", "x")), None),
            (None, None),
        ];
        let differenze: Vec<Differenza> = sides
            .into_iter()
            .map(|(prima, dopo)| Differenza {
                normativa: "A".to_owned(),
                prima,
                dopo,
            })
            .collect();
        let expected: String = differenze
            .iter()
            .map(|row| {
                format!(
                    "{{\"riga\":{}}}\n",
                    spelt("Differenza", &row.encode_to_vec())
                )
            })
            .collect();
        let lotto = LottoDifferenze {
            differenze,
            resume_token: String::new(),
        };
        let answer = ExportDifferenzeResponse {
            parte: Some(PartOfDifferences::Lotto(lotto)),
        };
        let told = lines("ExportDifferenzeResponse", &answer.encode_to_vec()).unwrap();
        assert_eq!(told, expected);
    }

    #[test]
    fn a_part_of_a_message_is_an_error() {
        let lotto = LottoExport {
            decreti: vec![row("1", "2")],
            resume_token: "t".to_owned(),
        };
        let answer = ExportDecreesResponse {
            parte: Some(PartOfRows::Lotto(lotto)),
        };
        let bytes = answer.encode_to_vec();
        let plan = BatchPlan::of(&message("ExportDecreesResponse")).unwrap();
        for cut in 1..bytes.len() {
            assert!(plan.lines(&bytes[..cut]).is_err(), "{cut}");
        }
    }
}
