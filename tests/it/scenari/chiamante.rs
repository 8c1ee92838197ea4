//! The callers of the table.

use omnia::{
    abilitazione::{
        Ambito, Insieme,
        grants::{self, Azione, Certificati, Finalita, Orari, Reti, Richiesta},
    },
    demo::demo_key,
    valori::CodiceNormativa,
};

use crate::{
    abilitazione::{motivo, nuova, operatore},
    modello::NORMATIVE,
    servizio::{Cliente, Servizio},
};

/// Who calls.
pub struct Chiamante {
    pub nome: &'static str,
    token: Token,
}

enum Token {
    Nessuno,
    /// Signed with a key that the server does not know, under the name of one that it does.
    Falso,
    /// For another audience.
    Altrove,
    Buono,
}

impl Chiamante {
    /// A client with the token that is good now, if it has a good one, at an address.
    pub fn cliente(&self, servizio: &Servizio, indirizzo: &str) -> Cliente {
        let access = &servizio.settings.access;
        let sign = |key: &demo_key::DemoKey, audience: &str| {
            key.token(&access.issuer, audience, self.nome, 1, &servizio.clock)
                .unwrap()
        };
        let token = match self.token {
            Token::Nessuno => None,
            Token::Falso => {
                let dir = tempfile::tempdir().unwrap();
                let key = demo_key::create_or_load(dir.path()).unwrap();
                Some(sign(&key, &access.audience))
            }
            Token::Altrove => Some(sign(&servizio.key, "altrove")),
            Token::Buono => Some(sign(&servizio.key, &access.audience)),
        };
        servizio.da(indirizzo, token.as_deref())
    }
}

/// All of them, with their grants.
pub async fn tutti(servizio: &Servizio) -> Vec<Chiamante> {
    let mut chiamanti = vec![
        Chiamante {
            nome: "nessuno",
            token: Token::Nessuno,
        },
        Chiamante {
            nome: "falso",
            token: Token::Falso,
        },
        Chiamante {
            nome: "altrove",
            token: Token::Altrove,
        },
        Chiamante {
            nome: "senza",
            token: Token::Buono,
        },
    ];
    servizio
        .abilita("falso", "mef-rgs", crate::servizio::tutto())
        .await;
    servizio
        .abilita("altrove", "mef-rgs", crate::servizio::tutto())
        .await;
    let mut buono = |nome| {
        chiamanti.push(Chiamante {
            nome,
            token: Token::Buono,
        })
    };

    for (nome, profilo, limita) in CONCESSE {
        buono(nome);
        let mut richiesta = nuova(nome, profilo, "2026-01-01", "2026-12-31");
        limita(&mut richiesta);
        servizio.concedi(&richiesta).await;
    }
    for (nome, passi) in CAMMINI {
        buono(nome);
        cammina(
            servizio,
            &nuova(nome, "mef-rgs", "2026-01-01", "2026-12-31"),
            passi,
        )
        .await;
    }
    buono("futura");
    servizio
        .concedi(&nuova("futura", "mef-rgs", "2027-01-01", "2027-12-31"))
        .await;
    // Given when its days were still to come.
    buono("scaduta");
    servizio.orologio("2026-01-15T09:00:00Z");
    servizio
        .concedi(&nuova("scaduta", "mef-rgs", "2026-01-01", "2026-10-31"))
        .await;
    chiamanti
}

/// A name, its profile, and what limits its grant.
type Concessa = (&'static str, &'static str, fn(&mut Richiesta));

const CONCESSE: [Concessa; 9] = [
    ("amm", "mlps-ammortizzatori", |_| ()),
    ("cons", "mlps-consultazione", |_| ()),
    ("rgs", "mef-rgs", |_| ()),
    ("sintesi", "mef-sintesi", |_| ()),
    ("una", "mef-rgs", |r| {
        let codici = [CodiceNormativa::parse(NORMATIVE[0]).unwrap()];
        r.ambito = Ambito::new(Insieme::alcuni(codici).unwrap(), Insieme::Tutti);
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
const CAMMINI: [(&str, &[Azione]); 5] = [
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

async fn cammina(servizio: &Servizio, richiesta: &Richiesta, passi: &[Azione]) {
    let (owner, clock) = (&servizio.db.owner, &servizio.clock);
    let (anna, bruno, motivo) = (operatore("anna"), operatore("bruno"), motivo("prova"));
    let id = grants::registra(owner, clock, &servizio.tabella, richiesta, &anna, &motivo)
        .await
        .unwrap();
    for azione in passi {
        grants::avanza(owner, clock, id, *azione, &bruno, &motivo)
            .await
            .unwrap();
    }
}
