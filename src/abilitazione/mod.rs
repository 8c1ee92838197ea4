//! Who may ask what (Messaggio 4648/2023, §3).

pub mod aa07;
mod ambito;
mod jwks;
mod permesso;
mod policy;
#[cfg(test)]
mod test_keys;
mod token;
mod vocabulary;

pub use ambito::{Alcuni, Ambito, Codice, Insieme};
pub use jwks::{Jwks, JwksError};
pub use permesso::{Abilitazione, NessunFiltro, Permesso, Selezione, abilitazione};
pub use policy::{
    Decisione, PolicyError, PolicyErrors, Politica, Profilo, Sorgente, Tabella, matrix,
};
pub use token::TokenVerifier;
pub use vocabulary::{RpcVocabulary, Vocabulary, VocabularyError};
