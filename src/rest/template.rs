//! The path of a resource: fixed parts, and parts that are fields of the request.
//!
//! `/v1/normative/{normativa}/decreti` takes `/v1/normative/DL109-2018-ART44/decreti`, with `normativa` = `DL109-2018-ART44`. A part is decoded
//! once it is cut out (RFC 3986, 2.4), so that a slash in a value is `%2F` and never another path. Nothing else is normalised: a path has
//! one spelling.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// A path, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PathTemplate(Vec<Segment>);

/// One part of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Segment {
    /// It stands so. Before a field of the same place: `/v1/abilitazioni/in-scadenza` is no grant's number.
    Fixed(String),
    /// The value of a field.
    Field(String),
}

/// A value of the path: the field, and what stands in its place.
pub(super) type PathValue<'a> = (&'a str, Cow<'a, str>);

impl PathTemplate {
    /// Reads a template of the contract. `None`: it is none.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let segments = text.strip_prefix('/')?.split('/').map(|part| {
            if part.is_empty() {
                return None;
            }
            Some(
                match part.strip_prefix('{').and_then(|p| p.strip_suffix('}')) {
                    Some(field) => Segment::Field(field.to_owned()),
                    None => Segment::Fixed(part.to_owned()),
                },
            )
        });
        segments.collect::<Option<_>>().map(Self)
    }

    /// The fields that it names.
    pub(super) fn fields(&self) -> impl Iterator<Item = &str> {
        self.0.iter().filter_map(|segment| match segment {
            Segment::Field(name) => Some(name.as_str()),
            Segment::Fixed(_) => None,
        })
    }

    /// The values of its fields, where the path is one of its own. A value that is no UTF-8 once it is decoded fits no path.
    pub(super) fn take<'a>(&'a self, path: &'a str) -> Option<Vec<PathValue<'a>>> {
        let mut parts = path.strip_prefix('/')?.split('/');
        let mut values = Vec::new();
        for segment in &self.0 {
            let part = parts.next()?;
            match segment {
                Segment::Fixed(fixed) if fixed == part => {}
                Segment::Fixed(_) => return None,
                Segment::Field(_) if part.is_empty() => return None,
                Segment::Field(name) => {
                    let value = percent_decode_str(part).decode_utf8().ok()?;
                    values.push((name.as_str(), value));
                }
            }
        }
        parts.next().is_none().then_some(values)
    }

    /// By which fixed parts come before fields.
    pub(super) fn rank(&self) -> impl Ord + use<'_> {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(template: &str, path: &str) -> Option<Vec<(String, String)>> {
        let template = PathTemplate::parse(template).unwrap();
        let values = template.take(path)?;
        let owned = values
            .into_iter()
            .map(|(f, v)| (f.to_owned(), v.into_owned()));
        Some(owned.collect())
    }

    #[test]
    fn a_path_gives_the_values_of_its_fields() {
        let template = "/v1/normative/{normativa}/decreti";
        let value = |v: &str| Some(vec![("normativa".to_owned(), v.to_owned())]);
        assert_eq!(taken(template, "/v1/normative/A-1/decreti"), value("A-1"));
        assert_eq!(taken(template, "/v1/normative/a%2Fb/decreti"), value("a/b"));
        assert_eq!(taken(template, "/v1/normative/+/decreti"), value("+"));
        for none in [
            "/v1/normative//decreti",
            "/v1/normative/A/decreti/",
            "/v1/normative/A/decreti/x",
            "/v1/normative/A",
            "/V1/normative/A/decreti",
            "//v1/normative/A/decreti",
            "v1/normative/A/decreti",
            "/v1/normative/%FF/decreti",
            "",
        ] {
            assert_eq!(taken(template, none), None, "{none}");
        }
        assert_eq!(PathTemplate::parse("/v1//x"), None);
        assert_eq!(PathTemplate::parse("v1"), None);
    }
}
