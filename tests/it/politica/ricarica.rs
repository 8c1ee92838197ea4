//! The server in this process: what bites, how soon, and what never gets in force.

use std::{
    cell::RefCell, collections::HashSet, fs, os::unix::fs::symlink, path::Path, time::Duration,
};

use omnia::{
    abilitazione::{Politica, Ricarica, Sorgente},
    clock::Clock,
    contract::{proto::ErrorReason, vocabulary::Vocabulary},
    telemetry::salute::Salute,
    transport::sorveglianza::Sorveglianza,
};
use tonic::Code;
use tonic_health::pb::health_check_response::ServingStatus;

use super::{ANCHE_DECRETI, SUBITO, cartella, finche, rinomina, salute, spedita};
use crate::{
    chiamate::{self, chiama},
    errore::assert_errore,
    servizio::{Cliente, Servizio},
};

const LIST: &str = "DecreeService/ListDecrees";

async fn avvia(dir: &Path) -> Servizio {
    let servizio = Servizio::avvia_con(|s| s.access.policy_dir = Some(dir.to_owned())).await;
    servizio.carica(&chiamate::estratto(), "2026-10-31").await;
    let channel = servizio.canale();
    finche("it serves", async || {
        salute(&channel, "").await == Some(ServingStatus::Serving)
    })
    .await;
    servizio
}

/// Whether the call is allowed; any other answer than that or CALL_DENIED fails the test.
async fn puo(cliente: &Cliente) -> bool {
    match chiama(&mut cliente.clone(), LIST, "").await {
        Ok(found) => found > 0,
        Err(status) => {
            assert_errore(&status, Code::PermissionDenied, ErrorReason::CallDenied);
            false
        }
    }
}

/// How long changes of the policy take to bite.
#[derive(Default)]
struct Tempi(Vec<Duration>);

impl Tempi {
    /// Changes the policy and waits until it bites.
    async fn cambia(
        &mut self,
        cliente: &Cliente,
        what: &str,
        allowed: bool,
        change: impl FnOnce(),
    ) {
        assert_ne!(puo(cliente).await, allowed, "before: {what}");
        change();
        let took = finche(what, async || puo(cliente).await == allowed).await;
        self.0.push(took);
    }

