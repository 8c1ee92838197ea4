//! What is in no text of a record.

use chrono::DateTime;

use crate::{
    audit::record::{AuditedCall, MAX_RPC, RecordKind, append_record, opening_tail},
    call_record::{CallFacts, SelectedValue},
    crypto::key::AuditKey,
    output::terminal::is_harmful,
};

/// In every text, whoever wrote it, and however it is written there.
#[test]
fn no_text_of_a_record_holds_a_codice_fiscale() {
    let key = AuditKey::new(&[7; 32]);
    let (person, company) = ("RCCMNL83S18D969H", "00743110157");
    let (hash, firm) = (key.keyed_hash(person), key.keyed_hash(company));
    let text = |code: &str| Some(format!("a\n{code}\u{202e}\u{0}"));
    for (code, hash) in [
        (person, &hash),
        ("rccmnl83s18d969h", &hash),
        ("RCC MNL 83S18 D969H", &hash),
        ("%52CCMNL83S18D969H", &hash),
        ("\u{ff32}CCMNL83S18D969H", &hash),
        (company, &firm),
    ] {
        let facts = CallFacts {
            soggetto: text(code),
            emittente: text(code),
            ente: text(code),
            profilo: text(code),
            utente: text(code),
            finalita: text(code),
            jti: text(code),
            politica: text(code),
            selezione: vec![
                (
                    "numero_decreto",
                    SelectedValue::Text(format!("{code}/2023")),
                ),
                (
                    "matricola_azienda",
                    SelectedValue::Text("7012345662".into()),
                ),
            ],
            righe: Some(12_345_678_903),
            ..CallFacts::default()
        };
        // Where a cut at the longest would leave half of it.
        let rpc = format!("{}/{code}", "x".repeat(MAX_RPC - 90));
        let tail = AuditedCall {
            tipo: RecordKind::Chiamata,
            rpc: &rpc,
            facts: &facts,
            decisione: None,
            motivo: Some(code),
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736",
            outcome: None,
            inizio: None,
        }
        .record_tail(DateTime::UNIX_EPOCH, &key);
        let mut record = String::new();
        append_record(&mut record, 1, 2, &tail);
        let upper = record.to_uppercase();
        assert!(
            !upper.contains(person) && !upper.contains("CCMNL"),
            "{record}"
        );
        assert!(!record.contains(company), "{record}");
        assert!(!record.contains(is_harmful), "{record}");
        let value: serde_json::Value = serde_json::from_str(&record).unwrap();
        for field in [
            "soggetto",
            "emittente",
            "ente",
            "profilo",
            "utente",
            "finalita",
            "jti",
            "politica",
        ] {
            assert_eq!(
                value[field],
                format!("a\u{fffd}{hash}\u{202e}\u{fffd}"),
                "{field}"
            );
        }
        assert_eq!(value["motivo"], **hash);
        assert!(
            value["rpc"].as_str().unwrap().ends_with(hash.as_str()),
            "{record}"
        );
        assert_eq!(value["selezione"]["numero_decreto"], format!("{hash}/2023"));
        assert_eq!(value["selezione"]["matricola_azienda"], "7012345662");
        assert_eq!(value["righe"], 12_345_678_903_u64);
        assert_eq!(value["traccia"], "4bf92f3577b34da6a3ce929d0e0e4736");
    }
    let name = text(person).unwrap();
    assert!(!opening_tail(DateTime::UNIX_EPOCH, &name, &[], &key).contains(person));
}
