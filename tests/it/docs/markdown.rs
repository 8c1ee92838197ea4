//! As much of Markdown as the pages use.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A page.
pub(super) struct Page {
    pub(super) path: PathBuf,
    text: String,
}

/// Something on a page, and the line that it begins on.
pub(super) struct Place<T> {
    pub(super) line: usize,
    pub(super) what: T,
}

impl Page {
    pub(super) fn read(path: &Path) -> Self {
        Self::new(path, fs::read_to_string(path).unwrap())
    }

    pub(super) fn new(path: &Path, text: String) -> Self {
        Self {
            path: path.to_owned(),
            text,
        }
    }

    /// For messages: where on which page.
    pub(super) fn at(&self, line: usize) -> String {
        let path = self.path.strip_prefix(super::ROOT).unwrap_or(&self.path);
        format!("{}:{line}", path.display())
    }

    pub(super) fn lines(&self) -> usize {
        self.text.lines().count()
    }

    /// The lines, and whether each is in a fenced block (or is a fence).
    fn fenced(&self) -> impl Iterator<Item = (&str, bool)> {
        let mut inside = false;
        self.text.lines().map(move |line| {
            let fence = line.trim_start().starts_with("```");
            inside ^= fence;
            (line, inside || fence)
        })
    }

    /// The lines of fenced blocks, but for those that say that they are only text.
    pub(super) fn code_lines(&self) -> Vec<Place<&str>> {
        let mut lines = Vec::new();
        let mut only_text = false;
        for (i, (what, fenced)) in self.fenced().enumerate() {
            match what.trim_start().strip_prefix("```") {
                Some(kind) => only_text = kind == "text",
                None if fenced && !only_text => lines.push(Place { line: i + 1, what }),
                None => {}
            }
        }
        lines
    }

    /// The text without fenced blocks, line by line.
    fn prose(&self) -> String {
        let lines = self.fenced();
        let lines = lines.map(|(text, fenced)| if fenced { "" } else { text });
        lines.collect::<Vec<_>>().join("\n")
    }

    /// What stands in backticks in the prose. It may go over the end of a line, but not of a paragraph.
    pub(super) fn code_spans(&self) -> Vec<Place<String>> {
        let mut spans = Vec::new();
        let mut line = 1;
        for paragraph in self.prose().split("\n\n") {
            let mut at = line;
            for (i, part) in paragraph.split('`').enumerate() {
                if i % 2 == 1 {
                    let what = part.split_whitespace().collect::<Vec<_>>().join(" ");
                    spans.push(Place { line: at, what });
                }
                at += part.matches('\n').count();
            }
            line += paragraph.matches('\n').count() + 2;
        }
        spans
    }

    /// Where links lead.
    pub(super) fn links(&self) -> Vec<Place<String>> {
        let mut links = Vec::new();
        for (i, text) in self.prose().lines().enumerate() {
            // What stands in backticks is no link, but a link's text may.
            let visible = without_code(text);
            for after in visible.split("](").skip(1) {
                if let Some((target, _)) = after.split_once(')') {
                    links.push(Place {
                        line: i + 1,
                        what: target.to_owned(),
                    });
                }
            }
        }
        links
    }

    /// The anchors of the headings, as GitHub makes them.
    pub(super) fn anchors(&self) -> Vec<String> {
        let mut anchors: Vec<String> = Vec::new();
        for line in self.prose().lines() {
            let heading = line.trim_start_matches('#');
            if heading.len() == line.len() || !heading.starts_with(' ') {
                continue;
            }
            let anchor = anchor(heading.trim());
            let before = anchors.iter().filter(|a| **a == anchor).count();
            anchors.push(match before {
                0 => anchor,
                n => format!("{anchor}-{n}"),
            });
        }
        anchors
    }
}

fn anchor(heading: &str) -> String {
    let lower = heading.to_lowercase();
    let kept = lower.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        '-' | '_' => Some(c),
        c => c.is_alphanumeric().then_some(c),
    });
    kept.collect()
}

fn without_code(line: &str) -> String {
    let parts = line.split('`').enumerate();
    parts
        .filter(|(i, _)| i % 2 == 0)
        .map(|(_, part)| part)
        .collect()
}

#[test]
fn a_page_is_taken_apart() {
    let text = "# One `a` page\n\nSee [x](y.md#z), `[no](link)`, [`c`](d).\n`over\nlines`\n\n```\n# no heading\n```\n## One a page\n";
    let page = Page::new(Path::new("p.md"), text.to_owned());
    assert_eq!(page.anchors(), ["one-a-page", "one-a-page-1"]);
    let links = page.links();
    let links: Vec<_> = links.iter().map(|l| (l.line, l.what.as_str())).collect();
    assert_eq!(links, [(3, "y.md#z"), (3, "d")]);
    let spans = page.code_spans();
    let spans: Vec<_> = spans.iter().map(|s| (s.line, s.what.as_str())).collect();
    assert_eq!(
        spans,
        [(1, "a"), (3, "[no](link)"), (3, "c"), (4, "over lines")]
    );
    assert_eq!(page.code_lines()[0].what, "# no heading");
}
