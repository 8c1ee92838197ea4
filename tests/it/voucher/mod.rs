//! Vouchers, proofs and evidences against the real server: what is right is taken, and each defect is named.

mod chiavi;
mod comando;
mod difetti;
mod emittenti;
mod fonte;
mod json_form;
mod operatori;
mod refused;
mod spesa;
mod uso;

use omnia::{
    abilitazione::authn::{FonteChiavi, TipoEmittente},
    config::{Issuer, Settings},
    contract::proto::{
        ErrorReason, GetMyAccessRequest, access_service_client::AccessServiceClient,
    },
};
use serde_json::{Value, json};
use tonic::{Code, Request, transport::Channel};

use self::chiavi::{CLIENT_EC, CONSUMER, Chiave, PDND, b64, hex, set, sha256};
use crate::{
    errore::errore,
    servizio::{Servizio, tutto},
};

const ISSUER: &str = "interop.pagopa.it";
const AUDIENCE: &str = "https://omnia.example/api/v1";
const CLIENT: &str = "9a1d1b0e-4d3b-4b6f-8d6e-0c4b7f6c2a11";
const TUTTI: [&str; 3] = ["MLPS", "MEF", "INPS"];
const FINALITA: &str = "0e9c2b1a-7f43-4f0e-9d43-5d3c1f7f4b8e";
const HTU: &str = "https://omnia.example/inps.omnia.monitoraggio.v1.AccessService/GetMyAccess";

/// A server that takes vouchers of a PDND of the test's.
struct Scena {
    servizio: Servizio,
    _dir: tempfile::TempDir,
}

/// What a caller presents.
#[derive(Debug, Clone, Default)]
struct Presenta {
    headers: Vec<(&'static str, String)>,
}

impl Presenta {
    fn bearer(voucher: &str) -> Self {
        Self::default().con("authorization", &format!("Bearer {voucher}"))
    }

    fn dpop(voucher: &str, proof: &str) -> Self {
        Self::default()
            .con("authorization", &format!("DPoP {voucher}"))
            .con("dpop", proof)
    }

    fn con(mut self, header: &'static str, value: &str) -> Self {
        self.headers.push((header, value.to_owned()));
        self
    }

    fn evidenza(self, evidence: &str) -> Self {
        self.con("agid-jwt-trackingevidence", evidence)
    }

    async fn chiama(&self, channel: Channel) -> Result<(), (Code, ErrorReason)> {
        let mut request = Request::new(GetMyAccessRequest::default());
        for (name, value) in &self.headers {
            request.metadata_mut().append(*name, value.parse().unwrap());
        }
        AccessServiceClient::new(channel)
            .get_my_access(request)
            .await
            .map(drop)
            .map_err(|status| {
                let errore = errore(&status);
                (errore.code, errore.reason)
            })
    }
}

/// Enti, as settings name them.
fn enti(enti: &[&str]) -> Vec<String> {
    enti.iter().copied().map(str::to_owned).collect()
}

/// Keys as a file.
fn write_jwks(path: &std::path::Path, keys: &[Value]) {
    std::fs::write(path, json!({"keys": keys}).to_string()).unwrap();
}

impl Scena {
    async fn avvia() -> Self {
        Self::avvia_con(|_| ()).await
    }

    async fn avvia_con(change: impl FnOnce(&mut Settings)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (pdnd, consumer) = (
            dir.path().join("pdnd.json"),
            dir.path().join("consumer.json"),
        );
        write_jwks(&pdnd, &[PDND.con_kid("pdnd-1")]);
        write_jwks(&consumer, &[CONSUMER.con_kid("consumer-1")]);
        let servizio = Servizio::avvia_con(|settings| {
            settings.access.issuers.push(Issuer {
                kind: TipoEmittente::Pdnd,
                issuer: ISSUER.to_owned(),
                audience: vec![AUDIENCE.to_owned()],
                jwks: FonteChiavi::File(pdnd),
                enti: enti(&TUTTI),
                subject_claim: None,
                algorithms: None,
                nbf_required: None,
            });
            settings.access.enti = enti(&TUTTI);
            settings.access.public_urls = vec!["https://omnia.example".to_owned()];
            settings.access.evidence.jwks = Some(FonteChiavi::File(consumer));
            settings.access.evidence.audience = vec![AUDIENCE.to_owned()];
            change(settings);
        })
        .await;
        servizio
            .abilita(CLIENT, "mlps-ammortizzatori", tutto())
            .await;
        Self {
            servizio,
            _dir: dir,
        }
    }

