use proptest::prelude::*;

use super::*;
use crate::blocks::arrow::{ipc::IpcMessage, tests::texts};

/// What a stream would have that encodes these rows when they are asked for.
fn encoded<'a>(
    lotti: impl Iterator<Item = Vec<DetailRow<'a>>>,
    dictionaries: &BatchDictionaries,
) -> Vec<IpcMessage> {
    let schema = schema(|_| true, []);
    let (mut codifica, _) = IpcEncoder::new(&schema).unwrap();
    let mut builder = RecordBatchBuilder::with_dictionaries(schema, dictionaries);
    lotti
        .map(|lotto| {
            for riga in &lotto {
                builder.add(riga).unwrap();
            }
            codifica.batch(&builder.finish().unwrap()).unwrap().1
        })
        .collect()
}

/// Invented: a provisional code is one that begins with 9.
fn is_person(riga: &DetailRow<'_>) -> bool {
    riga.cf_azienda.len() == 16 || riga.cf_azienda.starts_with('9')
}

/// The texts of `cf_azienda`, as a reader finds them.
fn codes(header: &[u8], body: &[u8], righe: usize) -> Vec<String> {
    let (ends, text_list) = (text_ends(header).unwrap(), super::texts(header).unwrap());
    let end = |at: usize| {
        let from = ends.start + at * OFFSET_BYTES;
        usize::try_from(i32::from_le_bytes(
            body[from..from + OFFSET_BYTES].try_into().unwrap(),
        ))
        .unwrap()
    };
    let testo = |at| &body[text_list.start + end(at)..text_list.start + end(at + 1)];
    (0..righe)
        .map(|at| String::from_utf8(testo(at).to_vec()).unwrap())
        .collect()
}

proptest! {
    #[test]
    fn as_if_encoded_when_asked_for(text_list in prop::collection::vec(texts(), 1..60), rows_per_lotto in 1_usize..20) {
        let clear: Vec<DetailRow> = text_list.iter().map(|riga| DetailRow::of(riga.each_ref().map(String::as_str))).collect();
        let masked: Vec<DetailRow> = clear.iter().map(|riga| match is_person(riga) {
            true => DetailRow { cf_azienda: MASK, ..*riga },
            false => *riga,
        }).collect();
        let mut builder = StoredBatchBuilder::new().unwrap();
        let stored: Vec<StoredBatch> = clear.chunks(rows_per_lotto).map(|lotto| {
            for riga in lotto {
                builder.add(riga, is_person(riga)).unwrap();
            }
            builder.finish().unwrap()
        }).collect();
        let dictionaries = builder.dictionaries();
        for (rows, in_chiaro) in [(&clear, true), (&masked, false)] {
            let expected = encoded(rows.chunks(rows_per_lotto).map(<[DetailRow]>::to_vec), &dictionaries);
            prop_assert_eq!(stored.len(), expected.len());
            for ((stored, expected), lotto) in stored.iter().zip(expected).zip(rows.chunks(rows_per_lotto)) {
                let persons = in_chiaro.then_some(&stored.persons[..]);
                let body = stored.expand(persons).unwrap();
                let expected_codes: Vec<&str> = lotto.iter().map(|riga| riga.cf_azienda).collect();
                prop_assert_eq!(codes(&stored.header, &body, lotto.len()), expected_codes);
                if in_chiaro && lotto.iter().any(|riga| riga.cf_azienda.len() == 11 && is_person(riga)) {
                    // Shorter than its mask: the rest of the body stands where it stood.
                    let masked = stored.expand(None).unwrap();
                    let (from, to) = (text_ends(&stored.header).unwrap().start, super::texts(&stored.header).unwrap().end);
                    prop_assert_eq!(body.len(), masked.len());
                    prop_assert_eq!(&body[..from], &masked[..from]);
                    prop_assert_eq!(&body[to..], &masked[to..]);
                } else {
                    prop_assert_eq!(&stored.header, &expected.header);
                    prop_assert_eq!(body, expected.body);
                }
            }
        }
    }

    /// Whatever is wrong with the persons of a batch, it is an error or the batch is what it was: no panic.
    #[test]
    fn persons_of_another_batch(
        text_list in prop::collection::vec(texts(), 1..20),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut builder = StoredBatchBuilder::new().unwrap();
        for riga in &text_list {
            let riga = DetailRow::of(riga.each_ref().map(String::as_str));
            builder.add(&riga, is_person(&riga)).unwrap();
        }
        let mut batch = builder.finish().unwrap();
        if !batch.persons.is_empty() {
            let at = at.index(batch.persons.len());
            batch.persons[at] = byte;
        }
        if let Ok(body) = batch.expand(Some(&batch.persons)) {
            prop_assert_eq!(body.len(), batch.body_len);
        }
    }
}

#[test]
fn where_the_codes_are() {
    assert_eq!(codes_buffer(), 15);
}
