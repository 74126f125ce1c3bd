//! `config`: the effective model, as `docker compose config` prints it.

use std::{collections::BTreeSet, fs};

use super::{
    arguments::{Arguments, Listed},
    check::{guarded, refusals},
    files,
    input::{self, Input},
    output::{Form, print, print_error, say_trouble},
};
use compose_model::{self as compose, Compose, Value};
use protocol::report;

pub(super) fn run(arguments: &Arguments) -> u8 {
    let inputs = match input::projects(arguments) {
        Ok(inputs) => inputs,
        Err(trouble) => return say_trouble(&trouble),
    };
    let [input] = inputs.as_slice() else {
        return say_trouble("config takes one project; merge files with -f A -f B");
    };
    let written = guarded(input, || write(input, arguments));
    written.unwrap_or_else(|trouble| say_trouble(&trouble))
}

fn write(input: &Input, arguments: &Arguments) -> Result<u8, String> {
    let project = input.read(arguments).map_err(|it| it.message())?;
    let compose = compose::load(&project);
    input::is_complete(&project, &compose)?;
    if let Some(refusals) = refusals(&project, &compose, arguments) {
        // What is wrong is no output: who reads that expects a model.
        print_error(&refusals, Form::Painted);
        return Ok(1);
    }
    if arguments.quiet {
        return Ok(0);
    }
    if let Some(listed) = arguments.listed {
        return Ok(print(&names(&compose, listed), Form::Words));
    }
    let absolute = if arguments.keeps_paths {
        None
    } else {
        let folder = match project.folder() {
            "" => ".",
            folder => folder,
        };
        let path = fs::canonicalize(folder)
            .map_err(|error| format!("{folder}: {}", files::reason(&error)))?;
        Some(path.display().to_string())
    };
    let model = compose.config(absolute.as_deref());
    Ok(if arguments.as_json {
        print(&report::model(&model), Form::Json)
    } else {
        print(&model.to_yaml().text, Form::File)
    })
}

fn names(compose: &Compose, listed: Listed) -> String {
    let keys = |section: &str| -> BTreeSet<String> {
        let fields = compose.effective.get(section).map(Value::fields);
        let fields = fields.unwrap_or_default().iter();
        fields.map(|field| field.name.clone()).collect()
    };
    let names = match listed {
        Listed::Services => keys("services"),
        Listed::Volumes => keys("volumes"),
        Listed::Images => {
            let services = compose.effective.get("services").map(Value::fields);
            let images = services.unwrap_or_default().iter().map(|field| {
                let image = field.value.get("image").and_then(Value::text);
                image.map_or_else(|| compose.built_image(&field.name), str::to_owned)
            });
            images.collect()
        }
    };
    names.iter().map(|name| format!("{name}\n")).collect()
}
