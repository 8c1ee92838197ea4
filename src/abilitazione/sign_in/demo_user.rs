//! The users of the demo.

/// An invented user, who signs in by choice. Nothing but `omnia demo` makes one, and only a program with the feature `demo` has the type.
#[derive(Debug, Clone)]
pub struct DemoUser {
    /// Of whom its grant is said to be.
    pub issuer: String,
    /// Whose grant it uses.
    pub soggetto: String,
    /// What stands on the button.
    pub name: String,
}
