//! What every page is made with.

use askama::Template;
use http::{Response, StatusCode};
use tonic::{Request, Status, body::Body};

use crate::{
    abilitazione::sessions::BrowserSession,
    contract::proto::GetMyAccessRequest,
    cruscotto::{
        access::UserAccess, calls::Calls, entry::render, failure::PageFailure, query::Query,
        response::html, shell::Shell, site::Site,
    },
};

/// What a page is made with.
pub(in crate::cruscotto) struct PageContext {
    pub(in crate::cruscotto) site: Site,
    pub(in crate::cruscotto) calls: Calls,
    pub(in crate::cruscotto) query: Query,
    pub(in crate::cruscotto) session: BrowserSession,
}

/// What a page answers.
pub(super) type Answered = Result<Response<Body>, PageFailure>;

impl PageContext {
    /// What the user may do.
    pub(super) async fn access(&self) -> Result<UserAccess, PageFailure> {
        let request = Request::new(GetMyAccessRequest {});
        let access = self.calls.access().get_my_access(request).await;
        Ok(UserAccess(
            access.map_err(|status| self.failed(&status))?.into_inner(),
        ))
    }

    pub(super) fn shell(&self, access: &UserAccess, current: &str) -> Shell {
        Shell::of_user(&self.site, &self.session, access, current)
    }

    pub(super) fn failed(&self, status: &Status) -> PageFailure {
        PageFailure::of_call(status, &self.calls)
    }
}

/// A page, whole.
pub(super) fn page(template: &impl Template) -> Answered {
    Ok(html(StatusCode::OK, render(template)?))
}
