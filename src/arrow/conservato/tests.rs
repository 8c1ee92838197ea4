use proptest::prelude::*;

use super::*;
use crate::{arrow::tests::testi, lotto::blocco::espandi};

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

proptest! {
    #[test]
    fn as_if_encoded_when_asked_for(testi in prop::collection::vec(testi(), 1..60), per_lotto in 1_usize..20) {
        let clear: Vec<Riga> = testi.iter().map(|riga| Riga::of(riga.each_ref().map(String::as_str))).collect();
        let masked: Vec<Riga> = clear.iter().map(|riga| match riga.cf_azienda.len() {
            16 => Riga { cf_azienda: MASCHERA, ..*riga },
            _ => *riga,
        }).collect();
        let mut conservatore = Conservatore::new().unwrap();
        let stored: Vec<Conservato> = clear.chunks(per_lotto).map(|lotto| {
            for riga in lotto {
                conservatore.aggiungi(riga).unwrap();
            }
            conservatore.chiudi().unwrap()
        }).collect();
        let dizionari = conservatore.dizionari();
        for (rows, in_chiaro) in [(&clear, true), (&masked, false)] {
            let expected = codificate(rows.chunks(per_lotto).map(<[Riga]>::to_vec), &dizionari);
            prop_assert_eq!(stored.len(), expected.len());
            for (stored, expected) in stored.iter().zip(expected) {
                let persone = in_chiaro.then_some(&stored.persone[..]);
                prop_assert_eq!(&stored.testata, &expected.testata);
                prop_assert_eq!(espandi(&stored.corpo, stored.byte, persone).unwrap(), expected.corpo);
            }
        }
    }
}

#[test]
fn where_the_codes_are() {
    assert_eq!(buffer_dei_codici(), 15);
}
