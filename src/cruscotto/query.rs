//! What a URL or a form says.

use std::str::FromStr;

/// Names and values, in their order.
#[derive(Debug, Clone, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    /// Of a query, or of a body that a form has sent. What is left empty is not there.
    pub(super) fn parse(text: &str) -> Self {
        let pairs = form_urlencoded::parse(text.as_bytes());
        let pairs = pairs.map(|(name, value)| (name.into_owned(), value.trim().to_owned()));
        Self(pairs.filter(|(_, value)| !value.is_empty()).collect())
    }

    /// The first of a name; an empty text where there is none.
    pub(super) fn text(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(own, _)| own == name);
        found.map_or("", |(_, value)| value)
    }

    /// All of a name.
    pub(super) fn all(&self, name: &str) -> Vec<String> {
        let found = self.0.iter().filter(|(own, _)| own == name);
        found.map(|(_, value)| value.clone()).collect()
    }

    /// Whether it has a value of this name.
    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        let mut pairs = self.0.iter();
        pairs.any(|(own, own_value)| own == name && own_value == value)
    }

    /// A number; none where there is none, or what is there is none.
    pub(super) fn number<T: FromStr>(&self, name: &str) -> Option<T> {
        self.text(name).parse().ok()
    }

    /// Whether nothing is said but of these names.
    pub(super) fn only(&self, names: &[&str]) -> bool {
        self.0
            .iter()
            .all(|(name, _)| names.contains(&name.as_str()))
    }

    /// The same with the first value of each name alone, but for the two that may have several: so that whoever reads it reads the same.
    pub(super) fn single(&self) -> Self {
        let mut single: Vec<(String, String)> = Vec::new();
        for (name, value) in &self.0 {
            let is_list = matches!(name.as_str(), "normativa" | "prestazione");
            if is_list || single.iter().all(|(own, _)| own != name) {
                single.push((name.clone(), value.clone()));
            }
        }
        Self(single)
    }

    /// The same with these names alone.
    pub(super) fn keep(&self, names: &[&str]) -> Self {
        let kept = self
            .0
            .iter()
            .filter(|(name, _)| names.contains(&name.as_str()));
        Self(kept.cloned().collect())
    }

    /// The same without these names.
    pub(super) fn without(&self, names: &[&str]) -> Self {
        let left = self
            .0
            .iter()
            .filter(|(name, _)| !names.contains(&name.as_str()));
        Self(left.cloned().collect())
    }

    /// The same with this one value of a name.
    pub(super) fn with(&self, name: &str, value: impl Into<String>) -> Self {
        let mut changed = self.without(&[name]);
        changed.0.push((name.to_owned(), value.into()));
        changed
    }

    /// Names and values.
    pub(super) fn pairs(&self) -> impl Iterator<Item = &(String, String)> {
        self.0.iter()
    }

    /// Names and values but for these names: what a form of another kind keeps.
    pub(super) fn pairs_without<'a>(
        &'a self,
        names: &'a [&str],
    ) -> impl Iterator<Item = &'a (String, String)> {
        self.0
            .iter()
            .filter(|(name, _)| !names.contains(&name.as_str()))
    }

    /// As a URL has it, without the question mark.
    pub(super) fn encoded(&self) -> String {
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&self.0)
            .finish()
    }

    /// A path with it.
    pub(super) fn at(&self, path: &str) -> String {
        match self.0.is_empty() {
            true => path.to_owned(),
            false => format!("{path}?{}", self.encoded()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_found_and_said_again() {
        let query = Query::parse("normativa=A&normativa=B%26C&dal=&al=+2026-01-01+&pagina=x");
        assert_eq!(query.all("normativa"), ["A", "B&C"]);
        assert_eq!((query.text("dal"), query.text("al")), ("", "2026-01-01"));
        assert_eq!(query.number::<i32>("pagina"), None);
        assert!(query.has("normativa", "B&C") && !query.only(&["normativa"]));
        let changed = query.without(&["pagina", "al"]).with("ordina", "è");
        assert_eq!(
            changed.at("/x"),
            "/x?normativa=A&normativa=B%26C&ordina=%C3%A8"
        );
        assert_eq!(Query::default().at("/x"), "/x");
        let twice = Query::parse("normativa=A&al=1&normativa=B&al=2&x=1");
        assert_eq!(twice.single().encoded(), "normativa=A&al=1&normativa=B&x=1");
        assert_eq!(twice.keep(&["al"]).encoded(), "al=1&al=2");
    }
}
