//! What is printed steers no terminal and runs no command in the log of a CI service, whatever files,
//! names, variables and arguments hold.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

#[path = "cli/folder.rs"]
mod folder;

use std::fs;

use folder::{Folder, Ran};
use serde_json::Value;

/// Each is typed into every place of [`FILES`].
const HOSTILE: [&str; 12] = [
    "\u{1b}[2J\u{1b}[1;31mno problems",
    "\u{1b}]8;;http://evil.example\u{7}link\u{1b}]8;;\u{7}",
    "\u{1b}]0;title\u{7}\u{1b}P1+r\u{1b}\\",
    "\u{9b}31m\u{9d}0;x\u{9c}\u{85}\u{90}",
    "a\u{8}\u{8}\u{7}\u{7f}\u{0}\u{b}\u{c}b",
    "a\rno problems in 1 project",
    "\u{202e}gnp\u{2066}x\u{2069}\u{202c}\u{61c}",
    "a\u{200b}b\u{200d}c\u{feff}d\u{2060}e\u{ad}f\u{e0041}",
    "\u{2028}::error::x\u{2029}::error::y",
    "::set-output name=x::y",
    "##[error]x ##vso[task.setvariable variable=x]y ##teamcity[z]",
    "x\n::error file=a::b\n  ::add-mask::c\n##[group]d\n",
];

/// In the places of which a message, a line, a name, a step or a generated file may speak.
const FILES: [&str; 8] = [
    "HERE: 1\nservices:\n  web:\n    image: nginx\n",
    "services:\n  web:\n    image: HERE\n    HERE: 1 # HERE\n    imge: HERE\n",
    "services:\n  HERE:\n    image: nginx\n    ports: [\"8080:80\", \"127.0.0.1:HERE:80\"]\n    depends_on: [HERE, \"x HERE\"]\n",
    "version: HERE # HERE\nservices:\n  web:\n    image: nginx\n    volumes: [\"HERE:/x\", \"./HERE:/y\"]\n    restart: HERE\n    environment: {A: HERE, HERE: b}\n    command: [echo, HERE]\n",
    "name: HERE\nservices:\n  web:\n    image: nginx\n    labels: {HERE: x, traefik.http.routers.a.rule: HERE}\n    container_name: HERE\n    env_file: HERE\n    extends: {file: HERE, service: HERE}\n",
    "include: [HERE]\nservices: {web: {image: nginx}}\nvolumes: {HERE: }\nsecrets: {HERE: {file: HERE}}\n",
    "# HERE\nservices:\n  web:\n    image: \"nginx${HERE}\"\n    command: \"${A:?HERE} ${B:-HERE}\"\n",
    "configs: {c: {content: |\n   server {\n     HERE\n   }}}\nservices: {web: {image: nginx:1, ports: [\"8080:80\"], profiles: [HERE]}}\n",
];

/// Projects of which every target makes something.
const WHOLE: [&str; 2] = [
    "name: HERE\nservices:\n  web:\n    image: nginx\n    container_name: HERE\n    build: {context: HERE, args: {A: HERE}, target: HERE}\n    ports: [\"8080:80\"]\n    labels: {HERE: x, traefik.enable: HERE}\n    volumes: [\"./x:HERE\", \"data:/z\"]\n    environment: {A: HERE, B: \"${B}\", HERE: c}\n    command: [HERE]\n    env_file: [HERE]\n  db: {image: postgres, volumes: [\"data:/var/lib/postgresql/data\"], environment: {POSTGRES_PASSWORD: \"${PW}\", POSTGRES_USER: HERE, POSTGRES_DB: HERE}}\nvolumes: {data: {name: HERE, labels: {HERE: HERE}}}\n",
    "# HERE\nservices:\n  backend:\n    image: ghcr.io/get-convex/convex-backend:latest # HERE\n    ports: [\"3210:3210\", \"3211:3211\"]\n    environment: {INSTANCE_NAME: HERE, CONVEX_CLOUD_ORIGIN: HERE, POSTGRES_URL: HERE}\n    volumes: [\"data:/convex/data\"]\n    networks: {default: {aliases: [HERE]}}\n  dashboard: {image: ghcr.io/get-convex/convex-dashboard, ports: [\"6791:6791\"], environment: {NEXT_PUBLIC_DEPLOYMENT_URL: HERE}}\n  app: {image: HERE, build: HERE, ports: [\"3000:3000\"], extra_hosts: [HERE], hostname: HERE, domainname: HERE}\nvolumes: {data: {driver_opts: {type: none, o: bind, device: HERE}}}\nnetworks: {default: {name: HERE}}\n",
];

