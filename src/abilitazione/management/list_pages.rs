//! The selections and the pages of the two lists.

use chrono::{Datelike as _, NaiveDate};

use crate::{
    abilitazione::{
        CallSelection,
        grants::{EffectiveStato, Ente, FiltroAbilitazioni, GrantRecord},
    },
    call_record::SelectedValue,
    contract::proto,
    error::{Result, Violations},
    grpc::{
        pages::{self, Binding, PageToken, Signer},
        request as read,
    },
    valori::{ValueDefect, name::is_name},
};

/// What stands in a token for the rilevazione: the register of grants has none.
const NO_RILEVAZIONE: i32 = 1;
const TEXT: ValueDefect = ValueDefect::new(
    "must be 1 to 255 bytes without control, format or unseen characters and without blanks at its ends",
    "deve avere da 1 a 255 byte, senza caratteri di controllo, di formato o invisibili né spazi alle estremità",
);
const STATO: ValueDefect = ValueDefect::new(
    "must be a value of StatoAbilitazione",
    "deve essere uno stato previsto",
);
const GIORNI: ValueDefect = ValueDefect::new(
    "must be 1 to 3660, or 0 for 30",
    "deve essere da 1 a 3660, oppure 0 per 30",
);

/// A page of ListGrants.
pub(super) struct GrantPage {
    pub(super) filtro: FiltroAbilitazioni,
    pub(super) binding: Binding,
    /// The number that the previous page ended with.
    pub(super) after: i64,
    pub(super) limit: i64,
}

impl GrantPage {
    pub(super) fn parse(request: proto::ListGrantsRequest, signer: &Signer) -> Result<Self> {
        let mut violations = Violations::default();
        let filtro = filtro(&mut violations, request.filtro.unwrap_or_default());
        let limit = i64::from(read::page_size(&mut violations, request.page_size));
        violations.finish()?;
        let binding = Binding::of(&[
            "ListGrants",
            filtro.soggetto.as_deref().unwrap_or_default(),
            filtro.ente.map(Ente::as_str).unwrap_or_default(),
            filtro.profilo.as_deref().unwrap_or_default(),
            filtro.stato.map(EffectiveStato::as_str).unwrap_or_default(),
        ]);
        let after = match signer.decode(&request.page_token, binding, Some(NO_RILEVAZIONE))? {
            None => 0,
            Some(token) => token
                .position
                .try_into()
                .map(i64::from_be_bytes)
                .map_err(|_| pages::invalid())?,
        };
        Ok(Self {
            filtro,
            binding,
            after,
            limit,
        })
    }
}

fn filtro(violations: &mut Violations, filtro: proto::FiltroAbilitazioni) -> FiltroAbilitazioni {
    let mut testo = |field: &str, testo: String| {
        let good = testo.is_empty() || is_name(&testo);
        violations.check(field, good.then_some(()).ok_or(TEXT));
        Some(testo).filter(|testo| !testo.is_empty())
    };
    let soggetto = testo("filtro.soggetto", filtro.soggetto);
    let profilo = testo("filtro.profilo", filtro.profilo);
    let ente = match filtro.ente.as_str() {
        "" => None,
        ente => violations.check("filtro.ente", ente.parse()),
    };
    let stato = proto::StatoAbilitazione::try_from(filtro.stato).map_err(|_| STATO);
    FiltroAbilitazioni {
        soggetto,
        ente,
        profilo,
        stato: violations
            .check("filtro.stato", stato)
            .and_then(effective_stato),
    }
}

fn effective_stato(stato: proto::StatoAbilitazione) -> Option<EffectiveStato> {
    use proto::StatoAbilitazione as P;
    Some(match stato {
        P::Unspecified => return None,
        P::Richiesta => EffectiveStato::Richiesta,
        P::Verificata => EffectiveStato::Verificata,
        P::Futura => EffectiveStato::Futura,
        P::Attiva => EffectiveStato::Attiva,
        P::Sospesa => EffectiveStato::Sospesa,
        P::Scaduta => EffectiveStato::Scaduta,
        P::Revocata => EffectiveStato::Revocata,
        P::Rifiutata => EffectiveStato::Rifiutata,
    })
}

