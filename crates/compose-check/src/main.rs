//! `compose-check`: the engine on a command line.
//!
//! Problems go to standard output, troubles to standard error. Exit codes: 0 nothing at or above
//! `--fail-on`, 1 something, 2 usage, unreadable file or internal error.

mod arguments;
mod check;
mod config;
mod diff;
mod files;
mod fix;
mod generate;
mod human;
mod input;
mod output;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use output::{Form, print, say_trouble};

use compose_lint::Rule;
use compose_model::{nearest, words};
use protocol::{report::RuleReport, rules};

const HELP: &str = "\
compose-check: reads Compose files as `docker compose` does, says what is wrong, and mends it

Usage
  compose-check check     [-f FILE]... [FILE]...   find problems (the default)
  compose-check fix       [-f FILE]... [FILE]...   apply safe fixes; --unsafe adds the others, --diff only shows them
  compose-check config    [-f FILE]...             the effective model, as `docker compose config` prints it
  compose-check generate TARGET [-f FILE]...       proxy configuration; generate --list names the targets
  compose-check explain   RULE|KEY                 a rule's page, or what a key of a Compose file does
  compose-check rules                              the list of rules

Projects
  -f A -f B is one project, merged in that order; -f - reads standard input.
  FILE FILE are projects of their own. With neither, the project of this folder.
  --env-file F             variables from F instead of .env (repeatable)
  --profile P              activate a profile (repeatable, * for all)
  --project-directory D    the folder to look in, and that relative paths start from
  --project-name N         instead of the name in the files, or the folder's
  --no-outside             read no file outside the project directory, except those named with -f or --env-file

  The project directory is that of the first Compose file, or D. Of a file outside of it, reached by include,
  extends, env_file, label_file, .env or a symbolic link, check prints the place of a problem and none of its
  text, and fix does not write it. Only regular files of up to 16 MiB are read.

check and fix
  --format human|json|sarif|github     (check only)
  --severity error|warning|hint        the least that is shown (hint)
  --fail-on error|warning|hint|never   the least that ends with exit code 1 (error)
  --rule ID=off|error|warning|hint     another severity for a rule (repeatable)
  --config F                           rules from F instead of .compose-check.yaml
  --quiet  --color auto|always|never

fix
  --unsafe                 also apply fixes that change what runs
  --diff                   print the changes instead of writing them
  --force                  also replace a file that has other hard links; these keep the old text

config and generate
  They print the values of variables and of every file they read. Do not run them on a repository you do not
  trust unless --no-outside is given and the environment holds no secret.

config
  --format yaml|json       --no-path-resolution   --no-interpolate
  --quiet                  print nothing, only check that Compose accepts the project
  --services  --volumes  --images      list those instead

generate
  --place host|network     where the proxy runs (host)
  --host SERVICE[:PORT]=HOSTNAME[/PATH]                (repeatable)
  --strip SERVICE[:PORT]   it does not see that path   (repeatable)
  --access SERVICE[:PORT]=WHO          an address, a range of them or NAME:HASH (repeatable)
  --tls auto|off|acme|files            auto: acme where the files say https:// of a site, else off (auto)
  --http3     --email E    --version V (of the target)
  --max-body SIZE          largest upload, such as 100m or 10g; 0 for no limit (by image, else 64m)
  --out DIR                write the files there instead of printing them; existing files are not replaced
  --force                  replace them, except .env

Exit codes: 0 nothing at or above --fail-on, 1 something, 2 usage, unreadable file or internal error.
";

/// Runs the command line with the process's own arguments.
fn main() -> ExitCode {
    // The words of a panic may quote a file; where it happened is enough for a report.
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        say_trouble(&format!("internal error at {}", place.unwrap_or_default()));
    }));
    let words: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|it| it.to_string_lossy().into_owned())
        .collect();
    let code = match Arguments::parse(&words) {
        Ok(arguments) => run(&arguments),
        Err(trouble) => say_trouble(&trouble),
    };
    ExitCode::from(code)
}

fn run(arguments: &Arguments) -> u8 {
    match &arguments.command {
        Command::Help => print(HELP, Form::Words),
        Command::Version => print(
            &format!("compose-check {}\n", env!("CARGO_PKG_VERSION")),
            Form::Words,
        ),
        Command::Check => check::run(arguments),
        Command::Fix => fix::run(arguments),
        Command::Generate(target) => generate::run(arguments, target.as_deref()),
        Command::Rules => list_rules(arguments),
        Command::Explain(word) => explain(word),
        Command::Config => config::run(arguments),
    }
}

fn list_rules(arguments: &Arguments) -> u8 {
    let all: Vec<RuleReport> = rules::all()
        .iter()
        .map(|rule| RuleReport::new(rule))
        .collect();
    if arguments.format == arguments::Format::Json {
        let json = serde_json::to_string_pretty(&all).unwrap_or_default();
        return print(&format!("{json}\n"), Form::Json);
    }
    let width = all.iter().map(|it| it.id.len()).max().unwrap_or_default();
    let lines = all.iter().map(|it| {
        format!(
            "{:width$}  {:7}  {:13}  {:9}  {}\n",
            it.id, it.severity, it.group, it.fixes, it.summary
        )
    });
    print(&lines.collect::<String>(), Form::Words)
}

fn explain(word: &str) -> u8 {
    if let Some(rule) = rules::find(word) {
        return print(&page(rule), Form::Words);
    }
    let keys = words::find(word);
    if keys.is_empty() {
        return say_trouble(&nothing_to_explain(word));
    }
    let width = keys.iter().map(|it| it.place.len()).max();
    let width = width.unwrap_or_default();
    let lines = keys.iter().map(|key| {
        let traits = key.traits();
        format!("{:width$}  {} ({traits})\n", key.place, key.line)
    });
    print(&lines.collect::<String>(), Form::Words)
}

fn nothing_to_explain(word: &str) -> String {
    let count = word.split('.').count();
    let keys = words::keys().into_iter().map(|key| key.ending(count));
    let rules = rules::all().into_iter().map(|rule| rule.id.to_owned());
    let known: Vec<String> = rules.chain(keys).collect();
    let meant = nearest(word, known.iter().map(String::as_str));
    let meant = meant.map_or(String::new(), |it| format!(" Did you mean `{it}`?"));
    format!("there is no rule or key `{word}`.{meant} `compose-check rules` lists the rules.")
}

fn page(rule: &Rule) -> String {
    let refused = if rule.rejected {
        ", Compose refuses it"
    } else {
        ""
    };
    format!(
        "# {} ({}, {}{refused})\n\n{}",
        rule.id,
        rule.severity.name(),
        rule.group.name(),
        rule.page()
    )
}
