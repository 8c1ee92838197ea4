//! Who takes a step, and why.

use clap::Args;

use crate::{
    abilitazione::grants::{MotivoAa07, Operatore},
    error::Sentence,
};

#[derive(Debug, Args)]
pub(super) struct ActorArgs {
    /// Who does this. Without it: the user of the system.
    #[arg(long, value_name = "NAME")]
    operatore: Option<String>,
    /// Why, in a few words.
    #[arg(long, value_name = "TEXT", value_parser = MotivoAa07::parse)]
    pub(super) motivo: MotivoAa07,
}

impl ActorArgs {
    pub(super) fn operatore(&self) -> Result<Operatore, Sentence> {
        let nome = match &self.operatore {
            Some(nome) => nome.clone(),
            None => {
                nix::unistd::User::from_uid(nix::unistd::getuid())?
                    .ok_or("this user has no name: give --operatore")?
                    .name
            }
        };
        Ok(Operatore::parse(&nome, None)?)
    }
}
