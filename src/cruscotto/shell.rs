//! What stands around every page: who looks at it, where else there is to go.

use super::{access::UserAccess, assets, site::Site};
use crate::abilitazione::sessions::BrowserSession;

/// Around a page.
#[derive(Debug, Clone)]
pub(super) struct Shell {
    /// The style sheet of the administration, ours, the script, the icon.
    pub(super) base_css: String,
    pub(super) own_css: String,
    pub(super) script: String,
    pub(super) icon: String,
    pub(super) fonts: [String; 3],
    pub(super) is_demo: bool,
    pub(super) user: Option<ShellUser>,
    pub(super) menu: Vec<MenuItem>,
}

/// Who looks at the page.
#[derive(Debug, Clone)]
pub(super) struct ShellUser {
    pub(super) soggetto: String,
    pub(super) ente: String,
    pub(super) form_token: String,
}

/// A page that one may go to.
#[derive(Debug, Clone)]
pub(super) struct MenuItem {
    pub(super) href: &'static str,
    pub(super) text: &'static str,
    /// Whether it is this one.
    pub(super) is_current: bool,
}

/// The pages of the menu, and the call that each needs.
const MENU: [(&str, &str, Option<&str>); 5] = [
    (
        "/cruscotto",
        "Sintesi",
        Some("ReportService/GetReportSintetico"),
    ),
    (
        "/cruscotto/andamento",
        "Andamento e proiezione",
        Some("MonitoraggioService/GetAndamento"),
    ),
    (
        "/cruscotto/capienza",
        "Verifica capienza",
        Some("MonitoraggioService/VerificaCapienza"),
    ),
    (
        "/cruscotto/confronto",
        "Confronto",
        Some("MonitoraggioService/ConfrontaRilevazioni"),
    ),
    ("/cruscotto/accesso", "Il mio accesso", None),
];

impl Shell {
    /// Around a page that everybody may see.
    pub(super) fn public(site: &Site) -> Self {
        Self {
            base_css: assets::url("bootstrap-italia.min.css"),
            own_css: assets::url("cruscotto.css"),
            script: assets::url("cruscotto.js"),
            icon: assets::url("favicon.svg"),
            fonts: ["regular", "600", "700"].map(|weight| {
                assets::url(&format!("titillium-web-v10-latin-ext_latin-{weight}.woff2"))
            }),
            is_demo: site.is_demo(),
            user: None,
            menu: Vec::new(),
        }
    }

    /// Around a page of a user. `current`: the place in the menu.
    pub(super) fn of_user(
        site: &Site,
        session: &BrowserSession,
        access: &UserAccess,
        current: &str,
    ) -> Self {
        let offered = MENU
            .iter()
            .filter(|(_, _, rpc)| rpc.is_none_or(|rpc| access.may(rpc)));
        let menu = offered.map(|&(href, text, _)| MenuItem {
            href,
            text,
            is_current: href == current,
        });
        Self {
            user: Some(ShellUser {
                soggetto: session.user.soggetto().to_owned(),
                ente: access.0.ente.clone(),
                form_token: session.form_token.clone(),
            }),
            menu: menu.collect(),
            ..Self::public(site)
        }
    }
}
