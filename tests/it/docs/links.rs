//! Every link inside the project leads to a file, and to a heading of it.

use std::path::Path;

use super::{markdown::Page, pages};

#[test]
fn links_lead_somewhere() {
    let broken: Vec<_> = pages().iter().flat_map(broken_links).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

fn broken_links(page: &Page) -> Vec<String> {
    let mut broken = Vec::new();
    for link in page.links() {
        let place = page.at(link.line);
        if link.what.contains("://") || link.what.starts_with("mailto:") {
            continue;
        }
        let (file, anchor) = link.what.split_once('#').unwrap_or((&link.what, ""));
        let target = match file {
            "" => page.path.clone(),
            file => page.path.parent().unwrap().join(file),
        };
        if !file.is_empty() && !target.exists() {
            broken.push(format!("{place}: there is no {file}"));
        } else if !anchor.is_empty() && !anchors_of(&target, page).iter().any(|a| a == anchor) {
            broken.push(format!(
                "{place}: {} has no heading #{anchor}",
                target.display()
            ));
        }
    }
    broken
}

fn anchors_of(target: &Path, page: &Page) -> Vec<String> {
    if target == page.path {
        page.anchors()
    } else {
        Page::read(target).anchors()
    }
}

#[test]
fn a_broken_link_is_told_of() {
    let here = Path::new(super::ROOT).join("docs/planted.md");
    let text = "# Here\n[a](get.md#formats) [b](#here) [c](https://x.example)\n[d](nowhere.md) [e](get.md#nothing) [f](#there)\n";
    let broken = broken_links(&Page::new(&here, text.to_owned()));
    assert_eq!(broken.len(), 3, "{broken:?}");
    for (broken, named) in broken.iter().zip(["nowhere.md", "#nothing", "#there"]) {
        assert!(
            broken.starts_with("docs/planted.md:3: ") && broken.contains(named),
            "{broken}"
        );
    }
}
