use super::*;

const ROW: &str = "p, decreti, DecreeService/ListDecrees, filtro, periodo, allow\n";

async fn build(source: &PolicySource) -> Result<DecisionTable, Vec<String>> {
    let vocabulary = Vocabulary::of_contract().unwrap();
    DecisionTable::build(source, &vocabulary)
        .await
        .map_err(|errors| errors.0.iter().map(ToString::to_string).collect())
}

/// The shipped policy with something replaced.
fn with(from: &str, to: &str) -> PolicySource {
    let mut source = PolicySource::embedded();
    assert!(source.policy.contains(from), "{from}");
    source.policy = source.policy.replace(from, to);
    source
}

/// The shipped policy with a last line: the line's number and the text.
fn and(line: &str) -> (usize, PolicySource) {
    let mut source = PolicySource::embedded();
    source.policy.push_str(line);
    (source.policy.lines().count(), source)
}

#[tokio::test]
async fn the_profiles_are_what_the_offices_were_given() {
    let table = build(&PolicySource::embedded()).await.unwrap();
    let profili: Vec<&str> = table.profili().map(Profilo::name).collect();
    assert_eq!(
        profili,
        [
            "inps-controllo",
            "inps-gestione",
            "mef-rgs",
            "mef-sintesi",
            "mlps-ammortizzatori",
            "mlps-consultazione"
        ]
    );
    let list = "DecreeService/ListDecrees";
    let all = table.profilo("mlps-ammortizzatori").unwrap();
    assert!(all.decision(list).unwrap().filtro("cf_azienda"));
    assert!(
        all.decision(list)
            .unwrap()
            .colonna("cf_azienda.persona_fisica")
    );
    for masked in ["mlps-consultazione", "mef-rgs"] {
        let decisione = table.profilo(masked).unwrap().decision(list).unwrap();
        assert!(!decisione.filtro("cf_azienda") && !decisione.filtro("matricola_azienda"));
        assert!(decisione.filtro("periodo") && decisione.colonna("cf_azienda"));
        assert!(!decisione.colonna("cf_azienda.persona_fisica"));
        assert!(!decisione.colonna("no_such_column") && !decisione.filtro(""));
    }
    let sintesi = table.profilo("mef-sintesi").unwrap();
    assert!(sintesi.decision(list).is_none());
    assert!(
        sintesi
            .decision("ReportService/GetReportSintetico")
            .is_some()
    );
    let manager = table.profilo("inps-gestione").unwrap();
    assert!(manager.decision("GrantService/ApproveRequest").is_some());
    assert!(manager.decision(list).is_none());
    for profilo in table.profili() {
        assert!(profilo.decision("AccessService/GetMyAccess").is_some());
    }
    // A role is not a profile, though Casbin would take its name for one.
    assert!(table.profilo("decreti").is_none() && table.profilo("").is_none());
}

#[tokio::test]
async fn each_bad_row_is_named_with_its_place() {
    for (line, column, reason) in [
        (
            "P, decreti, DecreeService/ListDecrees, chiamata, -, allow",
            1,
            "must be `p` or `g`, not `P`",
        ),
        ("p2, x", 1, "must be `p` or `g`, not `p2`"),
        (
            "p, decreti, DecreeService/ListDecrees, chiamata, -",
            1,
            "has 6 columns, not 5",
        ),
        (
            "p, decreti, DecreeService/ListDecrees, chiamata, -, allow, ",
            1,
            "has 6 columns, not 7",
        ),
        ("g, mef-rgs", 1, "has 3 columns, not 2"),
        ("g, mef-rgs, report, decreti", 1, "has 3 columns, not 4"),
        (
            "p, accesso, DecreeService/ListDecrees, chiamata, -, Deny",
            53,
            "`allow` or `deny`, not `Deny`",
        ),
        (
            "p, accesso, DecreeService/ListDecrees, chiamata, -, ",
            53,
            "`allow` or `deny`, not ``",
        ),
        (
            "p, accesso, DecreeService/Drop, chiamata, -, allow",
            13,
            "no call `DecreeService/Drop`",
        ),
        (
            "p, accesso, DecreeService/*, chiamata, -, allow",
            13,
            "no call `DecreeService/*`",
        ),
        (
            "p, accesso, DecreeService/ListDecrees, filtro, iban, allow",
            48,
            "no filter `iban`",
        ),
        (
            "p, accesso, DecreeService/ListDecrees, filtro, validita_dal, allow",
            48,
            "no filter",
        ),
        (
            "p, accesso, DecreeService/ListDecrees, colonna, righe, allow",
            49,
            "no column `righe`",
        ),
        (
            "p, accesso, DecreeService/ListDecrees, chiamata, periodo, allow",
            50,
            "names nothing",
        ),
        (
            "p, accesso, DecreeService/ListDecrees, call, -, allow",
            40,
            "the tipo must be",
        ),
        (
            "p, Accesso, DecreeService/ListDecrees, chiamata, -, allow",
            4,
            "lower-case",
        ),
        (
            "p, , DecreeService/ListDecrees, chiamata, -, allow",
            4,
            "lower-case",
        ),
        ("g, \"mef-rgs\", report", 4, "lower-case"),
        (ROW.trim_end(), 1, "says again what line"),
        (
            "p,decreti,DecreeService/ListDecrees,filtro,periodo,deny",
            1,
            "says again what line",
        ),
        ("g, mef-rgs, report", 1, "says again what line"),
        (
            "g, mef-rgs, decreto",
            1,
            "no `p` row gives anything to the role `decreto`",
        ),
        ("g, decreti, report", 1, "is a role and cannot be a profile"),
    ] {
        let (number, source) = and(line);
        let errors = build(&source).await.unwrap_err();
        let place = format!("policy.csv:{number}:{column}: ");
        assert!(
            errors
                .iter()
                .any(|e| e.starts_with(&place) && e.contains(reason)),
            "{line}: {errors:#?}"
        );
    }
}