/// Grants are no data of the reports: no scope applies.
impl CallSelection for FiltroAbilitazioni {
    fn describe(&self) -> Vec<(&'static str, SelectedValue)> {
        let testo = |text: &str| SelectedValue::Text(text.to_owned());
        let values = [
            ("soggetto", self.soggetto.as_deref().map(testo)),
            ("ente", self.ente.map(|ente| testo(ente.as_str()))),
            ("profilo", self.profilo.as_deref().map(testo)),
            ("stato", self.stato.map(|stato| testo(stato.as_str()))),
        ];
        values
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }
}

/// A page of ListExpiringGrants.
pub(super) struct ExpiringGrantPage {
    pub(super) giorni: u32,
    pub(super) binding: Binding,
    /// What the previous page ended with.
    pub(super) after: Option<(NaiveDate, i64)>,
    pub(super) limit: i64,
}

impl ExpiringGrantPage {
    pub(super) fn parse(
        request: &proto::ListExpiringGrantsRequest,
        signer: &Signer,
    ) -> Result<Self> {
        let mut violations = Violations::default();
        let giorni = match request.giorni {
            0 => Ok(30),
            n => u32::try_from(n)
                .ok()
                .filter(|n| (1..=3660).contains(n))
                .ok_or(GIORNI),
        };
        let giorni = violations.check("giorni", giorni).unwrap_or_default();
        let limit = i64::from(read::page_size(&mut violations, request.page_size));
        violations.finish()?;
        let binding = Binding::of(&["ListExpiringGrants", &giorni.to_string()]);
        let after = signer
            .decode(&request.page_token, binding, Some(NO_RILEVAZIONE))?
            .map(|token| position(&token.position).ok_or_else(pages::invalid))
            .transpose()?;
        Ok(Self {
            giorni,
            binding,
            after,
            limit,
        })
    }
}

fn position(bytes: &[u8]) -> Option<(NaiveDate, i64)> {
    let (days, id) = bytes.split_first_chunk::<4>()?;
    let giorno = NaiveDate::from_num_days_from_ce_opt(i32::from_be_bytes(*days))
        // As far as Postgres and the contract go.
        .filter(|giorno| (1..=9999).contains(&giorno.year()))?;
    Some((giorno, i64::from_be_bytes(id.try_into().ok()?)))
}

/// Where a page of ListGrants ends.
pub(super) fn number_position(grant_record: &GrantRecord) -> Vec<u8> {
    grant_record.aa07.id.to_be_bytes().to_vec()
}

/// Where a page of ListExpiringGrants ends.
pub(super) fn day_and_number_position(grant_record: &GrantRecord) -> Vec<u8> {
    let mut bytes = grant_record
        .aa07
        .valida_al
        .num_days_from_ce()
        .to_be_bytes()
        .to_vec();
    bytes.extend_from_slice(&number_position(grant_record));
    bytes
}

/// Takes off what was read beyond the page, which says whether there is a next one, and gives the token of that.
pub(super) fn split_page(
    mut grant_records: Vec<GrantRecord>,
    limit: i64,
    binding: Binding,
    signer: &Signer,
    position: fn(&GrantRecord) -> Vec<u8>,
) -> (Vec<GrantRecord>, String) {
    let more = i64::try_from(grant_records.len()).is_ok_and(|n| n > limit);
    if more {
        grant_records.pop();
    }
    let token = match grant_records.last() {
        Some(last) if more => signer.encode(&PageToken {
            binding,
            rilevazione: NO_RILEVAZIONE,
            position: position(last),
        }),
        _ => String::new(),
    };
    (grant_records, token)
}
