//! What the command line prints of secrets and of values of variables: nothing.

#![expect(clippy::unwrap_used, reason = "a test may fail")]

#[path = "cli/folder.rs"]
#[expect(dead_code, reason = "other tests use the rest of it")]
mod folder;

use folder::Folder;

const OUTPUTS: [(&str, &[&str]); 6] = [
    ("human", &["check"]),
    ("json", &["check", "--format", "json"]),
    ("sarif", &["check", "--format", "sarif"]),
    ("github", &["check", "--format", "github"]),
    ("diff", &["fix", "--diff"]),
    ("unsafe", &["fix", "--diff", "--unsafe"]),
];
/// In a place of a secret.
const CANARY: &str = "k3CANARYx8Q";

/// Lines under a service, with `@` for the secret.
const KINDS: &[&str] = &[
    "environment: {DB_PASSWORD: @, DB_PASSWORD: @}",
    "environment: {API_TOKEN: [@]}",
    "environment: [DB_PASSWORD=@, [x]]",
    "environment: [\"DB_PASSWORD=a @, b\", [x]]",
    "environment: DB_PASSWORD=@",
    "environment: {A: [sk_live_@]}",
    "environment: {A: [sk-proj-@]}",
    "environment: {A: [ghp_@]}",
    "environment: {A: [github_pat_@]}",
    "environment: {A: [glpat-@]}",
    "environment: {A: [xoxb-@]}",
    "environment: {A: [AKIA@]}",
    "environment: {A: [AIza@]}",
    "environment: {A: [hf_@]}",
    "environment: {A: [npm_@]}",
    "environment: {A: [SG.@]}",
    "environment: {A: [dop_v1_@]}",
    "environment: {A: [hvs.@]}",
    "environment: {A: [dckr_pat_@]}",
    "environment: {A: [eyJhbGciOiJIUzI1NiJ9.eyJhIjoxfQ.@]}",
    "environment: {A: ['Bearer @']}",
    "environment: {A: ['Basic @']}",
    "environment: {A: ['host=db password=@ dbname=x']}",
    "environment: {A: ['postgres://u:@@db/x']}",
    "environment: {A: ['postgres://u:p,@@db/x']}",
    "environment: {A: ['redis://:@@redis:6379/0']}",
    "environment: {A: ['https://h/hook?token=@&a=b']}",
    "environment: {A: ['https://h/?a=b&sig=@']}",
    "environment: {A: ['https://hooks.slack.com/services/T0/B0/@']}",
    "environment: {A: ['${PASSWORD:-@}']}",
    "environment: {A: '${NOPE:?set it to @}'}",
    "environment:\n      DB_PASSWORD: >-\n        @ b\n      X: [1]",
    "environment:\n      DB_PASSWORD: \"a\n        @\n        b\"\n      X: [1]",
    "environment:\n      DB_PASSWORD: \"@\n      B: 1",
    "environment:\n      - name: DB_PASSWORD\n        value: @",
    "environment:\n      - 'DB_PASSWORD @'\n      - [x]",
    "comand: app --token @",
    "comand: app --token=@",
    "comand: app --api-key @",
    "comand: [app, --password, @]",
    "comand: [app, --client-secret, \"@\"]",
    "comand: mysql -uroot -p@",
    "comand: redis-cli -a @",
    "comand: sshpass -p @ ssh x",
    "comand: curl -u a:@ https://x",
    "comand: curl --user a:@ https://x",
    "comand: 'curl -H \"Authorization: Bearer @\" https://x'",
    "comand: 'curl -H \"X-Api-Key: @\" https://x'",
    "comand: redis-server --requirepass @",
    "comand: PGPASSWORD=@ psql",
    "labels: [x, traefik.http.middlewares.a.basicauth.users=a:@, [x]]",
    "build: {context: ., args: {NPM_TOKEN: [@]}}",
    "build: {context: 'https://@@github.com/a/b.git', foo: 1}",
    "build: {context: 'https://x:@@github.com/a/b.git', foo: 1}",
    "pasword: @",
    "api_key: @",
    "x: 1 # password is @",
    "x: 1 # token: @",
    "x: 1 # DB_PASSWORD=@",
    "x: 1\nconfigs:\n  c: {content: 'password = @', foo: 1}",
    "x: 1\nsecrets:\n  c: {content: @, foo: 1}",
    "x: 1\nvolumes:\n  a: {driver_opts: {o: 'username=u,password=@'}, foo: 1}",
    "x: 1\nx-auth: &a {password: @, foo: 1}\ny: *a",
];

