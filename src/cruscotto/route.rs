//! Which page a path is.

use http::Method;
use percent_encoding::percent_decode_str;

/// Where the pages are.
pub(super) const ROOT: &str = "/cruscotto";

/// A place among the pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SiteRoute {
    /// A file that pages are made of: its version, its name.
    Asset(String, String),
    /// Needs nobody to have signed in.
    Public(PublicPage),
    /// The way in, and out.
    Entry(EntryStep),
    /// Needs a session.
    Page(SitePage),
}

/// A page for everybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PublicPage {
    Guida,
    Accessibilita,
}

/// A step of the way in, or out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryStep {
    /// Chooses how to sign in.
    Choose,
    /// Comes back from the provider.
    Return,
    /// Signs out.
    Leave,
}

/// A page for those who have signed in. A norm is its code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum SitePage {
    Sintesi,
    SintesiFile,
    Dettaglio(String),
    DettaglioRicerca(String),
    DettaglioFile(String),
    Andamento,
    Capienza,
    Confronto,
    ConfrontoRighe,
    ConfrontoFile,
    Accesso,
}

impl SitePage {
    /// What its address may say; the rest is left out, so that the links of the page do not have it either. `None`: all, since whoever reads it
    /// refuses what it does not know.
    pub(super) fn parameters(&self) -> Option<&'static [&'static str]> {
        match self {
            Self::Sintesi => Some(&[
                "normativa",
                "prestazione",
                "dal",
                "al",
                "criterio",
                "rilevazione",
                "ordina",
                "verso",
            ]),
            Self::Confronto | Self::ConfrontoRighe => Some(&[
                "normativa",
                "prestazione",
                "da",
                "a",
                "riprendi",
                "salta",
                "dalla_riga",
            ]),
            _ => None,
        }
    }
}

impl SiteRoute {
    /// Of a path. `None`: there is nothing there.
    pub(super) fn of(path: &str) -> Option<Self> {
        let inside = path.strip_prefix(ROOT)?;
        let parts: Vec<&str> = inside.split('/').skip(1).collect();
        let norm = |code: &str| Some(percent_decode_str(code).decode_utf8().ok()?.into_owned());
        Some(match parts[..] {
            [] | [""] => Self::Page(SitePage::Sintesi),
            ["risorse", version, name] => Self::Asset(version.to_owned(), name.to_owned()),
            ["guida"] => Self::Public(PublicPage::Guida),
            ["accessibilita"] => Self::Public(PublicPage::Accessibilita),
            ["entra"] => Self::Entry(EntryStep::Choose),
            ["entra", "ritorno"] => Self::Entry(EntryStep::Return),
            ["esci"] => Self::Entry(EntryStep::Leave),
            ["sintesi", "file"] => Self::Page(SitePage::SintesiFile),
            ["dettaglio", code] => Self::Page(SitePage::Dettaglio(norm(code)?)),
            ["dettaglio", code, "ricerca"] => Self::Page(SitePage::DettaglioRicerca(norm(code)?)),
            ["dettaglio", code, "file"] => Self::Page(SitePage::DettaglioFile(norm(code)?)),
            ["andamento"] => Self::Page(SitePage::Andamento),
            ["capienza"] => Self::Page(SitePage::Capienza),
            ["confronto"] => Self::Page(SitePage::Confronto),
            ["confronto", "righe"] => Self::Page(SitePage::ConfrontoRighe),
            ["confronto", "file"] => Self::Page(SitePage::ConfrontoFile),
            ["accesso"] => Self::Page(SitePage::Accesso),
            _ => return None,
        })
    }

    /// How it is asked for.
    pub(super) fn methods(&self) -> &'static str {
        match (self.takes(&Method::GET), self.takes(&Method::POST)) {
            (true, true) => "GET, HEAD, POST",
            (false, _) => "POST",
            _ => "GET, HEAD",
        }
    }

    /// Whether it is asked for so. HEAD is GET without a body.
    pub(super) fn takes(&self, method: &Method) -> bool {
        let read = matches!(*method, Method::GET | Method::HEAD);
        match self {
            Self::Entry(EntryStep::Choose) => read || *method == Method::POST,
            Self::Entry(EntryStep::Leave) | Self::Page(SitePage::DettaglioRicerca(_)) => {
                *method == Method::POST
            }
            _ => read,
        }
    }
}
