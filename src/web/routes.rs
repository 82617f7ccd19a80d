//! The route table: every page, and who may ask for it.
//!
//! Invariant: a handler is reached only through [`dispatch`], which checks host, session, role and form token before it.

use super::documents::MAX_UPLOAD;
use super::guard::{self, MAX_BODY, Peer};
use super::problem::Problem;
use super::request::{Answer, App, Asked, Fields, Upload, draw_token};
use super::{
    account, assets, audit, case_page, cases, change, configuration, correct, destroy, documents, failed,
    home, mailbox, outbound, person, report, review, sent, sign_in, staff, taking, write,
};
use crate::store::{OpenSession, SignInStage, StaffRole};
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, RawForm, RawPathParams, Request};
use axum::http::{Method, header};
use axum::response::IntoResponse;
use axum::routing::{MethodFilter, on};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Who may ask for a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Anybody.
    Anybody,
    /// Whose password fitted, and whose second step is to come.
    SecondStep,
    /// Everybody who is signed in.
    SignedIn,
    /// Staff.
    Staff,
    /// Staff and volunteers; the store decides which files are there for a volunteer.
    Files,
    /// Staff and administrators: nothing of a case.
    Overview,
    /// Administrators.
    Administrator,
}

/// One row of the route table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouteEntry {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// Path with placeholders in braces.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
}

type Handler = fn(Asked) -> Pin<Box<dyn Future<Output = Answer> + Send>>;

struct Route {
    entry: RouteEntry,
    handler: Handler,
}

macro_rules! routes {
    ($($method:ident $path:literal $access:ident $handler:path;)+) => {
        const ROUTES: &[Route] = &[$(Route {
            entry: RouteEntry { method: stringify!($method), path: $path, access: Access::$access },
            handler: |asked| Box::pin($handler(asked)),
        }),+];
    };
}

routes! {
    GET "/assets/{name}" Anybody assets::file;
    GET "/sign-in" Anybody sign_in::password_page;
    POST "/sign-in" Anybody sign_in::check_password;
    GET "/sign-in/code" SecondStep sign_in::code_page;
    POST "/sign-in/code" SecondStep sign_in::check_code;
    POST "/sign-in/recovery" SecondStep sign_in::check_recovery_code;
    GET "/sign-in/set-up" SecondStep sign_in::set_up_page;
    POST "/sign-in/set-up" SecondStep sign_in::set_up;
    POST "/sign-out" SignedIn sign_in::sign_out;
    GET "/account" SignedIn account::page;
    POST "/account/end-session" SignedIn account::end_session;
    POST "/account/password" SignedIn account::change_password;
    GET "/" SignedIn home::page;
    GET "/review/{message}" Staff review::page;
    GET "/review/{message}/reject" Staff review::reject_page;
    GET "/review/{message}/ask" Staff review::ask_page;
    GET "/review" Staff review::first;
    GET "/review/{message}/next" Staff review::next;
    POST "/review/{message}/correct" Staff correct::save;
    POST "/review/{message}/accept" Staff review::accept;
    POST "/review/{message}/reject" Staff review::reject;
    POST "/review/{message}/set-aside" Staff review::set_aside;
    POST "/review/{message}/file" Staff review::file;
    GET "/cases" Files cases::list;
    POST "/cases/search" Staff cases::search;
    GET "/cases/{case}" Files case_page::page;
    POST "/cases/{case}/note" Files case_page::note;
    POST "/cases/{case}/allocate" Staff case_page::allocate;
    POST "/cases/{case}/take-back" Staff case_page::take_back;
    POST "/cases/{case}/close" Staff case_page::close;
    POST "/cases/{case}/reopen" Staff case_page::reopen;
    GET "/cases/{case}/destroy" Staff destroy::page;
    POST "/cases/{case}/destroy" Staff destroy::destroy;
    GET "/cases/{case}/certificate" Staff destroy::save_certificate;
    GET "/cases/{case}/documents/{side}/{document}" Files documents::save;
    GET "/cases/{case}/export/{side}/{form}" Staff taking::export;
    POST "/cases/{case}/files/{side}/documents" Files documents::add;
    POST "/cases/{case}/files/{side}/change" Files change::save;
    GET "/cases/{case}/files/{side}/people/{person}" Files person::page;
    GET "/cases/{case}/files/{side}/people/{person}/erase" Staff person::erase_page;
    GET "/cases/{case}/files/{side}/people/{person}/subject-access" Staff taking::subject_access;
    GET "/outbound" Staff outbound::list;
    GET "/outbound/{mail}" Staff outbound::page;
    POST "/outbound/{mail}/release" Staff outbound::release;
    POST "/outbound/{mail}/return" Staff outbound::give_back;
    GET "/failed" Staff failed::list;
    GET "/failed/{failed}/save" Staff failed::save;
    POST "/failed/{failed}/read-again" Staff failed::read_again;
    POST "/failed/{failed}/set-aside" Staff failed::set_aside;
    GET "/mailbox" Overview mailbox::page;
    GET "/settings" Administrator configuration::page;
    GET "/write" Files write::page;
    POST "/write/preview" Files write::preview;
    POST "/write/send" Files write::send;
    GET "/sent" Files sent::page;
    GET "/report" Overview report::latest;
    GET "/report/{month}" Overview report::page;
    GET "/audit" Overview audit::page;
    GET "/staff" Administrator staff::page;
    POST "/staff/reset" Administrator staff::reset;
}

