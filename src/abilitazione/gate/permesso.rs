//! The proof of a decision.
//!
//! ```text
//! AccessoLayer ──► Abilitazione ──(selezione)──► Permesso<CallSelection> ──► query
//!  who, grant,      may this profile use          the selection, what may be read,
//!  call allowed     these filters, name           which columns are seen
//!                   these norms?
//! ```
//!
//! A query function takes a `Permesso<F>` by value. Only [`Abilitazione::permit`] makes one, and only the layer makes
//! an [`Abilitazione`]: a query cannot be reached without the decision, whoever writes the next one. The selection is
//! inside the proof, so that what was checked is what is asked.

#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc};

use crate::{
    abilitazione::{Ambito, CallDecision, DecisionTable, Profilo, grants::Aa07},
    call_record::{CallRecord, SelectedValue},
    contract::column::Column,
    error::{Error, Reason, Result},
    valori::{CodiceNormativa, CodicePrestazione, tax_codes::masked},
};

/// What a call selects, as the decision sees it.
pub trait CallSelection {
    /// All that is selected, for the audit log: names of the contract and values.
    fn describe(&self) -> Vec<(&'static str, SelectedValue)>;

    /// The filters that are present, by their name in the contract: all that is selected, unless the call says otherwise.
    fn filtri(&self) -> Vec<&str> {
        self.describe().into_iter().map(|(name, _)| name).collect()
    }

    /// The norms that are named; empty: none, which asks for all in scope.
    fn normative(&self) -> &[CodiceNormativa] {
        &[]
    }

    /// The benefits that are named; empty: none, which asks for all in scope.
    fn prestazioni(&self) -> &[CodicePrestazione] {
        &[]
    }
}

/// Norms and benefits that are named, for the audit log.
#[must_use]
pub fn describe_codes(
    normative: &[CodiceNormativa],
    prestazioni: &[CodicePrestazione],
) -> Vec<(&'static str, SelectedValue)> {
    let normative: Vec<&str> = normative.iter().map(CodiceNormativa::as_str).collect();
    let prestazioni: Vec<&str> = prestazioni.iter().map(CodicePrestazione::as_str).collect();
    [("normativa", normative), ("prestazione", prestazioni)]
        .into_iter()
        .filter(|(_, codes)| !codes.is_empty())
        .map(|(name, codes)| (name, SelectedValue::Text(codes.join(","))))
        .collect()
}

/// The selection of a call that has no filters.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NoFilter;

impl CallSelection for NoFilter {
    fn describe(&self) -> Vec<(&'static str, SelectedValue)> {
        Vec::new()
    }
}

/// See [`Abilitazione::view`]. In the extensions of the answer to a call that came in HTTP, for whoever says whether two are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerView(pub String);

/// Who calls, under which grant, and what the profile may do in this call. The layer puts it into the request. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Abilitazione {
    aa07: Arc<Aa07>,
    profilo: Arc<Profilo>,
    decisione: Arc<CallDecision>,
    traccia: CallRecord,
}

impl Abilitazione {
    /// `None` where the profile may not make the call.
    pub(crate) fn new(aa07: Arc<Aa07>, profilo: &Arc<Profilo>, rpc: &str) -> Option<Self> {
        Some(Self {
            decisione: Arc::clone(profilo.decision(rpc)?),
            profilo: Arc::clone(profilo),
            aa07,
            traccia: CallRecord::default(),
        })
    }

    /// Writes what is selected down in `traccia`, from here on.
    #[must_use]
    pub(crate) fn with_call_record(self, traccia: CallRecord) -> Self {
        Self { traccia, ..self }
    }

    /// Whether another policy gives the call all that this one gave it.
    ///
    /// # Errors
    /// [`Reason::CallDenied`]: the call, one of its filters or one of its columns is gone.
    pub(crate) fn holds_under(&self, tabella: &DecisionTable) -> Result<()> {
        let profilo = tabella.profilo(self.profilo.name());
        let regge = profilo
            .and_then(|profilo| profilo.decision(self.decisione.rpc()))
            .is_some_and(|nuova| {
                self.decisione.filtri().is_subset(nuova.filtri())
                    && self.decisione.colonne().is_subset(nuova.colonne())
            });
        if regge {
            return Ok(());
        }
        Err(Error::new(
            Reason::CallDenied,
            "the policy has changed and gives this call less than when it began; call again",
        )
        .with("rpc", self.decisione.rpc())
        .with("profilo", self.profilo.name()))
    }

    /// What of the data the caller gets in this call, as a text: two callers with the same get the same answers to the same questions.
    #[must_use]
    pub fn view(&self) -> AnswerView {
        let mut columns: Vec<&str> = self
            .decisione
            .colonne()
            .iter()
            .map(String::as_str)
            .collect();
        columns.sort_unstable();
        let ambito = &self.aa07.ambito;
        let codes = |codes: Option<Vec<String>>| codes.map_or("*".to_owned(), |c| c.join(","));
        let parts = [
            self.decisione.rpc(),
            &columns.join(","),
            &codes(ambito.normative().texts()),
            &codes(ambito.prestazioni().texts()),
        ];
        AnswerView(parts.join("\n"))
    }