#[tokio::test]
async fn all_the_errors_come_at_once() {
    let (_, mut source) = and("x\ny, z\np, a");
    source.model = source.model.replace("[matchers]", "[match]");
    let errors = build(&source).await.unwrap_err();
    assert_eq!(errors.len(), 5, "{errors:#?}");
}

#[tokio::test]
async fn an_empty_policy_is_refused() {
    for policy in ["", "# nothing\n\n", "g, mef-rgs, report"] {
        let source = PolicySource {
            policy: policy.to_owned(),
            ..PolicySource::embedded()
        };
        let errors = build(&source).await.unwrap_err();
        assert!(
            errors
                .iter()
                .any(|e| e == "policy.csv: there is no `p` row"),
            "{errors:#?}"
        );
    }
    let only_rows = with("\ng, ", "\n# ");
    let errors = build(&only_rows).await.unwrap_err();
    assert!(
        errors.iter().any(|e| e.contains("hence no profile")),
        "{errors:#?}"
    );
}

#[tokio::test]
async fn a_policy_speaks_of_every_call_filter_and_column() {
    // Each row of the shipped policy is the only one about its name: without it, the name is missed.
    let shipped = PolicySource::embedded().policy;
    let mut tried = 0;
    for row in shipped.lines().filter(|line| line.starts_with("p, ")) {
        let errors = build(&with(&format!("{row}\n"), "")).await.unwrap_err();
        let fields: Vec<&str> = row.split(", ").collect();
        let (rpc, nome) = (fields[2], fields[4]);
        let missed = match fields[3] {
            "chiamata" => format!("policy.csv: no row speaks of the call `{rpc}`"),
            "filtro" => format!("policy.csv: no row speaks of the filter `{nome}` of `{rpc}`"),
            _ => format!("policy.csv: no row speaks of the column `{nome}` of `{rpc}`"),
        };
        assert!(errors.contains(&missed), "{row}: {errors:#?}");
        tried += 1;
    }
    assert!(tried > 60, "{tried}");
}

#[tokio::test]
async fn a_role_that_no_profile_holds_is_refused() {
    let errors = build(&with("g, mlps-ammortizzatori, persone-fisiche\n", ""))
        .await
        .unwrap_err();
    assert!(
        errors.contains(&"policy.csv: no profile holds the role `persone-fisiche`".to_owned()),
        "{errors:#?}"
    );
}

#[tokio::test]
async fn a_filter_or_column_of_a_call_that_may_not_be_made_is_refused() {
    let (_, source) = and("g, mef-sintesi, persone-fisiche");
    let errors = build(&source).await.unwrap_err();
    let column = "policy.csv: profile `mef-sintesi`: may use the column `cf_azienda.persona_fisica` of \
                  `DecreeService/ListDecrees`, but not call it";
    assert!(errors.contains(&column.to_owned()), "{errors:#?}");
    let (_, source) = and("g, mef-sintesi, decreti-azienda");
    let errors = build(&source).await.unwrap_err();
    assert!(
        errors
            .iter()
            .any(|e| e.contains("may use the filter `matricola_azienda`")),
        "{errors:#?}"
    );
}