/// Every route, for whoever checks who may what.
pub fn route_table() -> Vec<RouteEntry> {
    ROUTES.iter().map(|route| route.entry).collect()
}

pub(super) fn router(app: Arc<App>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let filter = match route.entry.method {
            "POST" => MethodFilter::POST,
            _get => MethodFilter::GET,
        };
        let app = Arc::clone(&app);
        let handler = move |params: RawPathParams, request: Request| {
            let app = Arc::clone(&app);
            async move {
                dispatch(app, route, &params, request)
                    .await
                    .unwrap_or_else(IntoResponse::into_response)
            }
        };
        let method = match takes_a_document(route) {
            true => on(filter, handler).layer(DefaultBodyLimit::max(MAX_UPLOAD + MAX_BODY)),
            false => on(filter, handler),
        };
        router = router.route(route.entry.path, method);
    }
    router
        .fallback(|| async { Problem::NotFound })
        .method_not_allowed_fallback(|| async { Problem::NotFound })
}

/// The one form that is larger than the others.
fn takes_a_document(route: &Route) -> bool {
    route.entry.method == "POST" && route.entry.path == "/cases/{case}/files/{side}/documents"
}

async fn dispatch(app: Arc<App>, route: &Route, params: &RawPathParams, request: Request) -> Answer {
    let now = app.parts.clock.now();
    let peer = request.extensions().get::<Peer>().copied();
    let from = guard::asker(peer, app.settings.behind(), request.headers());
    let shown = app.shown_token(request.headers());
    let session = match &shown {
        Some(token) => app.store().session(token, app.settings.sessions, now).await?,
        None => None,
    };
    admit(route.entry.access, session.as_ref())?;
    let is_form = request.method() == Method::POST;
    let query = request.uri().query().map(str::to_owned);
    let (form, upload) = match (is_form, takes_a_document(route)) {
        (true, true) => read_document(request).await?,
        (true, false) => (read_form(request).await?, None),
        (false, _) => (Fields::default(), None),
    };
    // The form is checked against what the browser showed, never against a token that it is only now given.
    if is_form && !shown.as_ref().is_some_and(|token| form.is_ours(token)) {
        return Err(Problem::OldForm);
    }
    // The form for signing in needs a token too; whoever shows none is given one.
    let (token, new_cookie) = match shown {
        Some(token) => (token, None),
        None => {
            let token = draw_token()?;
            let cookie = app.set_cookie(&token)?;
            (token, Some(cookie).filter(|_| route.entry.path == "/sign-in"))
        }
    };
    let asked = Asked {
        app,
        token,
        session,
        from,
        now,
        route: route.entry.path,
        path: pieces(params),
        query,
        form,
        upload,
    };
    let mut response = (route.handler)(asked).await?;
    if let Some(cookie) = new_cookie {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(response)
}

fn pieces(params: &RawPathParams) -> Vec<(String, String)> {
    let pieces = params.iter();
    pieces
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

async fn read_form(request: Request) -> Result<Fields, Problem> {
    let RawForm(bytes) = RawForm::from_request(request, &())
        .await
        .map_err(|_| Problem::BadForm)?;
    serde_urlencoded::from_bytes(&bytes)
        .map(Fields)
        .map_err(|_| Problem::BadForm)
}

/// A form with a document (RFC 7578). Fields are few and short.
async fn read_document(request: Request) -> Result<(Fields, Option<Upload>), Problem> {
    /// Most fields, the document included.
    const MAX_FIELDS: usize = 8;
    let bad = |_| Problem::BadForm;
    let parts = Multipart::from_request(request, &()).await;
    let mut parts = parts.map_err(|_| Problem::BadForm)?;
    let (mut fields, mut upload) = (Fields::default(), None);
    for _ in 0..MAX_FIELDS {
        let Some(part) = parts.next_field().await.map_err(bad)? else {
            return Ok((fields, upload));
        };
        let name = part.name().unwrap_or_default().to_owned();
        match part.file_name().map(str::to_owned) {
            Some(file) => {
                let bytes = part.bytes().await.map_err(bad)?.to_vec();
                upload = Some(Upload { name: file, bytes });
            }
            None => fields.0.push((name, part.text().await.map_err(bad)?)),
        }
    }
    Err(Problem::BadForm)
}

/// Whether somebody with this session may ask.
fn admit(access: Access, session: Option<&OpenSession>) -> Result<(), Problem> {
    if access == Access::Anybody {
        return Ok(());
    }
    let session = session.ok_or(Problem::SignInFirst)?;
    match (access, session.info.stage) {
        (Access::SecondStep, SignInStage::Password) => return Ok(()),
        (Access::SecondStep, SignInStage::Complete) => return Err(Problem::NotFound),
        (_, SignInStage::Password) => return Err(Problem::SecondStepFirst),
        (_, SignInStage::Complete) => {}
    }
    let role = &session.account.role;
    let may = match access {
        Access::Anybody | Access::SignedIn => true,
        Access::SecondStep => false,
        Access::Staff => matches!(role, StaffRole::Staff),
        Access::Files => matches!(role, StaffRole::Staff | StaffRole::Volunteer { .. }),
        Access::Overview => matches!(role, StaffRole::Staff | StaffRole::Administrator),
        Access::Administrator => matches!(role, StaffRole::Administrator),
    };
    match may {
        true => Ok(()),
        false => Err(Problem::Forbidden),
    }
}