#[test]
fn no_output_has_a_secret() {
    let folder = Folder::new("kinds of secrets", &[]);
    let mut table = String::new();
    for kind in KINDS {
        let kind = kind
            .replace('@', "\0")
            .replace("\0\0", &format!("{CANARY}@"));
        let line = kind.replace('\0', CANARY);
        let text = format!("services:\n  web:\n    image: nginx:1\n    {line}\n");
        folder.write("compose.yaml", text);
        for (name, arguments) in OUTPUTS {
            let ran = folder.run_with(arguments, "", &[]);
            if format!("{}{}", ran.out, ran.err).contains("CANARY") {
                table.push_str(&format!("{name:8} {line}\n"));
            }
        }
    }
    assert!(table.is_empty(), "printed:\n{table}");
    assert!(KINDS.len() >= 60);
}

/// Places of variables, with `@` for one.
const PLACES: &[&str] = &[
    "ports: [\"@:80\"]",
    "ports: [\"80:@\"]",
    "ports: [\"@\"]",
    "volumes: [\"@:/a\"]",
    "volumes: [\"./a:@\"]",
    "networks: [\"@\"]",
    "secrets: [\"@\"]",
    "configs: [\"@\"]",
    "depends_on: [\"@\"]",
    "restart: \"@\"",
    "mem_limit: \"@\"",
    "pull_policy: \"@\"",
    "network_mode: \"service:@\"",
    "environment: [\"@\", \"A B=@\"]",
    "env_file: \"@.env\"",
    "extends: {file: \"@.yaml\", service: a}",
    "extends: {service: \"@\"}",
    "healthcheck: {test: \"@\", interval: \"@\"}",
    "build: {context: ., platforms: [\"@\"], target: \"@\"}",
    "stop_grace_period: \"@\"",
    "logging: \"@\"",
    "deploy: {replicas: \"@\"}",
    "privileged: \"@\"",
    "image: \"@\"\n    user: \"@\"",
];

#[test]
fn no_output_and_no_fix_has_the_value_of_a_variable() {
    let mut table = String::new();
    for form in ["${V}", "${V:-x}", "a-${V}", "${V}_b"] {
        for is_in_file in [false, true] {
            let folder = Folder::new("values", &[]);
            let environment: &[(&str, &str)] = match is_in_file {
                true => &[],
                false => &[("V", CANARY)],
            };
            if is_in_file {
                folder.write(".env", format!("V={CANARY}\n"));
            }
            for place in PLACES {
                let line = place.replace('@', form);
                let text = format!("services:\n  web:\n    image: nginx:1\n    {line}\n");
                folder.write("compose.yaml", &text);
                let mut report = |name: &str, text: &str| {
                    if text.to_lowercase().contains("canary") {
                        table.push_str(&format!("{name:8} {line} ({is_in_file})\n"));
                    }
                };
                for (name, arguments) in OUTPUTS {
                    let ran = folder.run_with(arguments, "", environment);
                    report(name, &format!("{}{}", ran.out, ran.err));
                }
                let ran = folder.run_with(&["fix", "--unsafe"], "", environment);
                report("fix", &format!("{}{}", ran.out, ran.err));
                report("file", &folder.read("compose.yaml"));
            }
        }
    }
    assert!(table.is_empty(), "printed:\n{table}");
}

/// Names of files that are made of variables: of those that are there, that are not, and that cannot be read.
#[test]
fn no_output_has_the_value_of_a_variable_that_names_a_file() {
    let mut table = String::new();
    let commands: &[&[&str]] = &[
        &["fix", "--unsafe"],
        &["config", "--quiet"],
        &["generate", "nginx"],
        &["generate", "backup"],
        &["check", "--no-outside"],
    ];
    let variables = [
        "include: ['V.yaml']",
        "include: ['V']",
        "include: ['../V/x.yaml']",
        "include: ['binaryV.yaml']",
        "include: [{path: other.yaml, env_file: 'V.env'}]",
        "services: {a: {extends: {file: 'V.yaml', service: b}}}",
        "services: {a: {image: x, env_file: 'V/x.env'}}",
        "services: {a: {image: x, label_file: 'V.env'}}",
    ];
    let dotenvs = [
        "COMPOSE_FILE=V.yaml",
        "COMPOSE_FILE=noV.yaml",
        "COMPOSE_FILE=binaryV.yaml",
    ];
    let cases = variables
        .iter()
        .map(|it| (*it, ""))
        .chain(dotenvs.iter().map(|it| ("", *it)));
    for (compose, dotenv) in cases {
        for arguments in OUTPUTS
            .iter()
            .map(|(_, it)| *it)
            .chain(commands.iter().copied())
        {
            let folder = Folder::new("names of files", &[]);
            folder.write(
                "compose.yaml",
                format!("{}\n", compose.replace('V', "${V}")),
            );
            if !dotenv.is_empty() {
                folder.write(".env", format!("{}\n", dotenv.replace('V', "${V}")));
            }
            folder.write("canary.yaml", "services:\n  b:\n    imag: x\n");
            folder.write("canary.env", "A B=1\n");
            folder.write("binarycanary.yaml", b"a: \xff");
            let ran = folder.run_with(arguments, "", &[("V", "canary")]);
            let all = format!("{}{}", ran.out, ran.err);
            if all.contains("canary") {
                table.push_str(&format!("{arguments:?} {compose}{dotenv}\n{all}\n"));
            }
        }
    }
    assert!(table.is_empty(), "printed:\n{table}");
}

