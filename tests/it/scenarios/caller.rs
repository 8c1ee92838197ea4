//! The callers of the table.

use omnia::{
    abilitazione::{
        Ambito, AmbitoCodes,
        grants::{self, Azione, Certificati, Finalita, Orari, Reti, RichiestaAa07},
    },
    demo::demo_key,
    valori::CodiceNormativa,
};

use crate::{
    abilitazione::{motivo, new_request, operatore},
    model::NORMATIVE,
    server::TestServer,
};

/// Who calls.
pub struct ScenarioCaller {
    pub name: &'static str,
    token: CallerToken,
}

enum CallerToken {
    Missing,
    /// Signed with a key that the server does not know, under the name of one that it does.
    Forged,
    /// For another audience.
    OtherAudience,
    Good,
}

impl ScenarioCaller {
    /// The token that is good now, if it has a good one.
    pub fn token(&self, service: &TestServer) -> Option<String> {
        let access = &service.settings.access;
        let sign = |key: &demo_key::DemoKey, audience: &str| {
            key.token(&access.issuer, audience, self.name, 1, &service.clock)
                .unwrap()
        };
        match self.token {
            CallerToken::Missing => None,
            CallerToken::Forged => {
                let dir = tempfile::tempdir().unwrap();
                let key = demo_key::create_or_load(dir.path()).unwrap();
                Some(sign(&key, &access.audience))
            }
            CallerToken::OtherAudience => Some(sign(&service.key, "altrove")),
            CallerToken::Good => Some(sign(&service.key, &access.audience)),
        }
    }
}

/// All of them, with their grants.
pub async fn all_callers(service: &TestServer) -> Vec<ScenarioCaller> {
    let mut callers = vec![
        ScenarioCaller {
            name: "nessuno",
            token: CallerToken::Missing,
        },
        ScenarioCaller {
            name: "falso",
            token: CallerToken::Forged,
        },
        ScenarioCaller {
            name: "altrove",
            token: CallerToken::OtherAudience,
        },
        ScenarioCaller {
            name: "senza",
            token: CallerToken::Good,
        },
    ];
    service
        .grant_scope("falso", "mef-rgs", crate::server::whole_scope())
        .await;
    service
        .grant_scope("altrove", "mef-rgs", crate::server::whole_scope())
        .await;
    let mut good = |nome| {
        callers.push(ScenarioCaller {
            name: nome,
            token: CallerToken::Good,
        })
    };

    for (nome, profilo, narrow) in GRANTED {
        good(nome);
        let mut richiesta = new_request(nome, profilo, "2026-01-01", "2026-12-31");
        narrow(&mut richiesta);
        service.grant(&richiesta).await;
    }
    for (nome, passi) in STEP_PATHS {
        good(nome);
        walk(
            service,
            &new_request(nome, "mef-rgs", "2026-01-01", "2026-12-31"),
            passi,
        )
        .await;
    }
    good("futura");
    service
        .grant(&new_request(
            "futura",
            "mef-rgs",
            "2027-01-01",
            "2027-12-31",
        ))
        .await;
    // Given when its days were still to come.
    good("scaduta");
    service.set_clock("2026-01-15T09:00:00Z");
    service
        .grant(&new_request(
            "scaduta",
            "mef-rgs",
            "2026-01-01",
            "2026-10-31",
        ))
        .await;
    callers
}

/// A name, its profile, and what limits its grant.
type CallerGrant = (&'static str, &'static str, fn(&mut RichiestaAa07));

const GRANTED: [CallerGrant; 9] = [
    ("amm", "mlps-ammortizzatori", |_| ()),
    ("cons", "mlps-consultazione", |_| ()),
    ("rgs", "mef-rgs", |_| ()),
    ("sintesi", "mef-sintesi", |_| ()),
    ("una", "mef-rgs", |r| {
        let codes = [CodiceNormativa::parse(NORMATIVE[0]).unwrap()];
        r.ambito = Ambito::new(AmbitoCodes::only(codes).unwrap(), AmbitoCodes::All);
    }),
    ("rete", "mef-rgs", |r| {
        r.limiti.reti = Reti::parse(&["10.1.0.0/16", "2001:db8::/32"]).unwrap();
    }),
    ("orari", "mef-rgs", |r| {
        r.limiti.orari = Orari::parse(&["lun-ven 08:00-18:30"]).unwrap();
    }),
    ("certificato", "mef-rgs", |r| {
        r.limiti.certificati = Certificati::parse(&["dns:be.mef.example"]).unwrap();
    }),
    ("finalita", "mef-rgs", |r| {
        let id = "6b0c9b3e-6a1c-4c4f-9a53-0a2b5c1d2e3f";
        r.limiti.finalita = Finalita::parse(&[id]).unwrap();
    }),
];

/// How far some grants came.
const STEP_PATHS: [(&str, &[Azione]); 5] = [
    ("richiesta", &[]),
    ("verificata", &[Azione::Verifica]),
    ("rifiutata", &[Azione::Verifica, Azione::Revoca]),
    (
        "sospesa",
        &[Azione::Verifica, Azione::Approvazione, Azione::Sospensione],
    ),
    (
        "revocata",
        &[
            Azione::Verifica,
            Azione::Approvazione,
            Azione::Sospensione,
            Azione::Revoca,
        ],
    ),
];

async fn walk(service: &TestServer, richiesta: &RichiestaAa07, passi: &[Azione]) {
    let (owner, clock) = (&service.db.owner, &service.clock);
    let (anna, bruno, motivo) = (operatore("anna"), operatore("bruno"), motivo("prova"));
    let id = grants::record_request(
        owner,
        clock,
        &service.policy_table,
        richiesta,
        &anna,
        &motivo,
    )
    .await
    .unwrap();
    for azione in passi {
        grants::advance(owner, clock, id, *azione, &bruno, &motivo)
            .await
            .unwrap();
    }
}
