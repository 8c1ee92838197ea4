//! What a file names: the paths in it, read as words and marks.
//!
//! This is no compiler. Comments and literals are left out, and `use` trees are spelt out. A path that begins with `crate`,
//! `self`, `super` or a child module is found; a method of a value is not, nor is what a macro makes. That is enough, for a
//! module that uses another has to name it somewhere.

/// A module, or what a path leads to, from the root of the crate on: `["audit", "verify"]`.
pub(super) type Place = Vec<String>;

/// A path that a module names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) place: Place,
    /// The name under which a `pub use` hands it on.
    pub(super) exported: Option<String>,
}

/// The names in the text of the module `at`, which has these children.
pub(super) fn names(text: &str, at: &[String], child: impl Fn(&str) -> bool) -> Vec<Name> {
    let tokens = tokens(text);
    let mut inline: Vec<(usize, &str)> = Vec::new();
    let mut depth = 0;
    let mut found = Vec::new();
    let mut i = 0;
    while i < tokens.len() {
        let before = i.checked_sub(1).map_or("", |i| tokens[i]);
        let after = |n: usize| tokens.get(i + n).copied().unwrap_or_default();
        let scope: Vec<&str> = inline.iter().map(|(_, name)| *name).collect();
        match tokens[i] {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                inline.pop_if(|(opened, _)| *opened == depth);
            }
            "mod" if after(2) == "{" => inline.push((depth, after(1))),
            // The `in` of a visibility names nothing that is used.
            "in" if before == "(" => i += tokens[i..].iter().take_while(|t| **t != ")").count(),
            "use" if after(1) != "<" => {
                let end = i + tokens[i..].iter().take_while(|t| **t != ";").count();
                let mut paths = Vec::new();
                spell_out(&tokens[i + 1..end], &[], &mut paths);
                let public = (before == "pub" || before == ")") && scope.is_empty();
                for (path, name) in paths {
                    let exported = public.then(|| name.to_owned());
                    if let Some(place) = absolute(&path, at, &scope, &child) {
                        found.push(Name { place, exported });
                    }
                }
                i = end;
            }
            _ if is_word(tokens[i]) && after(1) == "::" && !["::", ".", "$"].contains(&before) => {
                let mut path = vec![tokens[i]];
                while tokens.get(i + 1) == Some(&"::")
                    && tokens.get(i + 2).is_some_and(|t| is_word(t))
                {
                    path.push(tokens[i + 2]);
                    i += 2;
                }
                let place = absolute(&path, at, &scope, &child);
                found.extend(place.map(|place| Name {
                    place,
                    exported: None,
                }));
            }
            _ => {}
        }
        i += 1;
    }
    found
}

/// A path from the root of the crate on. `None`: it begins with none of our modules.
fn absolute(
    path: &[&str],
    at: &[String],
    scope: &[&str],
    child: impl Fn(&str) -> bool,
) -> Option<Place> {
    let ups = path.iter().take_while(|s| **s == "super").count();
    let base = || at.iter().map(String::as_str).chain(scope.iter().copied());
    let whole: Vec<&str> = match path[0] {
        "crate" => path[1..].to_vec(),
        "self" => base().chain(path[1..].iter().copied()).collect(),
        "super" => {
            let mut whole: Vec<&str> = base().collect();
            whole.truncate(whole.len().saturating_sub(ups));
            whole.extend(&path[ups..]);
            whole
        }
        first if scope.is_empty() && child(first) => base().chain(path.iter().copied()).collect(),
        _ => return None,
    };
    Some(whole.into_iter().map(str::to_owned).collect())
}

/// A `use` tree as its paths, each with the name that it gives.
fn spell_out<'a>(tree: &[&'a str], prefix: &[&'a str], found: &mut Vec<(Vec<&'a str>, &'a str)>) {
    let segments = |part: &[&'a str]| -> Vec<&'a str> {
        let own = part.iter().copied().filter(|t| *t != "::");
        prefix.iter().copied().chain(own).collect()
    };
    if let Some(open) = tree.iter().position(|t| *t == "{") {
        let prefix = segments(&tree[..open]);
        let (mut depth, mut start) = (0, open + 1);
        for (i, token) in tree.iter().enumerate().skip(open + 1) {
            if depth == 0 && [",", "}"].contains(token) {
                if start < i {
                    spell_out(&tree[start..i], &prefix, found);
                }
                start = i + 1;
            }
            match *token {
                "{" => depth += 1,
                "}" => depth -= 1,
                _ => {}
            }
        }
        return;
    }
    let alias = tree.iter().position(|t| *t == "as");
    let mut path = segments(&tree[..alias.unwrap_or(tree.len())]);
    if path.len() > 1 && path.last() == Some(&"self") {
        path.pop();
    }
    if let Some(last) = path.last().copied() {
        found.push((path, alias.map_or(last, |i| tree[i + 1])));
    }
}

/// Words, `::`, and other marks one by one. No comments, no literals.
fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c| !is_word_char(c)).unwrap_or(rest.len());
        let length = if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            rest.find("*/").map_or(rest.len(), |end| end + 2)
        } else if let Some(length) = literal(rest) {
            length
        } else if word > 0 || first.is_whitespace() {
            word.max(first.len_utf8())
        } else if rest.starts_with("::") {
            2
        } else {
            first.len_utf8()
        };
        let token = &rest[..length];
        if is_word(token) || token == "::" || (token.len() == 1 && !first.is_whitespace()) {
            found.push(token);
        }
        rest = &rest[length..];
    }
    found
}

/// How long the literal is with which a text begins.
fn literal(text: &str) -> Option<usize> {
    let body = text.trim_start_matches(['b', 'c']);
    let prefix = text.len() - body.len();
    if prefix > 1 {
        return None;
    }
    if let Some(raw) = body.strip_prefix('r') {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        let inner = raw[hashes..].strip_prefix('"')?;
        let close = format!("\"{}", "#".repeat(hashes));
        let length = inner.find(&close)? + close.len();
        return Some(prefix + 1 + hashes + 1 + length);
    }
    let quote = body.chars().next().filter(|c| ['"', '\''].contains(c))?;
    // A quote that ends no character begins a lifetime.
    let mut chars = body.char_indices().skip(1);
    while let Some((i, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            c if c == quote => return Some(prefix + i + 1),
            _ if quote == '\'' && !body[i + c.len_utf8()..].starts_with('\'') => {
                return None;
            }
            _ => {}
        }
    }
    None
}

fn is_word(token: &str) -> bool {
    token.starts_with(is_word_char)
}

fn is_word_char(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}
