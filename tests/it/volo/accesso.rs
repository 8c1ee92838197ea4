//! What a caller may not do, does not see, and leaves behind in the log. Who may make which call with which filter is in
//! [`crate::accesso`], with all other calls.

use arrow_flight::{
    Action, Empty, FlightData, FlightDescriptor, HandshakeRequest,
    flight_descriptor::DescriptorType,
};
use futures_util::stream;
use omnia::{
    contract::proto::{ErrorReason, ExportDecreesRequest},
    crypto::chiave::Chiave,
};
use prost::Message as _;
use tonic::{Code, Status};

use super::{biglietti, chiama, prendi};
use crate::{
    audit::chiamate as registrate,
    chiamate::{self, PERSONA, VOLO, filtro_decreti},
    errore::assert_errore,
    modello::NORMATIVE,
    servizio::{CHIAVE, Cliente, Servizio},
};

#[tokio::test]
async fn other_methods_are_unknown() {
    let servizio = Servizio::avvia().await;
    let mut uno = servizio.cliente("mlps-ammortizzatori").await;
    let mut nessuno = servizio.con_token(None);
    for (cliente, code, reason) in [
        (&mut uno, Code::Unimplemented, ErrorReason::CallUnknown),
        (
            &mut nessuno,
            Code::Unauthenticated,
            ErrorReason::TokenMissing,
        ),
    ] {
        let volo = &mut cliente.volo;
        let hands = stream::iter([HandshakeRequest::default()]);
        let put = stream::iter([FlightData::default()]);
        let exchange = stream::iter([FlightData::default()]);
        let esiti: [Result<(), Status>; 6] = [
            volo.handshake(hands).await.map(drop),
            volo.poll_flight_info(FlightDescriptor::default())
                .await
                .map(drop),
            volo.do_put(put).await.map(drop),
            volo.do_exchange(exchange).await.map(drop),
            volo.do_action(Action::default()).await.map(drop),
            volo.list_actions(Empty {}).await.map(drop),
        ];
        for esito in esiti {
            assert_errore(&esito.unwrap_err(), code, reason);
        }
    }
    servizio.ferma().await;
}

