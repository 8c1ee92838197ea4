use proptest::prelude::*;

use super::*;
use crate::blocks::arrow::{codifica::Messaggio, tests::testi};

/// What a stream would have that encodes these rows when they are asked for.
fn codificate<'a>(
    lotti: impl Iterator<Item = Vec<Riga<'a>>>,
    dizionari: &Dizionari,
) -> Vec<Messaggio> {
    let schema = schema(|_| true, []);
    let (mut codifica, _) = Codifica::new(&schema).unwrap();
    let mut costruttore = Costruttore::con_dizionari(schema, dizionari);
    lotti
        .map(|lotto| {
            for riga in &lotto {
                costruttore.aggiungi(riga).unwrap();
            }
            codifica.batch(&costruttore.finisci().unwrap()).unwrap().1
        })
        .collect()
}

/// Invented: a provisional code is one that begins with 9.
fn is_persona(riga: &Riga<'_>) -> bool {
    riga.cf_azienda.len() == 16 || riga.cf_azienda.starts_with('9')
}

/// The texts of `cf_azienda`, as a reader finds them.
fn codici(testata: &[u8], corpo: &[u8], righe: usize) -> Vec<String> {
    let (fini, testi) = (fini(testata).unwrap(), super::testi(testata).unwrap());
    let fine = |at: usize| {
        let from = fini.start + at * FINE;
        usize::try_from(i32::from_le_bytes(
            corpo[from..from + FINE].try_into().unwrap(),
        ))
        .unwrap()
    };
    let testo = |at| &corpo[testi.start + fine(at)..testi.start + fine(at + 1)];
    (0..righe)
        .map(|at| String::from_utf8(testo(at).to_vec()).unwrap())
        .collect()
}

proptest! {
    #[test]
    fn as_if_encoded_when_asked_for(testi in prop::collection::vec(testi(), 1..60), per_lotto in 1_usize..20) {
        let clear: Vec<Riga> = testi.iter().map(|riga| Riga::of(riga.each_ref().map(String::as_str))).collect();
        let masked: Vec<Riga> = clear.iter().map(|riga| match is_persona(riga) {
            true => Riga { cf_azienda: MASCHERA, ..*riga },
            false => *riga,
        }).collect();
        let mut conservatore = Conservatore::new().unwrap();
        let stored: Vec<Conservato> = clear.chunks(per_lotto).map(|lotto| {
            for riga in lotto {
                conservatore.aggiungi(riga, is_persona(riga)).unwrap();
            }
            conservatore.chiudi().unwrap()
        }).collect();
        let dizionari = conservatore.dizionari();
        for (rows, in_chiaro) in [(&clear, true), (&masked, false)] {
            let expected = codificate(rows.chunks(per_lotto).map(<[Riga]>::to_vec), &dizionari);
            prop_assert_eq!(stored.len(), expected.len());
            for ((stored, expected), lotto) in stored.iter().zip(expected).zip(rows.chunks(per_lotto)) {
                let persone = in_chiaro.then_some(&stored.persone[..]);
                let corpo = stored.espandi(persone).unwrap();
                let codes: Vec<&str> = lotto.iter().map(|riga| riga.cf_azienda).collect();
                prop_assert_eq!(codici(&stored.testata, &corpo, lotto.len()), codes);
                if in_chiaro && lotto.iter().any(|riga| riga.cf_azienda.len() == 11 && is_persona(riga)) {
                    // Shorter than its mask: the rest of the body stands where it stood.
                    let masked = stored.espandi(None).unwrap();
                    let (from, to) = (fini(&stored.testata).unwrap().start, super::testi(&stored.testata).unwrap().end);
                    prop_assert_eq!(corpo.len(), masked.len());
                    prop_assert_eq!(&corpo[..from], &masked[..from]);
                    prop_assert_eq!(&corpo[to..], &masked[to..]);
                } else {
                    prop_assert_eq!(&stored.testata, &expected.testata);
                    prop_assert_eq!(corpo, expected.corpo);
                }
            }
        }
    }

    /// Whatever is wrong with the persons of a batch, it is an error or the batch is what it was: no panic.
    #[test]
    fn persons_of_another_batch(
        testi in prop::collection::vec(testi(), 1..20),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut conservatore = Conservatore::new().unwrap();
        for riga in &testi {
            let riga = Riga::of(riga.each_ref().map(String::as_str));
            conservatore.aggiungi(&riga, is_persona(&riga)).unwrap();
        }
        let mut batch = conservatore.chiudi().unwrap();
        if !batch.persone.is_empty() {
            let at = at.index(batch.persone.len());
            batch.persone[at] = byte;
        }
        if let Ok(corpo) = batch.espandi(Some(&batch.persone)) {
            prop_assert_eq!(corpo.len(), batch.byte);
        }
    }
}

#[test]
fn where_the_codes_are() {
    assert_eq!(buffer_dei_codici(), 15);
}
