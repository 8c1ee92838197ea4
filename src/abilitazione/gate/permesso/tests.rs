//! What a proof proves.

use super::*;
use crate::{
    abilitazione::{ActivePolicy, AmbitoCodes, PolicySource, grants},
    contract::vocabulary::Vocabulary,
};

struct TestSelection(Vec<&'static str>, Vec<CodiceNormativa>);

impl CallSelection for TestSelection {
    fn normative(&self) -> &[CodiceNormativa] {
        &self.1
    }

    fn describe(&self) -> Vec<(&'static str, SelectedValue)> {
        self.0
            .iter()
            .map(|nome| (*nome, SelectedValue::Text("x".into())))
            .collect()
    }
}

fn norm(code: &str) -> CodiceNormativa {
    CodiceNormativa::parse(code).unwrap()
}

async fn list_decrees(profilo: &str) -> Option<Abilitazione> {
    let vocabulary = Vocabulary::of_contract().unwrap();
    let politica = ActivePolicy::load(&PolicySource::embedded(), &vocabulary)
        .await
        .unwrap();
    let ambito = Ambito::new(
        AmbitoCodes::only([norm("A"), norm("B")]).unwrap(),
        AmbitoCodes::All,
    );
    let aa07 = grants::tests::aa07(profilo, ambito);
    let tabella = politica.table();
    Abilitazione::new(
        Arc::new(aa07),
        tabella.profilo(profilo).unwrap(),
        "DecreeService/ListDecrees",
    )
}

#[tokio::test]
async fn filters_are_the_profiles_and_all_the_denied_ones_are_named() {
    let rgs = list_decrees("mef-rgs").await.unwrap();
    let asked = vec![
        "periodo",
        "cf_azienda",
        "matricola_azienda",
        "no_such_filter",
    ];
    let error = rgs
        .permit(TestSelection(asked, vec![norm("A")]))
        .unwrap_err();
    assert_eq!(error.reason, Reason::FilterDenied);
    assert_eq!(
        error.metadata,
        [
            ("rpc", "DecreeService/ListDecrees".to_owned()),
            ("profilo", "mef-rgs".to_owned()),
            (
                "filtri",
                "cf_azienda,matricola_azienda,no_such_filter".to_owned()
            ),
        ]
    );
    let permesso = rgs
        .permit(TestSelection(vec!["periodo"], vec![norm("A")]))
        .unwrap();
    assert_eq!(permesso.selection().0, ["periodo"]);
    assert_eq!(permesso.ambito().normative().texts().unwrap(), ["A"]);

    let all = list_decrees("mlps-ammortizzatori").await.unwrap();
    assert!(
        all.permit(TestSelection(vec!["cf_azienda"], vec![]))
            .is_ok()
    );
}

#[tokio::test]
async fn columns_fail_closed() {
    let rgs = list_decrees("mef-rgs").await.unwrap();
    let permesso = rgs.permit(NoFilter).unwrap();
    assert!(permesso.may_see(Column::CfAzienda));
    assert!(!permesso.may_see(Column::CfAziendaPersonaFisica));
    // Of another call.
    assert!(!permesso.may_see(Column::Righe));
    assert!(permesso.may_call("DecreeService/ExportDecrees"));
    assert!(!permesso.may_call("DecreeService/Drop"));
}

#[tokio::test]
async fn what_lies_outside_the_grant_is_refused_whether_or_not_it_exists() {
    let rgs = list_decrees("mef-rgs").await.unwrap();
    for outside in ["DL109-2018-ART44", "NO-SUCH-NORM"] {
        let selezione = TestSelection(vec![], vec![norm("A"), norm(outside)]);
        let error = rgs.permit(selezione).unwrap_err();
        assert_eq!(error.reason, Reason::ScopeDenied);
        assert_eq!(error.metadata, [("valori", outside.to_owned())]);
    }
    let permesso = rgs.permit(NoFilter).unwrap();
    assert_eq!(permesso.ambito().normative().texts().unwrap(), ["A", "B"]);
}

#[tokio::test]
async fn no_call_no_abilitazione() {
    assert!(list_decrees("mef-sintesi").await.is_none());
}

#[test]
fn a_missing_extension_refuses() {
    let error = abilitazione(&tonic::Request::new(())).unwrap_err();
    assert_eq!(error.reason, Reason::Internal);
}