/// As a plain word of YAML, in quotes, and in double quotes with escapes.
fn writings(text: &str) -> [String; 3] {
    let escaped: Vec<String> = text
        .chars()
        .map(|it| format!("\\U{:08X}", it as u32))
        .collect();
    [
        text.to_owned(),
        format!("'{text}'"),
        format!("\"{}\"", escaped.concat()),
    ]
}

/// What of it a terminal or a log would act on.
fn acts(text: &str, may_command: bool) -> Option<String> {
    let is_hidden = |char: char| {
        let bad = "\u{ad}\u{61c}\u{feff}\u{2028}\u{2029}";
        char.is_control() && char != '\n' && char != '\t'
            || bad.contains(char)
            || ('\u{200b}'..='\u{200f}').contains(&char)
            || ('\u{202a}'..='\u{202e}').contains(&char)
            || ('\u{2060}'..='\u{206f}').contains(&char)
            || ('\u{e0000}'..='\u{e007f}').contains(&char)
    };
    let own = ["::error ", "::warning ", "::notice "];
    for line in text.split('\n') {
        let start = line.trim_start();
        let is_command =
            start.starts_with("::") && !(may_command && own.iter().any(|it| line.starts_with(it)));
        let marks = ["##[", "##vso[", "##teamcity["];
        if line
            .strip_suffix('\r')
            .unwrap_or(line)
            .chars()
            .any(is_hidden)
            || is_command
            || marks.iter().any(|it| line.contains(it))
        {
            return Some(line.escape_debug().to_string());
        }
    }
    None
}

fn is_tame(ran: &Ran, arguments: &[&str], what: &str) {
    let may_command = arguments.contains(&"github");
    for text in [&ran.out, &ran.err] {
        if let Some(line) = acts(text, may_command) {
            panic!("{arguments:?} of {what:?}: {line}");
        }
    }
}

#[test]
fn no_text_of_a_file_acts() {
    let folder = Folder::new("acts", &[]);
    let mut runs = 0;
    for hostile in HOSTILE {
        for file in FILES {
            for (index, written) in writings(hostile).iter().enumerate() {
                let text = file.replace("HERE", written);
                folder.write("compose.yaml", &text);
                let mut ways = vec![
                    vec!["check"],
                    vec!["check", "--format", "json"],
                    vec!["check", "--format", "github"],
                ];
                if index == 2 {
                    ways.extend([
                        vec!["check", "--format", "sarif"],
                        vec!["fix", "--diff", "--unsafe"],
                        vec!["config"],
                        vec!["config", "--format", "json"],
                        vec!["config", "--services"],
                        vec!["config", "--images"],
                        vec!["generate", "nginx"],
                    ]);
                }
                for arguments in ways {
                    let ran = folder.run(&arguments);
                    is_tame(&ran, &arguments, &text);
                    runs += 1;
                    let is_json = arguments.contains(&"json") || arguments.contains(&"sarif");
                    if is_json && ran.code < 2 && !ran.out.is_empty() {
                        serde_json::from_str::<Value>(&ran.out).unwrap();
                    }
                }
            }
        }
    }
    assert_eq!(runs, 12 * 8 * (3 + 3 + 10));
    assert_eq!(folder.names(), ["compose.yaml"]);
}

#[test]
fn no_generated_text_acts() {
    let folder = Folder::new("generated acts", &[]);
    let list = folder.run(&["generate", "--list"]).out;
    let all = HOSTILE.join(" ").replace('\n', " ");
    let mut made = 0;
    for file in WHOLE {
        for hostile in HOSTILE.into_iter().chain([all.as_str(), "plain"]) {
            // A comment holds no escapes, and no control characters.
            let comment = hostile.replace(char::is_control, " ");
            let text = file.replace("# HERE", &format!("# {comment}"));
            let text = text.replace("HERE", &writings(hostile)[2]);
            folder.write("compose.yaml", &text);
            for target in list.lines().map(|it| it.split(' ').next().unwrap()) {
                let arguments = ["generate", target, "--place", "network"];
                let ran = folder.run(&arguments);
                is_tame(&ran, &arguments, &text);
                made += usize::from(ran.code == 0 && !ran.out.is_empty());
            }
            assert_eq!(folder.read("compose.yaml"), text);
        }
    }
    assert!(made > 150, "{made}");
}

