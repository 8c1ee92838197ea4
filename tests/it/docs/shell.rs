//! A command line as a shell takes it apart, as far as the pages go.

/// The words up to a comment, a pipe or a redirection.
pub(super) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '#') if word.is_none() => break,
            (None, '|' | '>' | '<' | ';' | '&') => break,
            (None, ' ') => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[test]
fn a_line_is_taken_apart() {
    let line = "omnia x --motivo 'a b'  --orari \"lun 08:00\" C#1 # and so on";
    assert_eq!(
        words(line),
        [
            "omnia",
            "x",
            "--motivo",
            "a b",
            "--orari",
            "lun 08:00",
            "C#1"
        ]
    );
    assert_eq!(
        words("omnia policy matrix | head"),
        ["omnia", "policy", "matrix"]
    );
    assert_eq!(words("omnia token > token"), ["omnia", "token"]);
}