    fn now(&self) -> i64 {
        self.servizio.clock.now().timestamp()
    }

    async fn chiama(&self, presenta: &Presenta) -> Result<(), (Code, ErrorReason)> {
        presenta.chiama(self.servizio.canale()).await
    }

    fn voucher_parts(&self) -> (Value, Value) {
        let now = self.now();
        (
            json!({"alg": "RS256", "use": "sig", "typ": "at+jwt", "kid": "pdnd-1"}),
            json!({
                "iss": ISSUER, "aud": AUDIENCE, "sub": CLIENT, "client_id": CLIENT, "purposeId": FINALITA,
                "jti": "voucher-1", "iat": now, "nbf": now, "exp": now + 86_400,
            }),
        )
    }

    /// A voucher, bound to a key if there is one, naming an evidence if there is one.
    fn voucher(&self, key: Option<&Chiave>, evidence: Option<&str>) -> String {
        let (header, mut claims) = self.voucher_parts();
        if let Some(key) = key {
            claims["cnf"] = json!({"jkt": key.jkt()});
        }
        if let Some(evidence) = evidence {
            claims["digest"] = json!({"alg": "SHA256", "value": hex(&sha256(evidence))});
        }
        PDND.firma(&header, &claims)
    }

    /// A voucher with one member of its header or claims changed.
    fn voucher_with(&self, part: Part, member: &str, value: Value) -> String {
        let (mut header, mut claims) = self.voucher_parts();
        set(part.of(&mut header, &mut claims), member, value);
        PDND.firma(&header, &claims)
    }

    fn proof_parts(&self, key: &Chiave, voucher: &str, jti: &str) -> (Value, Value) {
        (
            json!({"alg": key.alg(), "typ": "dpop+jwt", "jwk": key.jwk}),
            json!({"htm": "POST", "htu": HTU, "iat": self.now(), "jti": jti, "ath": b64(sha256(voucher))}),
        )
    }

    fn proof(&self, key: &Chiave, voucher: &str, jti: &str) -> String {
        let (header, claims) = self.proof_parts(key, voucher, jti);
        key.firma(&header, &claims)
    }

    /// A proof of [`CLIENT_EC`] with one member changed.
    fn proof_with(&self, voucher: &str, part: Part, member: &str, value: Value) -> String {
        let (mut header, mut claims) = self.proof_parts(&CLIENT_EC, voucher, "proof-with");
        set(part.of(&mut header, &mut claims), member, value);
        CLIENT_EC.firma(&header, &claims)
    }

    fn evidence_parts(&self, jti: &str) -> (Value, Value) {
        let now = self.now();
        (
            json!({"alg": "RS256", "typ": "JWT", "kid": "consumer-1"}),
            json!({
                "iss": CLIENT, "aud": AUDIENCE, "iat": now, "nbf": now, "exp": now + 600, "jti": jti,
                "purposeId": FINALITA, "dnonce": 4711, "userID": "utente 7", "userLocation": "postazione 12",
                "LoA": "substantial",
            }),
        )
    }

    fn evidence(&self, jti: &str) -> String {
        let (header, claims) = self.evidence_parts(jti);
        CONSUMER.firma(&header, &claims)
    }

    fn evidence_with(&self, part: Part, member: &str, value: Value) -> String {
        let (mut header, mut claims) = self.evidence_parts("evidence-with");
        set(part.of(&mut header, &mut claims), member, value);
        CONSUMER.firma(&header, &claims)
    }
}

/// Of a JWS.
#[derive(Debug, Clone, Copy)]
enum Part {
    Header,
    Claims,
}

impl Part {
    fn of<'a>(self, header: &'a mut Value, claims: &'a mut Value) -> &'a mut Value {
        match self {
            Self::Header => header,
            Self::Claims => claims,
        }
    }
}