/// Two values each, of which a project must make the same. What is printed may tell that a value is wrong, and not which one
/// it is.
const PAIRS: [(&str, &str); 12] = [
    ("7", "8"),
    ("123", "457"),
    ("-5", "-6"),
    ("banana", "cherry"),
    ("service", "network"),
    ("hunter two words", "banana one words"),
    ("a\"b'c", "d\"e'f"),
    ("line1\nline2x", "row1\nrow2y"),
    ("пароль☕", "секрет☕é"),
    ("ab`cd`ef", "gh`ij`kl"),
    ("x}{y$z", "u}{v$w"),
    ("99999", "88888"),
];

#[test]
fn outputs_do_not_depend_on_which_value_a_variable_has() {
    let mut table = String::new();
    // Words that values have, in a comment: that they can be read there does not allow to quote the value.
    let dictionary = "# hunter two words banana one cherry 123 457 99999";
    let more = [
        "scale: \"@\"",
        "container_name: x\n    scale: \"@\"",
        "labels: ['traefik.http.routers.r.rule=@']",
        "depends_on: {db: {condition: \"@\"}}",
        "ports: [\"@:80\"]\n  other:\n    image: x\n    ports: [\"@:81\"]",
    ];
    for place in PLACES.iter().chain(&more) {
        let line = place.replace('@', "${V}");
        let text = format!("{dictionary}\nservices:\n  web:\n    image: nginx:1\n    {line}\n");
        for (first, second) in PAIRS {
            let folder = Folder::new("pairs", &[]);
            let made = |value: &str| {
                folder.write("compose.yaml", &text);
                let mut all = String::new();
                for arguments in [
                    &["check", "--format", "json"] as &[&str],
                    &["config", "--quiet"],
                    &["fix", "--unsafe"],
                ] {
                    let ran = folder.run_with(arguments, "", &[("V", value)]);
                    all.push_str(&format!("{}{}", ran.out, ran.err));
                }
                all + &folder.read("compose.yaml")
            };
            let (first, second) = (made(first), made(second));
            // A service named `service` is a word of our sentences: what is concealed then is too much, not too little.
            let differs = first.lines().zip(second.lines()).find(|(a, b)| a != b);
            if let Some((a, b)) =
                differs.filter(|(a, b)| !a.contains("${V}") && !b.contains("${V}"))
            {
                table.push_str(&format!("{line}\n  {a}\n  {b}\n"));
            }
        }
    }
    assert!(table.is_empty(), "{table}");
}

#[test]
fn ordinary_lines_are_shown_as_they_are() {
    let folder = Folder::new("ordinary lines", &[]);
    let mut masked = String::new();
    for line in [
        "prots: [\"8080:80\"]",
        "imag: ghcr.io/a/b@sha256:4c7d21bbd0c5e3f6e2c1a1d9f1e8b9a7",
        "volume: [\"./data:/var/lib/postgresql/data:ro\"]",
        "healthchek: {test: [CMD, curl, -f, http://localhost:3210/version], interval: 5s}",
        "healthchek: {test: [CMD, pg_isready, -U, postgres]}",
        "depend_on: {db: {condition: service_healthy}}",
        "restrat: unless-stopped",
        "comand: sh -c 'mkdir -p /data && exec server -p 8080'",
        "enviroment: {NODE_ENV: production, DEBUG: true, WORKERS: 4}",
        "secret: [db_password]",
        "x: {POSTGRES_PASSWORD_FILE: /run/secrets/db}",
    ] {
        let text = format!("services:\n  web:\n    image: nginx:1\n    {line}\n");
        folder.write("compose.yaml", text);
        let ran = folder.run_with(&["check"], "", &[]);
        if !ran.out.contains(line) || ran.out.contains('•') {
            masked.push_str(&format!("{line}\n{}", ran.out));
        }
    }
    assert!(masked.is_empty(), "{masked}");
}
