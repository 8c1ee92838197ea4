//! The comments of the protos, as texts of Markdown.

use std::collections::HashMap;

use prost_reflect::{
    DescriptorPool, EnumDescriptor, EnumValueDescriptor, FieldDescriptor, FileDescriptor,
    MessageDescriptor, MethodDescriptor, ServiceDescriptor,
};

/// Each comment that stands before something, by file and place.
#[derive(Debug)]
pub(super) struct Comments(HashMap<(String, Vec<i32>), String>);

impl Comments {
    pub(super) fn of(pool: &DescriptorPool) -> Self {
        let mut all = HashMap::new();
        for file in pool.files() {
            let info = file.file_descriptor_proto().source_code_info.as_ref();
            for location in info.into_iter().flat_map(|info| &info.location) {
                if let Some(comment) = &location.leading_comments {
                    let place = (file.name().to_owned(), location.path.clone());
                    all.insert(place, comment.clone());
                }
            }
        }
        Self(all)
    }

    fn paragraphs(&self, file: &FileDescriptor, path: &[i32]) -> Vec<String> {
        let place = (file.name().to_owned(), path.to_vec());
        self.0.get(&place).map_or_else(Vec::new, |c| paragraphs(c))
    }

    fn told(&self, file: &FileDescriptor, path: &[i32]) -> String {
        self.paragraphs(file, path).join("\n\n")
    }

    pub(super) fn of_message(&self, message: &MessageDescriptor) -> String {
        self.told(&message.parent_file(), message.path())
    }

    pub(super) fn of_field(&self, field: &FieldDescriptor) -> String {
        self.told(&field.parent_message().parent_file(), field.path())
    }

    pub(super) fn of_enum(&self, of: &EnumDescriptor) -> String {
        self.told(&of.parent_file(), of.path())
    }

    /// Without the metadata, which only gRPC has.
    pub(super) fn of_value(&self, value: &EnumValueDescriptor) -> String {
        let text = self.told(&value.parent_enum().parent_file(), value.path());
        let text = text.split(" metadata: ").next().unwrap_or_default();
        text.to_owned()
    }

    /// Without its errors: the statuses of the operations have them.
    pub(super) fn of_service(&self, service: &ServiceDescriptor) -> String {
        let all = self.paragraphs(&service.parent_file(), service.path());
        without_errors(all).join("\n\n")
    }

    /// Likewise, by paragraph.
    pub(super) fn of_call(&self, call: &MethodDescriptor) -> Vec<String> {
        let file = call.parent_service().parent_file();
        without_errors(self.paragraphs(&file, call.path()))
    }

    /// All that is said of the errors of a call: its own, those of its service, and those of the call that it refers to.
    pub(super) fn of_errors(&self, call: &MethodDescriptor) -> String {
        let service = call.parent_service();
        let file = service.parent_file();
        let mut text = self.told(&file, service.path());
        let own = self.told(&file, call.path());
        for other in service.methods() {
            if own.contains(&format!("those of {}", other.name())) {
                text += &self.told(&file, other.path());
            }
        }
        text.push_str(&own);
        text
    }
}

fn without_errors(mut paragraphs: Vec<String>) -> Vec<String> {
    paragraphs.retain(|paragraph| !paragraph.starts_with("Errors"));
    paragraphs
}

/// Lines make paragraphs; a drawing stays as it is.
fn paragraphs(comment: &str) -> Vec<String> {
    let lines: Vec<&str> = comment
        .lines()
        .map(|line| line.strip_prefix(' ').unwrap_or(line))
        .collect();
    let blocks = lines.split(|line| line.trim().is_empty());
    blocks
        .filter(|lines| !lines.is_empty())
        .map(
            |lines| match lines.iter().any(|line| line.starts_with(' ')) {
                true => format!("```text\n{}\n```", lines.join("\n")),
                false => lines.join(" "),
            },
        )
        .collect()
}

/// Whether a request must say a field: "Required", or of all of them "Every field but this and that is required".
pub(super) fn is_required(name: &str, of_field: &str, of_request: &str) -> bool {
    let but = of_request
        .split_once("Every field but ")
        .and_then(|(_, rest)| rest.split_once(" is required"));
    let all = but.is_some_and(|(but, _)| !but.split(" and ").any(|one| one == name));
    all || of_field.starts_with("Required")
}

/// A comment without the code of gRPC that it begins with.
pub(super) fn without_code(comment: &str) -> &str {
    match comment.split_once(". ") {
        Some((code, rest)) if code.chars().all(|c| c.is_ascii_uppercase() || c == '_') => rest,
        _ => comment,
    }
}

/// The first sentence, without its point.
pub(super) fn first_sentence(text: &str) -> &str {
    let ends = text.match_indices(". ").map(|(at, _)| at);
    // "L. 196/2009" goes on.
    let mut ends = ends.filter(|at| text[at + 2..].starts_with(char::is_uppercase));
    let end = ends.next().unwrap_or(text.len());
    text[..end].trim_end_matches('.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_paragraphs_and_drawings_stay() {
        let comment = " One\n two.\n\n   A --> B\n   C\n\n Three.\n";
        assert_eq!(
            paragraphs(comment),
            ["One two.", "```text\n  A --> B\n  C\n```", "Three."]
        );
    }

    #[test]
    fn comments_say_what_is_required() {
        let request = "Request of X. Every field but a and b is required.";
        assert!(is_required("c", "", request));
        assert!(!is_required("a", "", request) && !is_required("b", "", request));
        assert!(is_required("a", "Required. A number.", ""));
        assert!(!is_required("a", "A number.", ""));
    }

    #[test]
    fn a_sentence_ends_where_another_begins() {
        assert_eq!(
            first_sentence("One (L. 196/2009). Two."),
            "One (L. 196/2009)"
        );
        assert_eq!(first_sentence("One."), "One");
    }
}