    /// What is known of the call.
    pub(crate) fn call_record(&self) -> &CallRecord {
        &self.traccia
    }

    /// The grant.
    #[must_use]
    pub fn aa07(&self) -> &Aa07 {
        &self.aa07
    }

    /// The profile, with everything that it may do.
    #[must_use]
    pub fn profilo(&self) -> &Profilo {
        &self.profilo
    }

    /// Decides on a selection: its filters by the profile, the norms and benefits that it names by the grant.
    ///
    /// # Errors
    /// [`Reason::FilterDenied`] with all the filters that are denied; [`Reason::ScopeDenied`] with all the codes that lie
    /// outside the grant, whether or not they exist.
    pub fn permit<F: CallSelection>(&self, selezione: F) -> Result<Permesso<F>> {
        // Before the decision: what was asked for in vain is asked for too.
        self.traccia.note(|f| f.selezione = selezione.describe());
        let decided = self.decide(&selezione);
        if let Err(error) = &decided {
            self.traccia.note(|f| f.permitted = false);
            tracing::info!(
                soggetto = &*masked(&self.aa07.soggetto),
                ente = self.aa07.ente,
                profilo = self.profilo.name(),
                rpc = self.decisione.rpc(),
                reason = error.reason.as_str_name(),
                "access denied"
            );
        }
        Ok(Permesso {
            ambito: decided?,
            selezione,
            profilo: Arc::clone(&self.profilo),
            decisione: Arc::clone(&self.decisione),
            traccia: self.traccia.clone(),
        })
    }

    fn decide(&self, selezione: &impl CallSelection) -> Result<Ambito> {
        check_filtri(&self.profilo, &self.decisione, selezione)?;
        permitted_ambito(&self.aa07, selezione)
    }
}

/// The profile's say on a selection.
///
/// # Errors
/// [`Reason::FilterDenied`] with all the filters that are denied.
pub(crate) fn check_filtri(
    profilo: &Profilo,
    decisione: &CallDecision,
    selezione: &impl CallSelection,
) -> Result<()> {
    let denied: Vec<&str> = selezione
        .filtri()
        .into_iter()
        .filter(|filtro| !decisione.filtro(filtro))
        .collect();
    if denied.is_empty() {
        return Ok(());
    }
    Err(Error::new(
        Reason::FilterDenied,
        "the profile may not use these filters in this call",
    )
    .with("rpc", decisione.rpc())
    .with("profilo", profilo.name())
    .with("filtri", denied.join(",")))
}

/// The grant's say on a selection: what it may read.
///
/// # Errors
/// [`Reason::ScopeDenied`] with all the codes that lie outside the grant.
pub(crate) fn permitted_ambito(aa07: &Aa07, selezione: &impl CallSelection) -> Result<Ambito> {
    aa07.ambito
        .narrowed(selezione.normative(), selezione.prestazioni())
        .map_err(|outside| {
            Error::new(
                Reason::ScopeDenied,
                "the grant does not give these norms or benefits",
            )
            .with("valori", outside.join(","))
        })
}

/// The proof that a selection may be answered, and how.
pub struct Permesso<F> {
    selezione: F,
    ambito: Ambito,
    profilo: Arc<Profilo>,
    decisione: Arc<CallDecision>,
    traccia: CallRecord,
}

impl<F> Permesso<F> {
    /// The selection that was decided on.
    #[must_use]
    pub fn selection(&self) -> &F {
        &self.selezione
    }

    /// What may be read: the scope of the grant, narrowed to what the selection names.
    #[must_use]
    pub fn ambito(&self) -> &Ambito {
        &self.ambito
    }

    /// Whether a column is seen. One that this call's answer does not have: no.
    #[must_use]
    pub fn may_see(&self, column: Column) -> bool {
        self.decisione.colonna(column.name())
    }

    /// Whether this call may filter so.
    #[must_use]
    pub fn may_filter(&self, filtro: &str) -> bool {
        self.decisione.filtro(filtro)
    }

    /// Where a query writes down what it read: the rilevazione, the rows.
    #[must_use]
    pub fn call_record(&self) -> &CallRecord {
        &self.traccia
    }

    /// Whether the caller may make another call (`"DecreeService/ListDecrees"`): for an answer that points to it.
    #[must_use]
    pub fn may_call(&self, rpc: &str) -> bool {
        self.profilo.decision(rpc).is_some()
    }
}

/// Without the selection, which may hold personal data.
impl<F> fmt::Debug for Permesso<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permesso")
            .field("profilo", &self.profilo.name())
            .field("rpc", &self.decisione.rpc())
            .finish_non_exhaustive()
    }
}

/// The decision that the layer put into a request.
///
/// # Errors
/// [`Reason::Internal`] where there is none: the handler was reached without the layer, a fault of ours that nobody
/// should get data from. It never means that everything is allowed.
pub fn abilitazione<T>(request: &tonic::Request<T>) -> Result<&Abilitazione> {
    request.extensions().get().ok_or_else(|| {
        Error::internal("a handler was reached without the access layer: nothing is allowed")
    })
}