    /// The middle one, since the other tests want the machine too.
    fn entro_un_secondo(mut self) {
        self.0.sort();
        assert!(self.0[self.0.len() / 2] < SUBITO, "{:?}", self.0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_policy_bites_within_a_second_however_it_was_written() {
    let (_root, dir) = cartella();
    let servizio = avvia(&dir).await;
    let cliente = servizio.cliente("mef-sintesi").await;
    let mut tempi = Tempi::default();
    let policy = dir.join("policy.csv");
    let write = |text: String| fs::write(&policy, text).unwrap();
    tempi
        .cambia(&cliente, "written", true, || write(spedita(ANCHE_DECRETI)))
        .await;
    tempi
        .cambia(&cliente, "renamed", false, || rinomina(&dir, &spedita("")))
        .await;
    // The model bites as the rows do.
    let model = Sorgente::embedded().model;
    tempi
        .cambia(&cliente, "renamed again", true, || {
            rinomina(&dir, &spedita(ANCHE_DECRETI))
        })
        .await;
    let narrow = model.replace("m = r.nome", "m = r.profilo != \"mef-sintesi\" && r.nome");
    tempi
        .cambia(&cliente, "a model", false, || {
            fs::write(dir.join("model.conf"), narrow).unwrap()
        })
        .await;
    tempi
        .cambia(&cliente, "no model", true, || {
            fs::remove_file(dir.join("model.conf")).unwrap()
        })
        .await;
    tempi.entro_un_secondo();
    servizio.ferma().await;
}

/// As Kubernetes mounts a ConfigMap: the file is a link into `..data`, which is a link to a directory of the moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_swapped_config_map_bites() {
    let root = tempfile::tempdir().unwrap();
    let mount = root.path();
    let version = |name: &str, rows: &str| {
        fs::create_dir(mount.join(name)).unwrap();
        fs::write(mount.join(name).join("policy.csv"), spedita(rows)).unwrap();
    };
    version("..1", "");
    symlink("..1", mount.join("..data")).unwrap();
    symlink("..data/policy.csv", mount.join("policy.csv")).unwrap();
    let servizio = avvia(mount).await;
    let cliente = servizio.cliente("mef-sintesi").await;
    let mut tempi = Tempi::default();
    for (from, to, rows) in [
        ("..1", "..2", ANCHE_DECRETI),
        ("..2", "..3", ""),
        ("..3", "..4", ANCHE_DECRETI),
    ] {
        tempi
            .cambia(&cliente, to, !rows.is_empty(), || {
                version(to, rows);
                symlink(to, mount.join("..data_tmp")).unwrap();
                fs::rename(mount.join("..data_tmp"), mount.join("..data")).unwrap();
                fs::remove_dir_all(mount.join(from)).unwrap();
            })
            .await;
    }
    tempi.entro_un_secondo();
    servizio.ferma().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_policy_leaves_the_old_one_in_force_and_the_health_says_so() {
    let (_root, dir) = cartella();
    let servizio = avvia(&dir).await;
    let channel = servizio.canale();
    let cliente = servizio.cliente("mef-rgs").await;
    let tempi = RefCell::new(Tempi::default());
    let becomes = async |status: ServingStatus| {
        let took = finche("the health of the policy", async || {
            salute(&channel, "policy").await == Some(status)
        })
        .await;
        tempi.borrow_mut().0.push(took);
        // Whatever becomes of the policy, the service serves.
        assert_eq!(salute(&channel, "").await, Some(ServingStatus::Serving));
        assert!(puo(&cliente).await);
    };
    becomes(ServingStatus::Serving).await;
    for bad in [
        spedita("p, decreti, DecreeService/ListDecrees, chiamata, -, Allow\n"),
        String::new(),
        // It would take the decrees away from everybody.
        spedita("").replace("g, mef-rgs, decreti\n", "g, mef-rgs, decrete\n"),
    ] {
        rinomina(&dir, &bad);
        becomes(ServingStatus::NotServing).await;
        rinomina(&dir, &spedita(""));
        becomes(ServingStatus::Serving).await;
    }
    fs::remove_file(dir.join("policy.csv")).unwrap();
    becomes(ServingStatus::NotServing).await;
    // What follows a bad one is a good one like any other.
    fs::write(dir.join("policy.csv"), spedita(ANCHE_DECRETI)).unwrap();
    becomes(ServingStatus::Serving).await;
    tempi.take().entro_un_secondo();
    servizio.ferma().await;
}

/// A writer that takes its time: what is on disk meanwhile is the beginning of a policy, and a good one that gives less.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_beginning_of_a_policy_is_never_in_force() {
    let (_root, dir) = cartella();
    let vocabulary = Vocabulary::of_contract().unwrap();
    let whole = ["# one\n", "# two\n"].map(|end| spedita(&format!("{ANCHE_DECRETI}{end}")));
    let mut seen = HashSet::new();
    let sorgente = Sorgente::of_settings(Some(&dir)).unwrap();
    let politica = Politica::load(&sorgente, &vocabulary).await.unwrap();
    let ricarica = Ricarica::new(
        politica.clone(),
        Some(dir.clone()),
        vocabulary.clone(),
        Salute::default().componente("policy"),
        Clock::system(),
    );
    let watch = Sorveglianza::new([dir.clone()]).await.unwrap();
    let follows = tokio::spawn(ricarica.segui(watch));
    let mut changes = politica.cambiamenti();
    // The shipped policy is a good one that gives less.
    let cut = spedita("").len();
    for round in 1..=4 {
        let text = &whole[round % 2];
        // In place, as a careless program does it; longer than events are waited out.
        for piece in 0..15 {
            let beginning = format!("{}{}", &text[..cut], "#".repeat(piece + 1));
            fs::write(dir.join("policy.csv"), beginning).unwrap();
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
        fs::write(dir.join("policy.csv"), text).unwrap();
        tokio::time::timeout(Duration::from_secs(10), changes.changed())
            .await
            .unwrap()
            .unwrap();
        let tabella = changes.borrow_and_update().clone();
        assert_eq!(tabella.versione(), politica.tabella().versione());
        seen.insert(tabella.versione().to_owned());
    }
    follows.abort();
    let versions = whole.map(|policy| {
        let sorgente = Sorgente {
            policy,
            ..Sorgente::embedded()
        };
        sorgente.versione()
    });
    assert_eq!(seen, HashSet::from(versions));
}
