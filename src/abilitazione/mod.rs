//! Who may ask what (Messaggio 4648/2023, §3).

mod policy;
mod vocabulary;

pub use policy::{
    Decisione, PolicyError, PolicyErrors, Politica, Profilo, Sorgente, Tabella, matrix,
};
pub use vocabulary::{RpcVocabulary, Vocabulary, VocabularyError};
