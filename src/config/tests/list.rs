use std::{ffi::OsString, io::Write as _};

use crate::config::Settings;

#[test]
fn an_array_or_a_joined_text() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"[server]\ntrusted_proxies = [\"10.0.0.0/24\", \"fd00::/64\"]\n")
        .unwrap();
    let settings = Settings::from_sources(Some(file.path()), []).unwrap();
    assert_eq!(
        settings.server.trusted_proxies,
        ["10.0.0.0/24", "fd00::/64"]
    );
    let variable = OsString::from("OMNIA_SERVER__TRUSTED_PROXIES");
    let settings =
        Settings::from_sources(Some(file.path()), [(variable, "192.0.2.1, fd00::1".into())]);
    let settings = settings.unwrap();
    assert_eq!(settings.server.trusted_proxies, ["192.0.2.1", "fd00::1"]);
}
