//! `generate`: what follows from a project, printed or written to a folder.

use std::path::{Component, Path};

use super::{
    arguments::Arguments,
    check::guarded,
    files::{self, Change, Target},
    input::{self, Input},
    output::{Form, print, print_error, say_trouble, visible},
};
use compose_lint as lint;
use compose_model::{self as compose, nearest};
use compose_proxy::{
    generate,
    generate::File,
    generate::Generator,
    generate::Make,
    routes::{self, Options, Place, Tls},
};
use protocol::rules;

pub(super) fn run(arguments: &Arguments, target: Option<&str>) -> u8 {
    if arguments.list {
        let lines = protocol::generators::all().map(|it| format!("{:16} {}\n", it.id, it.summary));
        return print(&lines.collect::<String>(), Form::Words);
    }
    let names = || {
        protocol::generators::all()
            .map(|it| it.id)
            .collect::<Vec<_>>()
            .join(", ")
    };
    let Some(target) = target else {
        return say_trouble(&format!("generate wants a target: {}", names()));
    };
    let Some(generator) = protocol::generators::find(target) else {
        let meant = nearest(target, protocol::generators::all().map(|it| it.id));
        let meant = meant.map_or(String::new(), |it| format!("did you mean `{it}`? "));
        return say_trouble(&format!(
            "there is no target `{target}`; {meant}there are {}",
            names()
        ));
    };
    let inputs = match input::projects(arguments) {
        Ok(inputs) => inputs,
        Err(trouble) => return say_trouble(&trouble),
    };
    let [input] = inputs.as_slice() else {
        return say_trouble("generate takes one project; merge files with -f A -f B");
    };
    let written = guarded(input, || write(input, arguments, generator));
    written.unwrap_or_else(|trouble| say_trouble(&trouble))
}

/// Whether a proxy in the network of the project would reach what one on the host does not.
fn is_found_beside(compose: &compose::Compose, options: &Options) -> bool {
    let beside = Options {
        place: Place::Network,
        ..options.clone()
    };
    let routes = routes::plan(compose, &beside);
    options.place == Place::Host && routes.reachable().next().is_some()
}

/// The services and ports that options name, with the option.
fn named(arguments: &Arguments) -> Vec<(&'static str, &String, Option<u16>)> {
    let hosts = arguments.hosts.iter();
    let hosts = hosts.map(|(service, port, _)| ("--host", service, *port));
    let access = arguments.access.iter();
    let access = access.map(|(service, port, _)| ("--access", service, *port));
    let strips = arguments.strips.iter();
    let strips = strips.map(|(service, port)| ("--strip", service, *port));
    hosts.chain(access).chain(strips).collect()
}