#[test]
fn colors_are_all_that_is_let_through() {
    let folder = Folder::new("colors", &[]);
    for hostile in HOSTILE {
        for file in FILES {
            folder.write("compose.yaml", file.replace("HERE", &writings(hostile)[2]));
            let arguments = ["check", "--color", "always"];
            let ran = folder.run(&arguments);
            let mut plain = ran.out.clone();
            for color in ["0", "1", "1;31", "1;33", "1;34", "1;36"] {
                plain = plain.replace(&format!("\u{1b}[{color}m"), "");
            }
            assert_eq!(acts(&plain, false), None, "{file}");
            // As many as there are ends of colors: none is the file's.
            assert_eq!(
                ran.out.matches('\u{1b}').count(),
                2 * ran.out.matches("\u{1b}[0m").count()
            );
        }
    }
}

#[test]
fn no_name_of_a_file_acts() {
    let bad = "version: '3'\nservices: {web: {image: nginx, imge: x, env_file: [nö.env]}}\n";
    for (index, hostile) in HOSTILE.into_iter().enumerate() {
        // No file system has these.
        let name = hostile.replace(['\0', '/'], "-") + ".yaml";
        let folder = Folder::new(
            &format!("names {index}"),
            &[(&name, bad), ("torn.yaml", "a: [\n")],
        );
        fs::create_dir(folder.0.join("folder")).unwrap();
        let missing = format!("folder/{name}");
        let include = format!(
            "include: [{:?}]\nservices: {{}}\n",
            name.replace('\u{8}', "")
        );
        folder.write("include.yaml", include);
        folder.write(".env", "A=1\n");
        for arguments in [
            vec!["check", &name],
            vec!["check", "--format", "json", &name],
            vec!["check", "--format", "sarif", &name],
            vec!["check", "--format", "github", &name],
            vec!["check", "-f", &name, "-f", "torn.yaml"],
            vec!["fix", "--diff", &name],
            vec!["check", "include.yaml"],
            vec!["fix", "include.yaml"],
            vec!["check", &missing],
            vec!["fix", &missing],
            vec!["config", &name],
            vec!["config", &missing],
            vec!["generate", "nginx", &name],
            vec!["generate", "backup", "--out", &missing, &name],
            vec!["generate", &name],
            vec!["generate", "nginx", "--host", &name],
            vec!["generate", "nginx", "--email", &name],
            vec!["check", "--env-file", &name, &name],
            vec!["check", "--config", &name, &name],
            vec!["check", "--rule", &name],
            vec!["check", "--format", &name],
            vec!["check", "--project-name", &name],
            vec!["check", "--project-directory", &missing],
            vec!["explain", &name],
            vec!["rules", &name],
            vec![&name, &name, "--quiet"],
            vec!["fix", &name],
        ] {
            let ran = folder.run(&arguments);
            is_tame(&ran, &arguments, &name);
            assert!(
                !ran.out.is_empty() || !ran.err.is_empty() || ran.code == 0,
                "{arguments:?}"
            );
        }
    }
}

#[test]
fn no_variable_acts() {
    let text = "services:\n  web:\n    image: nginx:$TAG\n    ports: [\"${TAG}:80\"]\n    restart: ${TAG}\n    environment: [TAG]\n";
    let folder = Folder::new("variables act", &[("compose.yaml", text)]);
    for hostile in HOSTILE {
        let value = hostile.replace('\0', "");
        for arguments in [
            &["check"][..],
            &["check", "--format", "github"],
            &["config"],
            &["config", "--format", "json"],
        ] {
            let ran = folder.run_with(arguments, "", &[("TAG", &value)]);
            is_tame(&ran, arguments, &value);
            let ran = folder.run_with(arguments, "", &[("COMPOSE_FILE", &value)]);
            is_tame(&ran, arguments, &value);
        }
    }
}

#[test]
fn what_config_prints_still_means_the_same() {
    let folder = Folder::new("means", &[]);
    for hostile in HOSTILE {
        let [_, _, written] = writings(hostile);
        let text = format!(
            "services:\n  web:\n    image: nginx\n    command: [{written}]\n    labels: {{{written}: a}}\n"
        );
        folder.write("compose.yaml", text);
        let ran = folder.run(&["config", "--no-path-resolution", "--project-name", "p"]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let model: serde_yaml::Value = serde_yaml::from_str(&ran.out).unwrap();
        let web = &model["services"]["web"];
        assert_eq!(web["command"][0].as_str(), Some(hostile));
        assert_eq!(web["labels"][hostile].as_str(), Some("a"));
        let (_, model) = folder.json(&["config", "--format", "json"]);
        assert_eq!(model["services"]["web"]["command"][0], hostile);
    }
}