#[tokio::test]
async fn a_filter_on_a_masked_column_is_refused() {
    // Companies are in clear for mef-rgs, and could be asked for.
    let (_, source) = and("g, mef-rgs, decreti-azienda");
    assert!(build(&source).await.is_ok());

    // Sole traders are masked: asking by their codice fiscale, even only to count, would unmask them.
    let (_, source) = and("g, mef-rgs, decreti-azienda\n\
         p, conta-persone, DecreeService/CountDecrees, filtro, cf_azienda.persona_fisica, allow\n\
         g, mef-rgs, conta-persone");
    let errors = build(&source).await.unwrap_err();
    let count = "policy.csv: profile `mef-rgs`: may filter `DecreeService/CountDecrees` by \
                 `cf_azienda.persona_fisica`, but `DecreeService/ListDecrees` hides `cf_azienda.persona_fisica` from \
                 it: a filter would tell what the column hides";
    assert!(errors.contains(&count.to_owned()), "{errors:#?}");

    let hidden = "p, decreti, DecreeService/ListDecrees, colonna, cf_azienda, ";
    let errors = build(&with(&format!("{hidden}allow"), &format!("{hidden}deny")))
        .await
        .unwrap_err();
    assert!(
        errors
            .iter()
            .any(|e| e.contains("sees `cf_azienda.persona_fisica`")
                && e.contains("but not `cf_azienda`")),
        "{errors:#?}"
    );
}

#[tokio::test]
async fn a_deny_takes_away() {
    let (_, source) = and(
        "p, senza-ore, DecreeService/CountDecrees, colonna, ore_decretate, deny\ng, mef-rgs, senza-ore",
    );
    let table = build(&source).await.unwrap();
    let count = |profilo: &str| {
        let profilo = table.profilo(profilo).unwrap();
        profilo
            .decision("DecreeService/CountDecrees")
            .unwrap()
            .colonna("ore_decretate")
    };
    assert!(!count("mef-rgs") && count("mlps-consultazione"));
}

#[tokio::test]
async fn a_matcher_that_is_too_wide_or_broken_is_refused() {
    let shipped =
        "m = r.nome == p.nome && r.tipo == p.tipo && r.rpc == p.rpc && g(r.profilo, p.ruolo)";
    for (matcher, reason) in [
        (
            "m = true",
            "the model allows (mef-rgs, DecreeService/ListDecrees, filtro, cf_azienda), but no row does",
        ),
        (
            "m = r.nome == p.nome && r.tipo == p.tipo && r.rpc == p.rpc",
            "(mef-sintesi, DecreeService/",
        ),
        ("m = r.nome ==", "Casbin refuses it"),
        ("m = nosuch(r.nome)", "Casbin refuses it"),
    ] {
        let mut source = PolicySource::embedded();
        assert!(source.model.contains(shipped));
        source.model = source.model.replace(shipped, matcher);
        let errors = build(&source).await.unwrap_err();
        assert!(
            errors.iter().any(|e| e.contains(reason)),
            "{matcher}: {errors:#?}"
        );
    }
}

#[tokio::test]
async fn a_bad_policy_never_replaces_a_good_one() {
    let vocabulary = Vocabulary::of_contract().unwrap();
    let politica = ActivePolicy::load(&PolicySource::embedded(), &vocabulary)
        .await
        .unwrap();
    let seen_by_others = politica.clone();
    let before = politica.table().version().to_owned();
    politica
        .reload(&with(ROW, ""), &vocabulary)
        .await
        .unwrap_err();
    assert_eq!(seen_by_others.table().version(), before);

    let (_, fewer) = and(
        "p, senza-ore, DecreeService/CountDecrees, colonna, righe, deny\ng, mef-rgs, senza-ore",
    );
    politica.reload(&fewer, &vocabulary).await.unwrap();
    let table = seen_by_others.table();
    assert_eq!(table.version(), fewer.version());
    assert_ne!(table.version(), before);
}

#[test]
fn the_version_is_that_of_both_texts() {
    let one = PolicySource {
        model: "ab".to_owned(),
        policy: "c".to_owned(),
    };
    let two = PolicySource {
        model: "a".to_owned(),
        policy: "bc".to_owned(),
    };
    assert_ne!(one.version(), two.version());
    assert_eq!(one.version().len(), 12);
}

#[test]
fn a_directory_overrides_the_policy_and_perhaps_the_model() {
    let dir = tempfile::tempdir().unwrap();
    let missing = PolicySource::from_dir(dir.path()).unwrap_err();
    assert!(missing.to_string().contains("policy.csv"), "{missing}");
    std::fs::write(dir.path().join("policy.csv"), "mine").unwrap();
    let mine = PolicySource::of_settings(Some(dir.path())).unwrap();
    assert_eq!(
        (mine.policy.as_str(), mine.model),
        ("mine", PolicySource::embedded().model)
    );
    std::fs::write(dir.path().join("model.conf"), "my model").unwrap();
    assert_eq!(
        PolicySource::from_dir(dir.path()).unwrap().model,
        "my model"
    );
    assert_eq!(
        PolicySource::of_settings(None).unwrap(),
        PolicySource::embedded()
    );
    std::fs::write(
        dir.path().join("policy.csv"),
        b"p, a\n# qualit\xc3\xa0 \xe0\n",
    )
    .unwrap();
    let latin = PolicySource::from_dir(dir.path()).unwrap_err();
    assert!(
        latin.to_string().ends_with("policy.csv:2:11: is not UTF-8"),
        "{latin}"
    );
}
