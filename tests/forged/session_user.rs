//! A person who has not signed in.

use omnia::abilitazione::{authn::{Enti, SessionUser}, sessions::SignedIn};

fn forge(enti: Enti) -> SessionUser {
    SessionUser::new("https://idp.example", enti, "mario.rossi", true) //~ is private
}

fn forge_from_nothing() -> SessionUser {
    SessionUser::default() //~ no function or associated item named `default`
}

fn main() {}