/// The exit code, or why nothing was generated.
fn write(input: &Input, arguments: &Arguments, generator: &Generator) -> Result<u8, String> {
    let project = input.read(arguments).map_err(|it| it.message())?;
    let compose = compose::load(&project);
    if let Some(problem) = compose.parses().flat_map(|it| &it.problems).next() {
        let file = problem.span.file;
        let name = project.source(file).map_or("", |it| &it.name);
        let what = match project.is_outside(file) {
            true => "syntax error",
            false => &problem.message,
        };
        return Err(format!("{name}: {what}; fix it first"));
    }
    input::is_complete(&project, &compose)?;
    let options = Options {
        place: arguments.place,
        tls: arguments.tls,
        http3: arguments.http3,
        email: arguments.email.clone(),
        max_body: arguments.max_body,
        reaches_containers: false,
        hosts: arguments.hosts.clone(),
        access: arguments.access.clone(),
        strips: arguments.strips.clone(),
        versions: arguments
            .version
            .iter()
            .map(|it| (generator.id.to_owned(), it.clone()))
            .collect(),
    };
    let routes = generator.plan(&compose, &options);
    // Files hold values; what is printed beside them is read by more people.
    let values = lint::Values::new(&project, &rules::all());
    if arguments.http3 && routes.tls == Tls::Off {
        return Err(
            "--http3 means nothing without encryption; add --tls acme or --tls files".to_owned(),
        );
    }
    for (option, service, port) in named(arguments) {
        if compose.service(service).is_none() {
            return Err(format!(
                "{option} names service `{service}`, and there is none of that name"
            ));
        }
        let of = |site: &&routes::Site| site.service.as_str() == service.as_str();
        let fits = |site: &&routes::Site| port.is_none_or(|it| it == site.port);
        let sites = routes.sites.iter().filter(of);
        // The port of a host name may be that of the host, which a note says.
        let found: Vec<&routes::Site> =
            match sites.clone().any(|it| fits(&it)) || option != "--host" {
                true => sites.filter(fits).collect(),
                false => sites.collect(),
            };
        let is_reached = found.iter().any(|it| it.upstream.is_some());
        if found.is_empty() || option == "--host" && !is_reached {
            let name = format!("`{service}`");
            let why = routes.notes.iter().filter(|it| it.contains(&name));
            let why: Vec<&str> = why.map(String::as_str).collect();
            return Err(match (why.as_slice(), port) {
                ([_, ..], _) => values.sentence(why.join(" ").trim_end_matches('.')),
                ([], Some(port)) => format!(
                    "{option}: service `{service}` has no site for port {port}; name one with --host {service}:{port}=HOSTNAME"
                ),
                ([], None) => format!(
                    "{option}: service `{service}` has no site; name one with --host {service}:PORT=HOSTNAME"
                ),
            });
        }
    }
    let Some(output) = generator.generate(&compose, &routes, protocol::PACKS) else {
        if generator.group() == generate::PROXY {
            for note in &routes.notes {
                say_trouble(&values.sentence(note));
            }
        }
        let nothing = match generator.make {
            Make::Running(_) => "there is nothing here to make it of",
            _ if is_found_beside(&compose, &options) => {
                "there is nothing a proxy could lead to on this host; one beside the others could: --place network"
            }
            _ => "there is nothing a proxy could lead to",
        };
        return Err(nothing.to_owned());
    };
    let mut text = String::new();
    if let Some(folder) = &arguments.out {
        let paths = write_files(folder, &output.files, arguments.force)?;
        text.extend(paths.iter().map(|it| format!("{}\n", visible(it))));
    } else if let [file] = output.files.as_slice() {
        text.push_str(&file.text);
    } else {
        let files = output.files.iter();
        text.extend(files.map(|it| format!("# ---- {}\n{}\n", it.path, it.text)));
    }
    let form = match arguments.out {
        Some(_) => Form::Words,
        None => Form::File,
    };
    let code = print(&text, form);
    if !arguments.quiet {
        let steps = output
            .steps
            .iter()
            .enumerate()
            .map(|(index, step)| format!("{}. {}", index + 1, values.sentence(step)));
        let notes = output.notes.iter();
        let notes = notes.map(|note| format!("Note: {}", values.sentence(note)));
        let words: Vec<String> = steps.chain(notes).collect();
        // What to do with the files is for the person, not for the file.
        print_error(&format!("\n{}\n", words.join("\n")), Form::Words);
    }
    Ok(code)
}

/// Writes the files to a folder, all or none, and gives their names.
fn write_files(folder: &str, files: &[File], replaces: bool) -> Result<Vec<String>, String> {
    let name = |file: &File| Path::new(folder).join(&file.path).display().to_string();
    let names: Vec<String> = files.iter().map(name).collect();
    let in_the_way = |file: &File, name: &str| {
        // What a `.env` holds cannot be generated again.
        let stays = !replaces || file.path == ".env";
        stays && Path::new(name).symlink_metadata().is_ok()
    };
    for file in files {
        let mut parts = Path::new(&file.path).components();
        if !parts.all(|it| matches!(it, Component::Normal(_))) {
            return Err(format!("`{}` is not a path inside a folder", file.path));
        }
    }
    let there = files.iter().zip(&names);
    let there: Vec<&str> = there
        .filter(|(file, name)| in_the_way(file, name))
        .map(|(_, name)| name.as_str())
        .collect();
    if !there.is_empty() {
        let hint = match files.iter().any(|it| it.path == ".env") && replaces {
            true => "a .env file is never replaced",
            false => "--force replaces files, except .env",
        };
        return Err(format!(
            "nothing was written, as these are there already: {}; {hint}",
            there.join(", ")
        ));
    }
    let changes: Vec<Change> = files
        .iter()
        .zip(&names)
        .map(|(file, name)| Change {
            name,
            text: &file.text,
            target: Target::New { mode: mode(file) },
        })
        .collect();
    files::fill(folder, &changes)?;
    Ok(names)
}

/// What may be run is executable, and what holds a secret is the owner's alone.
fn mode(file: &File) -> u32 {
    let is_secret = !file.secrets.is_empty() || file.path.ends_with(".env");
    match (file.text.starts_with("#!"), is_secret) {
        (true, true) => 0o700,
        (true, false) => 0o777,
        (false, true) => 0o600,
        (false, false) => 0o666,
    }
}
