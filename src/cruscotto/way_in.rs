//! How one signs in.

#[cfg(feature = "demo")]
use crate::abilitazione::sign_in::DemoUser;
use crate::abilitazione::sign_in::Provider;

/// A way to sign in.
#[derive(Debug, Clone)]
pub enum WayIn {
    /// At a provider, which says who it is.
    Provider(Provider),
    /// By choice, as one of the invented users of the demo: a program without the feature has no such way.
    #[cfg(feature = "demo")]
    Demo(DemoUser),
}

impl WayIn {
    /// What stands on its button.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Provider(provider) => provider.name(),
            #[cfg(feature = "demo")]
            Self::Demo(user) => &user.name,
        }
    }
}
