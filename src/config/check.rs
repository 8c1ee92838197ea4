//! What the settings may be, all together.

use super::Settings;
use crate::setting::Checked;

impl Settings {
    pub(super) fn check(&self) -> Checked {
        self.server.check()?;
        self.tls.check()?;
        self.web.check()?;
        self.cruscotto.check()?;
        self.database.check()?;
        self.access.check()?;
        self.audit.check()?;
        self.export.check()?;
        self.report.check()?;
        self.client.check()?;
        self.telemetry.check()?;
        if self.export.max_concurrent >= self.database.max_connections as usize {
            return Err(format!(
                "settings: export.max_concurrent ({}) must be less than database.max_connections ({}): exports read \
                 over connections all the time, and the other calls need one too",
                self.export.max_concurrent, self.database.max_connections
            ));
        }
        Ok(())
    }
}
