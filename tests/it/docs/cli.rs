//! `docs/cli.md`, made of what clap knows.

use std::fmt::Write as _;

use clap::{Arg, ArgAction, Command, CommandFactory as _};
use expect_test::expect_file;
use omnia::cli::Cli;

const INTRODUCTION: &str = "\
<!-- Made of the program's own help. To renew it: UPDATE_EXPECT=1 cargo test --test it docs::cli -->

# Commands

`omnia help` and a command print what this page says of it. Every command reads the same settings as the service
([configuration.md](configuration.md)), so it works on the database that `omnia serve` serves.

A program that is built without the demo (`--no-default-features`, for production) has no `demo`, `generate` and `token`.

Exit codes of every command, beside those that it lists itself:

- 0: done;
- 1: it could not do it, and one sentence on standard error says why;
- 2: the command line is wrong;
- 74: what it prints could not be written;
- 141: the reader of what it streams to standard output went away.
";

/// To accept a change: `UPDATE_EXPECT=1 cargo test --test it docs::cli`.
#[test]
fn the_page_of_commands_is_what_clap_knows() {
    let mut omnia = Cli::command();
    omnia.build();
    let mut page = INTRODUCTION.to_owned();
    describe(&omnia, "omnia", &[], &mut page);
    expect_file!["../../../docs/cli.md"].assert_eq(&page);
}

/// A section of the page for the command, and for each of its subcommands.
fn describe(command: &Command, path: &str, global: &[&str], page: &mut String) {
    let usage = command.clone().bin_name(path).render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let about = command.get_long_about().or_else(|| command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let _ = write!(
        page,
        "\n## `{path}`\n\n{}```text\n{usage}\n```\n",
        paragraphs(&about)
    );
    let aliases: Vec<_> = command.get_visible_aliases().collect();
    if !aliases.is_empty() {
        let _ = write!(page, "\nAlso called `{}`.\n", aliases.join("`, `"));
    }
    let mut arguments = command
        .get_arguments()
        .filter(|argument| !is_help(argument) && !argument.is_hide_set())
        .filter(|argument| !global.contains(&argument.get_id().as_str()))
        .peekable();
    if arguments.peek().is_some() {
        page.push('\n');
    }
    for argument in arguments {
        let _ = writeln!(page, "- {}", line(argument));
    }
    if let Some(after) = command.get_after_help() {
        let _ = write!(
            page,
            "\n{}",
            paragraphs(&after.to_string()).trim_end_matches('\n')
        );
        page.push('\n');
    }
    let mut global = global.to_vec();
    let inherited = command.get_arguments().filter(|a| a.is_global_set());
    global.extend(inherited.map(|a| a.get_id().as_str()));
    for subcommand in command.get_subcommands() {
        if subcommand.get_name() != "help" {
            let path = format!("{path} {}", subcommand.get_name());
            describe(subcommand, &path, &global, page);
        }
    }
}

fn is_help(argument: &Arg) -> bool {
    use ArgAction::{Help, HelpLong, HelpShort, Version};
    matches!(argument.get_action(), Help | HelpLong | HelpShort | Version)
}

/// An argument: how it is written, what it means, its values, its default.
fn line(argument: &Arg) -> String {
    let help = argument.get_long_help().or_else(|| argument.get_help());
    let help = help.map(ToString::to_string).unwrap_or_default();
    let mut line = format!("`{argument}`: {}", joined(&help));
    let values = argument.get_possible_values();
    let values: Vec<_> = values.iter().filter(|value| !value.is_hide_set()).collect();
    if argument.get_action().takes_values() && !values.is_empty() {
        let described: Vec<_> = values
            .iter()
            .map(|value| match value.get_help() {
                Some(help) => format!(
                    "`{}` ({})",
                    value.get_name(),
                    joined(&help.to_string()).trim_end_matches('.')
                ),
                None => format!("`{}`", value.get_name()),
            })
            .collect();
        let _ = write!(line, " One of {}.", described.join(", "));
    }
    let defaults = argument.get_default_values();
    if argument.get_action().takes_values()
        && !defaults.is_empty()
        && !argument.is_hide_default_value_set()
    {
        let defaults: Vec<_> = defaults
            .iter()
            .map(|value| value.to_string_lossy())
            .collect();
        let _ = write!(line, " Default: `{}`.", defaults.join(" "));
    }
    if let Some(variable) = argument.get_env() {
        let _ = write!(line, " Environment: `{}`.", variable.to_string_lossy());
    }
    line
}

/// Paragraphs of help as Markdown; exit codes as a list.
fn paragraphs(help: &str) -> String {
    let mut text = String::new();
    for paragraph in help
        .split("\n\n")
        .filter(|paragraph| !paragraph.trim().is_empty())
    {
        let paragraph = joined(paragraph);
        let Some(codes) = paragraph.strip_prefix("Exit codes: ") else {
            let _ = write!(text, "{}\n\n", paragraph);
            continue;
        };
        text.push_str("Exit codes:\n\n");
        for code in codes.trim_end_matches('.').split("; ") {
            let _ = writeln!(text, "- {code}");
        }
        text.push('\n');
    }
    text
}

/// One line, with a full stop; `<` outside of backticks is no tag.
fn joined(help: &str) -> String {
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let parts = help.split('`').enumerate();
    let parts: Vec<_> = parts
        .map(|(i, part)| {
            if i % 2 == 0 {
                part.replace('<', "\\<")
            } else {
                part.to_owned()
            }
        })
        .collect();
    let help = parts.join("`");
    if help.is_empty() || help.ends_with(['.', '?', ':']) {
        help
    } else {
        format!("{help}.")
    }
}
