//! Vouchers, proofs and evidences against the real server: what is right is taken, and each defect is named.

mod command;
mod defects;
mod from_pages;
mod issuers;
mod json_form;
mod key_endpoint;
pub(crate) mod keys;
mod operators;
mod refused;
mod resources;
mod single_use;
mod unspent;

use omnia::{
    abilitazione::authn::IssuerSettings,
    abilitazione::authn::{IssuerKind, KeyLocation},
    config::Settings,
    contract::proto::{
        ErrorReason, GetMyAccessRequest, access_service_client::AccessServiceClient,
    },
};
use serde_json::{Value, json};
use tonic::{Code, Request, transport::Channel};

use self::keys::{CLIENT_EC, CONSUMER, PDND, TokenKey, b64, hex, set, sha256};
use crate::{
    errors::contract_error,
    server::{TestServer, whole_scope},
};

const ISSUER: &str = "interop.pagopa.it";
const AUDIENCE: &str = "https://omnia.example/api/v1";
const CLIENT: &str = "9a1d1b0e-4d3b-4b6f-8d6e-0c4b7f6c2a11";
const ALL_ENTI: [&str; 3] = ["MLPS", "MEF", "INPS"];
const FINALITA: &str = "0e9c2b1a-7f43-4f0e-9d43-5d3c1f7f4b8e";
const HTU: &str = "https://omnia.example/inps.omnia.monitoraggio.v1.AccessService/GetMyAccess";

/// A server that takes vouchers of a PDND of the test's.
struct VoucherScene {
    service: TestServer,
    _dir: tempfile::TempDir,
}

/// What a caller presents.
#[derive(Debug, Clone, Default)]
struct Presentation {
    headers: Vec<(&'static str, String)>,
}

impl Presentation {
    fn bearer(voucher: &str) -> Self {
        Self::default().with("authorization", &format!("Bearer {voucher}"))
    }

    fn dpop(voucher: &str, proof: &str) -> Self {
        Self::default()
            .with("authorization", &format!("DPoP {voucher}"))
            .with("dpop", proof)
    }

    fn with(mut self, header: &'static str, value: &str) -> Self {
        self.headers.push((header, value.to_owned()));
        self
    }

    fn evidence(self, evidence: &str) -> Self {
        self.with("agid-jwt-trackingevidence", evidence)
    }

    async fn call(&self, channel: Channel) -> Result<(), (Code, ErrorReason)> {
        let mut request = Request::new(GetMyAccessRequest::default());
        for (name, value) in &self.headers {
            request.metadata_mut().append(*name, value.parse().unwrap());
        }
        AccessServiceClient::new(channel)
            .get_my_access(request)
            .await
            .map(drop)
            .map_err(|status| {
                let error = contract_error(&status);
                (error.code, error.reason)
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

impl VoucherScene {
    async fn start() -> Self {
        Self::start_with(|_| ()).await
    }

    async fn start_with(change: impl FnOnce(&mut Settings)) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (pdnd, consumer) = (
            dir.path().join("pdnd.json"),
            dir.path().join("consumer.json"),
        );
        write_jwks(&pdnd, &[PDND.with_kid("pdnd-1")]);
        write_jwks(&consumer, &[CONSUMER.with_kid("consumer-1")]);
        let service = TestServer::start_with(|settings| {
            settings.access.issuers.push(IssuerSettings {
                kind: IssuerKind::Pdnd,
                issuer: ISSUER.to_owned(),
                audience: vec![AUDIENCE.to_owned()],
                jwks: KeyLocation::File(pdnd),
                enti: enti(&ALL_ENTI),
                subject_claim: None,
                algorithms: None,
                nbf_required: None,
            });
            settings.access.enti = enti(&ALL_ENTI);
            settings.access.public_urls = vec!["https://omnia.example".to_owned()];
            settings.access.evidence.jwks = Some(KeyLocation::File(consumer));
            settings.access.evidence.audience = vec![AUDIENCE.to_owned()];
            change(settings);
        })
        .await;
        service
            .grant_scope(CLIENT, "mlps-ammortizzatori", whole_scope())
            .await;
        Self { service, _dir: dir }
    }

    fn now(&self) -> i64 {
        self.service.clock.now().timestamp()
    }

    async fn call(&self, present: &Presentation) -> Result<(), (Code, ErrorReason)> {
        present.call(self.service.channel()).await
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
    fn voucher(&self, key: Option<&TokenKey>, evidence: Option<&str>) -> String {
        let (header, mut claims) = self.voucher_parts();
        if let Some(key) = key {
            claims["cnf"] = json!({"jkt": key.jkt()});
        }
        if let Some(evidence) = evidence {
            claims["digest"] = json!({"alg": "SHA256", "value": hex(&sha256(evidence))});
        }
        PDND.sign(&header, &claims)
    }

    /// A voucher with one member of its header or claims changed.
    fn voucher_with(&self, part: TokenPart, member: &str, value: Value) -> String {
        let (mut header, mut claims) = self.voucher_parts();
        set(part.of(&mut header, &mut claims), member, value);
        PDND.sign(&header, &claims)
    }

    fn proof_parts(&self, key: &TokenKey, voucher: &str, jti: &str) -> (Value, Value) {
        (
            json!({"alg": key.alg(), "typ": "dpop+jwt", "jwk": key.jwk}),
            json!({"htm": "POST", "htu": HTU, "iat": self.now(), "jti": jti, "ath": b64(sha256(voucher))}),
        )
    }

    fn proof(&self, key: &TokenKey, voucher: &str, jti: &str) -> String {
        let (header, claims) = self.proof_parts(key, voucher, jti);
        key.sign(&header, &claims)
    }

    /// A proof of [`CLIENT_EC`] with one member changed.
    fn proof_with(&self, voucher: &str, part: TokenPart, member: &str, value: Value) -> String {
        let (mut header, mut claims) = self.proof_parts(&CLIENT_EC, voucher, "proof-with");
        set(part.of(&mut header, &mut claims), member, value);
        CLIENT_EC.sign(&header, &claims)
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
        CONSUMER.sign(&header, &claims)
    }

    fn evidence_with(&self, part: TokenPart, member: &str, value: Value) -> String {
        let (mut header, mut claims) = self.evidence_parts("evidence-with");
        set(part.of(&mut header, &mut claims), member, value);
        CONSUMER.sign(&header, &claims)
    }
}

/// Of a JWS.
#[derive(Debug, Clone, Copy)]
enum TokenPart {
    Header,
    Claims,
}

impl TokenPart {
    fn of<'a>(self, header: &'a mut Value, claims: &'a mut Value) -> &'a mut Value {
        match self {
            Self::Header => header,
            Self::Claims => claims,
        }
    }
}
