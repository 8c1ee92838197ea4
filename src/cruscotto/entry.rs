//! The way in, and out.
//!
//! ```text
//! GET  entra          a page with a button for each way; the browser gets a cookie that its form must agree with (login CSRF)
//! POST entra          a page that goes on to the provider; another cookie holds the sign-in that is under way
//! GET  entra/ritorno  that sign-in, finished; has its person a grant? ── a new session under a new secret (session fixation) ── 303
//! POST esci           the session ends here, then at the provider
//! ```

use askama::Template;
use http::{HeaderMap, Response, StatusCode, header::COOKIE, request::Parts};
use tonic::{Request, body::Body};

use super::{
    calls::{Calls, Inner},
    failure::PageFailure,
    form::{self, TOKEN},
    query::Query,
    response::{elsewhere, html, see_other, set_cookie},
    shell::Shell,
    site::Site,
    way_in::WayIn,
};
use crate::{
    abilitazione::{
        sessions::{BrowserSession, SignedIn},
        sign_in::{LocalPath, Provider, SignInAnswer, SignInAttempt, SignInError},
    },
    contract::proto::GetMyAccessRequest,
    error::Error,
};

/// The cookie of a session.
pub(super) const SESSION: &str = "__Host-omnia";
/// The cookie of the page of the way in: one for all tabs of a browser.
const ENTRY: &str = "__Host-omnia-entra";
/// The cookie of the sign-in that is under way.
const ATTEMPT: &str = "__Host-omnia-accesso";
const ENTRY_PAGE: &str = "entry page";
const ENTRY_FORM: &str = "entry form";

/// The page of the way in.
#[derive(Template)]
#[template(path = "entra.html")]
struct EntryPage {
    shell: Shell,
    next: String,
    form_token: String,
    ways: Vec<String>,
    has_expired: bool,
    contact: Option<String>,
}

/// On the way to another host.
#[derive(Template)]
#[template(path = "altrove.html")]
struct ElsewherePage {
    shell: Shell,
    to: String,
}

/// The value of a cookie.
pub(super) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(COOKIE)
        .iter()
        // Cookies of other pages of the domain may have any bytes.
        .flat_map(|value| value.as_bytes().split(|byte| *byte == b';'))
        .find_map(|pair| {
            let value = pair.trim_ascii().strip_prefix(name.as_bytes())?;
            std::str::from_utf8(value.strip_prefix(b"=")?).ok()
        })
}

/// To the way in, and afterwards to the page that was asked for.
pub(super) fn sign_in_first(asked: &Parts) -> Response<Body> {
    let path = asked.uri.path_and_query();
    let next = LocalPath::parse(path.map_or("", |path| path.as_str()));
    let mut query = Query::default().with("dopo", next.as_str());
    if cookie(&asked.headers, SESSION).is_some() {
        query = query.with("scaduta", "1");
    }
    let response = see_other(&query.at("/cruscotto/entra"));
    set_cookie(response, SESSION, None)
}

impl Site {
    /// The page of the way in.
    pub(super) fn choose(&self, asked: &Parts) -> Result<Response<Body>, PageFailure> {
        let query = Query::parse(asked.uri.query().unwrap_or_default());
        let key = &self.parts.key;
        let before = cookie(&asked.headers, ENTRY).and_then(|cookie| key.open(ENTRY_PAGE, cookie));
        let secret = before.unwrap_or_else(|| rand::random::<[u8; 32]>().to_vec());
        let page = EntryPage {
            shell: Shell::public(self),
            next: LocalPath::parse(query.text("dopo")).as_str().to_owned(),
            form_token: key.tag(ENTRY_FORM, &secret),
            ways: self
                .parts
                .ways_in
                .iter()
                .map(|way| way.name().to_owned())
                .collect(),
            has_expired: query.has("scaduta", "1"),
            contact: self.parts.contact.clone(),
        };
        let response = html(StatusCode::OK, render(&page)?);
        Ok(set_cookie(
            response,
            ENTRY,
            Some(&key.seal(ENTRY_PAGE, &secret)),
        ))
    }