#[tokio::test]
async fn what_is_wrong_with_a_command_is_told() {
    let servizio = Servizio::avvia().await;
    servizio.carica(&chiamate::estratto(), "2026-10-31").await;
    let mut cliente = servizio.cliente("mlps-ammortizzatori").await;
    let unset = FlightDescriptor {
        r#type: DescriptorType::Unknown.into(),
        ..Default::default()
    };
    for (descriptor, fields) in [
        (unset, &["flight_descriptor"][..]),
        (
            FlightDescriptor::new_cmd(r#"{"norma": "x"}"#),
            &["flight_descriptor.cmd"],
        ),
        (FlightDescriptor::new_cmd(""), &["normativa"]),
        (
            FlightDescriptor::new_cmd(r#"{"normativa": "x y", "filtro": {"numero_decreto": "="}}"#),
            &["normativa", "filtro.numero_decreto"],
        ),
        (
            FlightDescriptor::new_cmd(r#"{"normativa": "A", "resume_token": "x"}"#),
            &["resume_token"],
        ),
        (
            FlightDescriptor::new_cmd(r#"{"normativa": "NO-SUCH-NORM"}"#),
            &["normativa"],
        ),
    ] {
        let schema = cliente.volo.get_schema(descriptor.clone()).await.map(drop);
        let info = cliente.volo.get_flight_info(descriptor).await.map(drop);
        for esito in [schema, info] {
            let status = esito.unwrap_err();
            let errore = assert_errore(&status, Code::InvalidArgument, ErrorReason::InvalidRequest);
            assert_eq!(errore.violations, fields);
        }
    }
    servizio.ferma().await;
}

/// What the profile hides is neither in the schema nor in the totals.
#[tokio::test]
async fn a_hidden_column_is_no_column() {
    let dir = tempfile::tempdir().unwrap();
    let mut policy = std::fs::read_to_string("policies/policy.csv").unwrap();
    for rpc in ["DoGet", "GetFlightInfo", "GetSchema", "ListFlights"] {
        policy += &format!("p, poco, FlightService/{rpc}, colonna, importi_erogati, deny\n");
        policy += &format!("p, poco, FlightService/{rpc}, colonna, matricola_azienda, deny\n");
    }
    policy += "g, mef-rgs, poco\n";
    std::fs::write(dir.path().join("policy.csv"), policy).unwrap();
    std::fs::copy("policies/model.conf", dir.path().join("model.conf")).unwrap();
    let servizio = Servizio::avvia_con(|s| s.access.policy_dir = Some(dir.path().into())).await;
    servizio.carica(&chiamate::estratto(), "2026-10-31").await;
    let mut cliente = servizio.cliente("mef-rgs").await;
    let descriptor = FlightDescriptor::new_path(vec![NORMATIVE[0].into()]);
    let info = cliente
        .volo
        .get_flight_info(descriptor)
        .await
        .unwrap()
        .into_inner();
    let preso = prendi(&mut cliente, biglietti(&info).pop().unwrap())
        .await
        .unwrap();
    let schema = preso.schema.unwrap();
    assert_eq!(schema.fields().len(), 9);
    let fields = chiama(
        &mut cliente,
        "FlightService/GetSchema",
        NORMATIVE[0],
        filtro_decreti(""),
    );
    assert_eq!(fields.await.unwrap(), 9);
    let totali = preso.esito.unwrap();
    assert!(totali.importi_erogati.is_empty() && !totali.importi_autorizzati.is_empty());
    assert!(!schema.metadata().contains_key("totali.importi_erogati"));
    assert!(schema.metadata().contains_key("totali.importi_autorizzati"));
    assert!(
        preso
            .righe
            .iter()
            .all(|r| r.matricola_azienda.is_empty() && !r.cf_azienda.is_empty())
    );
    servizio.ferma().await;
}

#[tokio::test]
async fn a_record_tells_what_was_selected_and_how_much_was_given() {
    let servizio = Servizio::avvia().await;
    servizio.carica(&chiamate::estratto(), "2026-10-31").await;
    let mut cliente: Cliente = servizio.cliente("mlps-ammortizzatori").await;
    let filtro = filtro_decreti("cf_azienda.persona_fisica");
    for rpc in VOLO {
        chiama(&mut cliente, rpc, NORMATIVE[0], filtro.clone())
            .await
            .unwrap();
    }
    let request = ExportDecreesRequest {
        normativa: NORMATIVE[0].into(),
        filtro: Some(filtro),
        ..Default::default()
    };
    let stream = cliente
        .decreti
        .export_decrees(request.clone())
        .await
        .unwrap();
    let righe = chiamate::drena(stream.into_inner()).await.righe.len();
    assert!(righe > 0 && request.encoded_len() > 0);
    let all = registrate(&servizio.ferma().await.owner).await;
    for rpc in VOLO {
        let record = all
            .iter()
            .find(|r| r["rpc"] == rpc && r["tipo"] != "FINE")
            .unwrap();
        assert_eq!(record["selezione"]["normativa"], NORMATIVE[0]);
        let person = Chiave::new(&CHIAVE).impronta(PERSONA);
        assert_eq!(record["selezione"]["cf_azienda"], person);
        assert_eq!(record["rilevazione"], 1);
        assert_eq!(record["decisione"], "CONSENTITA");
    }
    let end = |rpc: &str| {
        let found = all.iter().find(|r| r["rpc"] == rpc && r["tipo"] == "FINE");
        found.unwrap().clone()
    };
    let fine = end("FlightService/DoGet");
    assert_eq!(
        (&fine["esito"], &fine["righe"]),
        (&"OK".into(), &righe.into())
    );
    assert_eq!(fine["righe"], end("DecreeService/ExportDecrees")["righe"]);
}
