//! Why a request was not done, for the person who asked. Carries no content.

use super::frame;
use crate::casework::CaseworkError;
use crate::store::StoreError;
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// Why a request was not done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Problem {
    /// There is no such page, or it is not there for this person.
    NotFound,
    /// This account may not.
    Forbidden,
    /// Nobody is signed in.
    SignInFirst,
    /// The password fitted, the second step is to come.
    SecondStepFirst,
    /// The form was not made by one of our pages for this browser.
    OldForm,
    /// The form came from another site.
    OtherSite,
    /// The host asked for is not ours.
    OtherHost,
    /// The form is too large or no form.
    BadForm,
    /// The request took too long.
    TooSlow,
    /// Not possible, for this reason.
    Refused(String),
    /// Too many failed tries; seconds until the next.
    Wait(u64),
    /// Our fault, or the database's.
    Failed,
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::NotFound,
            StoreError::StaffOnly => Self::Forbidden,
            StoreError::WrongState(_) | StoreError::Refused(_) => Self::Refused(error.to_string()),
            StoreError::CannotOpen
            | StoreError::CannotConnect
            | StoreError::WrongKey
            | StoreError::DiskFull
            | StoreError::Transient(_)
            | StoreError::Tampered
            | StoreError::AuditBroken(_)
            | StoreError::NotOurs
            | StoreError::DestructionLog(_)
            | StoreError::Corrupt(_) => {
                tracing::error!(%error, "a request to the staff pages failed");
                Self::Failed
            }
        }
    }
}

impl From<CaseworkError> for Problem {
    fn from(error: CaseworkError) -> Self {
        match error {
            CaseworkError::Store(error) => error.into(),
            CaseworkError::NoSuchMessage | CaseworkError::AmbiguousMessage | CaseworkError::NoSuchCase => {
                Self::NotFound
            }
            CaseworkError::NoSuchAccount => Self::Refused("there is no such account".to_owned()),
            CaseworkError::NotAllocated => {
                Self::Refused("the file is not allocated to this account".to_owned())
            }
            CaseworkError::NoDocumentsFolder
            | CaseworkError::NotWritten(_)
            | CaseworkError::FolderLeft(_)
            | CaseworkError::Table
            | CaseworkError::Import(_) => {
                tracing::error!(%error, "a request to the staff pages failed");
                Self::Failed
            }
        }
    }
}

#[derive(Template)]
#[template(path = "problem.html")]
struct Page {
    title: &'static str,
    text: String,
}

impl Problem {
    fn parts(&self) -> (StatusCode, &'static str, String) {
        let (status, title, text) = match self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "Page not found",
                "There is no such page, or it is not there for your account.",
            ),
            Self::Forbidden => (
                StatusCode::FORBIDDEN,
                "Not allowed",
                "Your account may not do this.",
            ),
            Self::SignInFirst | Self::SecondStepFirst => (StatusCode::SEE_OTHER, "Sign in", "Sign in first."),
            Self::OldForm => (
                StatusCode::FORBIDDEN,
                "This page is out of date",
                "Nothing was changed. Go back, load the page again, and send the form once more.",
            ),
            Self::OtherSite => (
                StatusCode::FORBIDDEN,
                "Not allowed",
                "This form came from another website. Nothing was changed.",
            ),
            Self::OtherHost => (
                StatusCode::MISDIRECTED_REQUEST,
                "Wrong address",
                "These pages are not served under this name.",
            ),
            Self::BadForm => (
                StatusCode::BAD_REQUEST,
                "This form cannot be read",
                "It is too large, or not a form. Nothing was changed.",
            ),
            Self::TooSlow => (
                StatusCode::REQUEST_TIMEOUT,
                "This took too long",
                "Try again. If it happens again, tell your administrator.",
            ),
            Self::Refused(text) => return (StatusCode::CONFLICT, "This is not possible", text.clone()),
            Self::Wait(seconds) => {
                let text = format!(
                    "There were too many failed tries to sign in. Wait {seconds} seconds, then try again. Your account is not locked."
                );
                return (StatusCode::TOO_MANY_REQUESTS, "Wait before you try again", text);
            }
            Self::Failed => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "Sorry, there is a problem",
                "Nothing was lost. Try again later. If it happens again, tell your administrator.",
            ),
        };
        (status, title, text.to_owned())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, title, text) = self.parts();
        let body = frame::html(&Page { title, text }).unwrap_or_default();
        let mut response =
            (status, [(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response();
        let place = match self {
            Self::SignInFirst => Some(HeaderValue::from_static("/sign-in")),
            Self::SecondStepFirst => Some(HeaderValue::from_static("/sign-in/code")),
            Self::Wait(seconds) => {
                response
                    .headers_mut()
                    .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
                None
            }
            Self::NotFound
            | Self::Forbidden
            | Self::OldForm
            | Self::OtherSite
            | Self::OtherHost
            | Self::BadForm
            | Self::TooSlow
            | Self::Refused(_)
            | Self::Failed => None,
        };
        if let Some(place) = place {
            response.headers_mut().insert(header::LOCATION, place);
        }
        response
    }
}