    /// A way was chosen.
    pub(super) async fn begin(
        &self,
        #[cfg_attr(
            not(feature = "demo"),
            expect(unused_variables, reason = "only users of the demo come in at once")
        )]
        inner: Inner,
        asked: &Parts,
        body: Body,
    ) -> Result<Response<Body>, PageFailure> {
        let form = form::read(asked, body, self.parts.patience).await?;
        let key = &self.parts.key;
        let secret = cookie(&asked.headers, ENTRY).and_then(|cookie| key.open(ENTRY_PAGE, cookie));
        let secret = secret.ok_or_else(form::foreign)?;
        if !key.is_tag(ENTRY_FORM, &secret, form.text(TOKEN)) {
            return Err(form::foreign());
        }
        let next = LocalPath::parse(form.text("dopo"));
        let way = form
            .number::<usize>("modo")
            .and_then(|n| self.parts.ways_in.get(n));
        match way.ok_or_else(form::foreign)? {
            WayIn::Provider(provider) => {
                let begun = provider.begin(next).await;
                let (url, attempt) = begun.map_err(|error| no_sign_in(&error))?;
                let response = self.go_elsewhere(url.as_str())?;
                Ok(set_cookie(response, ATTEMPT, Some(&attempt.seal(key))))
            }
            #[cfg(feature = "demo")]
            WayIn::Demo(user) => {
                let signed_in = SignedIn {
                    issuer: user.issuer.clone(),
                    soggetto: user.soggetto.clone(),
                };
                self.enter(inner, asked, &signed_in, &next).await
            }
        }
    }

    /// The browser comes back from the provider.
    pub(super) async fn come_back(
        &self,
        inner: Inner,
        asked: &Parts,
    ) -> Result<Response<Body>, PageFailure> {
        let query = Query::parse(asked.uri.query().unwrap_or_default());
        let (key, now) = (&self.parts.key, self.parts.clock.now());
        let attempt = cookie(&asked.headers, ATTEMPT)
            .and_then(|cookie| SignInAttempt::open(cookie, key, now))
            .ok_or_else(|| {
                let why = "there is no sign-in under way in this browser, or it took too long";
                no_sign_in(&SignInError::NotOurs(why.into()))
            })?;
        let provider = self.provider(attempt.issuer()).ok_or_else(|| {
            no_sign_in(&SignInError::NotOurs("the provider is set no more".into()))
        })?;
        let text = |name: &str| Some(query.text(name).to_owned()).filter(|text| !text.is_empty());
        let answer = SignInAnswer {
            state: text("state"),
            iss: text("iss"),
            code: text("code"),
            error: text("error"),
        };
        let signed_in = provider.finish(&attempt, answer).await;
        let signed_in = signed_in.map_err(|error| no_sign_in(&error))?;
        self.enter(inner, asked, &signed_in, attempt.next()).await
    }

    /// Lets a person in who has a grant. A session that the browser had before ends.
    async fn enter(
        &self,
        inner: Inner,
        asked: &Parts,
        signed_in: &SignedIn,
        next: &LocalPath,
    ) -> Result<Response<Body>, PageFailure> {
        let sessions = &self.parts.sessions;
        let user = sessions
            .user(signed_in)
            .ok_or_else(|| no_sign_in(&SignInError::NotOurs("nobody asks this issuer".into())))?;
        let calls = Calls::new(inner, asked, user, &self.parts.address_header);
        let request = Request::new(GetMyAccessRequest {});
        let access = calls.access().get_my_access(request).await;
        access.map_err(|status| PageFailure::of_call(&status, &calls))?;
        if let Some(before) = self.session(asked).await? {
            sessions
                .end(&before)
                .await
                .map_err(|error| unavailable(&error))?;
        }
        let secret = sessions
            .begin(signed_in)
            .await
            .map_err(|error| unavailable(&error))?;
        let response = set_cookie(see_other(next.as_str()), SESSION, Some(&secret));
        let response = set_cookie(response, ATTEMPT, None);
        Ok(set_cookie(response, ENTRY, None))
    }

    /// Signs out here, and at the provider.
    pub(super) async fn leave(
        &self,
        asked: &Parts,
        body: Body,
    ) -> Result<Response<Body>, PageFailure> {
        let form = form::read(asked, body, self.parts.patience).await?;
        let Some(session) = self.session(asked).await? else {
            return Ok(see_other("/cruscotto/entra"));
        };
        form::check(&form, &session)?;
        let ended = self.parts.sessions.end(&session).await;
        ended.map_err(|error| unavailable(&error))?;
        let provider_page = match self.provider(session.user.issuer()) {
            Some(provider) => provider.sign_out().await,
            None => None,
        };
        let response = match provider_page {
            Some(url) => self.go_elsewhere(url.as_str())?,
            None => see_other("/cruscotto/entra"),
        };
        Ok(set_cookie(response, SESSION, None))
    }

    fn go_elsewhere(&self, to: &str) -> Result<Response<Body>, PageFailure> {
        let page = ElsewherePage {
            shell: Shell::public(self),
            to: to.to_owned(),
        };
        Ok(elsewhere(render(&page)?, to))
    }

    /// The session of the browser, if it has one that is of use.
    pub(super) async fn session(
        &self,
        asked: &Parts,
    ) -> Result<Option<BrowserSession>, PageFailure> {
        let Some(cookie) = cookie(&asked.headers, SESSION) else {
            return Ok(None);
        };
        let found = self.parts.sessions.find(cookie).await;
        found.map_err(|error| unavailable(&error))
    }

    fn provider(&self, issuer: &str) -> Option<&Provider> {
        self.parts.ways_in.iter().find_map(|way| match way {
            WayIn::Provider(provider) if provider.issuer() == issuer => Some(provider),
            _ => None,
        })
    }
}

/// The text of a page.
///
/// # Errors
/// None that a template of ours has: writing to a text cannot fail.
pub(super) fn render(page: &impl Template) -> Result<String, PageFailure> {
    page.render().map_err(|error| {
        tracing::error!(%error, "a page cannot be made");
        PageFailure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Si è verificato un errore interno del servizio.",
        )
    })
}

/// The database does not answer.
pub(super) fn unavailable(error: &Error) -> PageFailure {
    tracing::error!(
        error = error.with_cause(),
        "sessions cannot be read or written"
    );
    PageFailure::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "Il servizio non è al momento disponibile: riprovare più tardi.",
    )
}

/// What a person is told, and in the log why.
fn no_sign_in(error: &SignInError) -> PageFailure {
    let (status, text) = match error {
        SignInError::Refused(code) => {
            tracing::info!(code, "a sign-in was refused by its provider");
            let text = "L'accesso è stato annullato o rifiutato dal servizio di identità.";
            (StatusCode::FORBIDDEN, text)
        }
        SignInError::NotOurs(why) => {
            tracing::warn!(%why, "a sign-in that this service has not begun, or not for this browser");
            let text = "L'accesso non è partito da questo browser o è durato troppo: ricomincia dalla pagina di accesso.";
            (StatusCode::BAD_REQUEST, text)
        }
        SignInError::Provider(why) => {
            tracing::error!(%why, "a provider does not answer as it must");
            let text = "Il servizio di identità non risponde come previsto: riprovare più tardi.";
            (StatusCode::BAD_GATEWAY, text)
        }
    };
    PageFailure::new(status, text)
}
