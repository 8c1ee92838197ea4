//! Checks `model.conf`.
//!
//! The matcher may be another one; what is asked and how effects combine may not, for the table, the rows' check and
//! the profiles' meaning stand on them (and Casbin panics on an effect that it does not know).

use super::PolicyError;

/// Section, key, and the definition without spaces. The matcher is free.
const DEFINITIONS: [(&str, &str, Option<&str>); 5] = [
    ("request_definition", "r", Some("profilo,rpc,tipo,nome")),
    ("policy_definition", "p", Some("ruolo,rpc,tipo,nome,eft")),
    ("role_definition", "g", Some("_,_")),
    (
        "policy_effect",
        "e",
        Some("some(where(p.eft==allow))&&!some(where(p.eft==deny))"),
    ),
    ("matchers", "m", None),
];

/// Everything that is wrong with the model.
pub(super) fn check(model: &str) -> Vec<PolicyError> {
    let mut errors = Vec::new();
    let mut error = |line: Option<usize>, reason: String| {
        errors.push(PolicyError {
            file: "model.conf",
            at: line.map(|line| (line, 1)),
            reason,
        });
    };
    let mut section = "";
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for (number, line) in (1..).zip(model.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            section = name;
            continue;
        }
        let (key, value) = line
            .split_once('=')
            .map_or((line, ""), |(key, value)| (key.trim(), value));
        let Some((_, _, expected)) = DEFINITIONS
            .iter()
            .find(|(s, k, _)| (*s, *k) == (section, key))
        else {
            error(
                Some(number),
                format!("unknown definition `{key}` in section [{section}]"),
            );
            continue;
        };
        if seen.contains(&(section, key)) {
            error(Some(number), format!("`{key}` is defined twice"));
        }
        seen.push((section, key));
        let value: String = value.split_whitespace().collect();
        match expected {
            Some(expected) if value != *expected => {
                error(Some(number), format!("`{key}` must be `{expected}`"));
            }
            // Casbin cuts a definition at a # and joins it with the next line at a \.
            None if value.is_empty() || value.contains(['#', '\\']) => {
                error(
                    Some(number),
                    format!("`{key}` must be one expression on one line"),
                );
            }
            _ => {}
        }
    }
    for (section, key, _) in DEFINITIONS {
        if !seen.contains(&(section, key)) {
            error(None, format!("`{key}` of section [{section}] is missing"));
        }
    }
    errors
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::abilitazione::PolicySource;

    fn reasons(model: &str) -> Vec<String> {
        check(model).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_shipped_model_is_good_and_a_changed_one_is_not() {
        let shipped = PolicySource::embedded().model;
        assert_eq!(reasons(&shipped), Vec::<String>::new());
        for (from, to, error) in [
            // Casbin would panic on this one.
            (
                " && !some(where (p.eft == deny))",
                " && nothing",
                "model.conf:15:1: `e` must be",
            ),
            ("!some(where (p.eft == deny))", "", "`e` must be"),
            (
                "r = profilo, rpc, tipo, nome",
                "r = profilo, rpc",
                "`r` must be",
            ),
            (
                "g = _, _",
                "",
                "`g` of section [role_definition] is missing",
            ),
            ("g = _, _", "g = _, _\ng = _, _", "`g` is defined twice"),
            ("g = _, _", "g = _, _\ng2 = _, _", "unknown definition `g2`"),
            (
                "[matchers]",
                "[matcher]",
                "unknown definition `m` in section [matcher]",
            ),
            (
                "m = r.nome",
                "m = true # r.nome",
                "`m` must be one expression",
            ),
            (
                " && g(r.profilo",
                " && \\\n g(r.profilo",
                "`m` must be one expression",
            ),
        ] {
            assert!(shipped.contains(from), "{from}");
            let errors = reasons(&shipped.replace(from, to));
            assert!(errors.iter().any(|e| e.contains(error)), "{to}: {errors:?}");
        }
        assert_eq!(check("").len(), 5);
    }
}
