//! RecordRequest's fields as a request of the register.

use chrono::NaiveDate;

use crate::{
    abilitazione::{
        Ambito, AmbitoCode, AmbitoCodes, DecisionTable,
        grants::{
            Azione, Certificati, Finalita, IdempotencyKey, ImprontaModulo, LimitiAa07, MotivoAa07,
            Orari, ProtocolloPec, Quote, Reti, RichiestaAa07, quota,
            richiesta::{check_days, check_profilo, check_soggetto},
        },
    },
    contract::proto,
    error::{Error, Result, Violations},
    valori::{CodiceNormativa, CodicePrestazione, ValueDefect, parse_date},
};

const NO_CODES: ValueDefect = ValueDefect::new(
    "must name codes, or say that it is all of them",
    "deve indicare dei codici, oppure che li comprende tutti",
);
const CODES_AND_ALL: ValueDefect = ValueDefect::new(
    "must name codes or say that it is all of them, not both",
    "deve indicare dei codici oppure che li comprende tutti, non entrambe le cose",
);

/// The header, or the metadata, with the key of a request that may be sent twice.
pub(super) const IDEMPOTENCY_KEY: &str = "idempotency-key";
const NOT_A_TEXT: ValueDefect = ValueDefect::new("must be a text", "deve essere un testo");
const TWICE: ValueDefect = ValueDefect::new("is there twice", "è indicato più di una volta");

/// The key of a request, where its caller gave one.
pub(super) fn idempotency_key<T: prost::Message>(
    request: &tonic::Request<T>,
    azione: Azione,
) -> Option<Result<IdempotencyKey, ValueDefect>> {
    let mut values = request.metadata().get_all(IDEMPOTENCY_KEY).iter();
    let value = values.next()?;
    if values.next().is_some() {
        return Some(Err(TWICE));
    }
    let text = value.to_str().map_err(|_| NOT_A_TEXT);
    let asked = request.get_ref().encode_to_vec();
    Some(text.and_then(|text| IdempotencyKey::parse(text, azione, &asked)))
}

/// Reads a request on a day, under a policy.
///
/// # Errors
/// [`Reason::InvalidRequest`](crate::error::Reason::InvalidRequest) with every bad field.
pub(super) fn parse(
    request: proto::RecordRequestRequest,
    key: Option<Result<IdempotencyKey, ValueDefect>>,
    table: &DecisionTable,
    oggi: NaiveDate,
) -> Result<(RichiestaAa07, MotivoAa07, Option<IdempotencyKey>)> {
    let mut violations = Violations::default();
    let v = &mut violations;
    let key = key.and_then(|key| v.check(IDEMPOTENCY_KEY, key));
    let protocollo = v.check(
        "protocollo_pec",
        ProtocolloPec::parse(&request.protocollo_pec),
    );
    let impronta = v.check(
        "impronta_modulo",
        ImprontaModulo::parse(&request.impronta_modulo),
    );
    check_soggetto(&request.soggetto, v);
    let ente = v.check("ente", request.ente.parse());
    check_profilo(&request.profilo, table, v);
    let ambito = ambito(v, request.ambito.unwrap_or_default());
    let dal = v.check("valida_dal", parse_date(&request.valida_dal));
    let al = v.check("valida_al", parse_date(&request.valida_al));
    if let (Some(dal), Some(al)) = (dal, al) {
        check_days(dal, al, oggi, v);
    }
    let limiti = limiti(v, request.limiti.unwrap_or_default());
    let sostituisce =
        (request.sostituisce != 0).then(|| check_number(v, "sostituisce", request.sostituisce));
    let motivo = v.check("motivo", MotivoAa07::parse(&request.motivo));
    violations.finish()?;
    let whole = || {
        Some((
            RichiestaAa07 {
                protocollo_pec: protocollo?,
                impronta_modulo: impronta?,
                soggetto: request.soggetto,
                ente: ente?,
                profilo: request.profilo,
                ambito: ambito?,
                valida_dal: dal?,
                valida_al: al?,
                limiti: limiti?,
                sostituisce,
            },
            motivo?,
            key,
        ))
    };
    whole().ok_or_else(|| Error::internal("a defect was not noted"))
}

fn ambito(violations: &mut Violations, ambito: proto::Ambito) -> Option<Ambito> {
    let normative = codes(
        &ambito.normative,
        ambito.tutte_le_normative,
        CodiceNormativa::parse,
    );
    let prestazioni = codes(
        &ambito.prestazioni,
        ambito.tutte_le_prestazioni,
        CodicePrestazione::parse,
    );
    let normative = violations.check("ambito.normative", normative);
    let prestazioni = violations.check("ambito.prestazioni", prestazioni);
    Some(Ambito::new(normative?, prestazioni?))
}

fn codes<C: AmbitoCode>(
    codes: &[String],
    all: bool,
    parse: fn(&str) -> Result<C, ValueDefect>,
) -> Result<AmbitoCodes<C>, ValueDefect> {
    match (all, codes.is_empty()) {
        (true, true) => Ok(AmbitoCodes::All),
        (true, false) => Err(CODES_AND_ALL),
        (false, _) => {
            let codes: Vec<C> = codes
                .iter()
                .map(|codice| parse(codice))
                .collect::<Result<_, _>>()?;
            AmbitoCodes::only(codes).ok_or(NO_CODES)
        }
    }
}

fn limiti(violations: &mut Violations, limiti: proto::LimitiAbilitazione) -> Option<LimitiAa07> {
    let reti = violations.check("limiti.reti", Reti::parse(&limiti.reti));
    let orari = violations.check("limiti.orari", Orari::parse(&limiti.orari));
    let finalita = violations.check("limiti.finalita", Finalita::parse(&limiti.finalita));
    let certificati = violations.check(
        "limiti.certificati",
        Certificati::parse(&limiti.certificati),
    );
    let quote = limiti.quote.unwrap_or_default();
    let mut own = |field: &str, numero: Option<u32>| {
        violations
            .check(field, numero.map(quota).transpose())
            .flatten()
    };
    let quote = Quote {
        al_secondo: own("limiti.quote.al_secondo", quote.al_secondo),
        esportazioni: own("limiti.quote.esportazioni", quote.esportazioni),
        al_giorno: own("limiti.quote.al_giorno", quote.al_giorno),
    };
    Some(LimitiAa07 {
        reti: reti?,
        orari: orari?,
        finalita: finalita?,
        certificati: certificati?,
        quote,
    })
}

pub(super) fn check_number(violations: &mut Violations, field: &str, id: i64) -> i64 {
    const POSITIVE: ValueDefect = ValueDefect::new(
        "must be the number of a grant",
        "deve essere il numero di un'abilitazione",
    );
    violations.check(field, (id > 0).then_some(()).ok_or(POSITIVE));
    id
}
