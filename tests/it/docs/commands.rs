//! Every `make` target, every `omnia` command and option, and every setting that a page names exists.

use std::{collections::BTreeSet, fs, path::Path};

use clap::{Command, CommandFactory as _, error::ErrorKind};
use omnia::cli::Cli;

use super::{
    ROOT, configuration,
    markdown::{Page, Place},
    pages,
    shell::words,
};

/// Options of other programs.
const FOREIGN: [&str; 5] = [
    "--add-opens",
    "--features",
    "--locked",
    "--no-default-features",
    "--test",
];

#[test]
fn commands_that_pages_give_are_taken() {
    let wrong: Vec<_> = pages()
        .iter()
        .flat_map(|page| {
            given_commands(page).into_iter().filter_map(|command| {
                refusal(&command.what).map(|why| format!("{}: {why}", page.at(command.line)))
            })
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn commands_that_pages_name_exist() {
    let omnia = Cli::command();
    let options = options(&omnia);
    let targets = make_targets();
    let settings = configuration::names();
    let mut wrong = Vec::new();
    for page in pages() {
        for span in page.code_spans() {
            let words = words(&span.what);
            let unknown = match words.first().map(String::as_str) {
                Some("omnia") => unknown_of(&omnia, &words),
                Some("make") => words[1..]
                    .iter()
                    .find(|word| !word.contains('=') && !targets.contains(*word))
                    .map(|word| format!("there is no target {word}")),
                Some(option) if option.starts_with("--") && option.len() > 2 => {
                    let name = option.split('=').next().unwrap_or(option);
                    let known = options.contains(name) || FOREIGN.contains(&name);
                    (!known).then(|| format!("there is no option {option}"))
                }
                Some(name) if words.len() == 1 && configuration::looks_like_a_setting(name) => {
                    (!settings.contains(name)).then(|| format!("there is no setting {name}"))
                }
                _ => None,
            };
            wrong.extend(unknown.map(|why| format!("{}: {why}", page.at(span.line))));
        }
        for line in page.code_lines() {
            let words = words(line.what.trim_start_matches("$ "));
            if let [make, target, ..] = words.as_slice()
                && make == "make"
                && !target.contains('=')
                && !targets.contains(target)
            {
                wrong.push(format!(
                    "{}: there is no target {target}",
                    page.at(line.line)
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The lines of fenced blocks that run the program, with what they go on with on the next lines.
fn given_commands(page: &Page) -> Vec<Place<String>> {
    let mut commands: Vec<Place<String>> = Vec::new();
    let mut goes_on = false;
    for Place { line, what } in page.code_lines() {
        let text = what.trim_start().trim_start_matches("$ ");
        let text = text.strip_prefix("target/release/").unwrap_or(text);
        let (kept, more) = match text.strip_suffix('\\') {
            Some(kept) => (kept, true),
            None => (text, false),
        };
        if goes_on {
            commands.last_mut().unwrap().what.push_str(kept);
        } else if text.starts_with("omnia ") {
            let what = kept.to_owned();
            commands.push(Place { line, what });
        } else {
            continue;
        }
        goes_on = more;
    }
    commands
}

/// Why the program would not take the command line.
fn refusal(command: &str) -> Option<String> {
    // What a reader puts a text of their own in place of.
    let placeholder =
        |word: &&String| word.len() > 1 && word.chars().all(|c| c.is_ascii_uppercase());
    let words = words(command);
    // `omnia: …` is what the program printed.
    if words[0] != "omnia" {
        return None;
    }
    let error = Cli::command().try_get_matches_from(&words).err()?;
    match error.kind() {
        ErrorKind::ValueValidation if words.iter().any(|w| placeholder(&w)) => None,
        _ => Some(format!("{command}: {error}")),
    }
}

/// What of `omnia grant show 5` there is not: a subcommand or an option.
fn unknown_of(omnia: &Command, words: &[String]) -> Option<String> {
    let mut command = omnia.clone();
    command.build();
    let mut before = "omnia";
    for word in &words[1..] {
        let name = word.split('=').next().unwrap_or(word);
        if let Some(found) = command.find_subcommand(name) {
            command = found.clone();
        } else if name.starts_with("--") {
            if !options(&command).contains(name) {
                return Some(format!("{} has no option {name}", command.get_name()));
            }
        } else if command.has_subcommands() && !before.starts_with("--") && name != "…" {
            return Some(format!("{} has no subcommand {name}", command.get_name()));
        }
        before = name;
    }
    None
}

/// The options of a command and all its subcommands.
fn options(command: &Command) -> BTreeSet<String> {
    let mut names: BTreeSet<_> = command
        .get_arguments()
        .filter_map(|argument| argument.get_long())
        .map(|name| format!("--{name}"))
        .collect();
    names.extend(["--help".to_owned(), "--version".to_owned()]);
    for subcommand in command.get_subcommands() {
        names.extend(options(subcommand));
    }
    names
}

fn make_targets() -> BTreeSet<String> {
    let makefile = fs::read_to_string(Path::new(ROOT).join("Makefile")).unwrap();
    let tasks = makefile.lines().filter(|line| line.contains(" ## "));
    let rules = tasks.filter_map(|line| line.split_once(':'));
    rules.map(|(target, _)| target.to_owned()).collect()
}

#[test]
fn a_planted_command_is_told_of() {
    let text =
        "```\n$ omnia grant show 5 # fine\n$ omnia grant \\\n  dance 5\nomnia: a sentence\n```\n";
    let page = Page::new(Path::new("p.md"), text.to_owned());
    let commands = given_commands(&page);
    assert_eq!(commands.len(), 2);
    assert_eq!(refusal(&commands[0].what), None);
    assert!(refusal(&commands[1].what).unwrap().contains("dance"));
    let omnia = Cli::command();
    for (span, missing) in [
        ("omnia grant show 5", None),
        ("omnia get --file -", None),
        ("omnia grant dance", Some("grant has no subcommand dance")),
        ("omnia load --quickly", Some("load has no option --quickly")),
    ] {
        assert_eq!(
            unknown_of(&omnia, &words(span)).as_deref(),
            missing,
            "{span}"
        );
    }
    assert!(make_targets().contains("lint"));
}
