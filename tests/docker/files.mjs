// `.env`, the files for development and production, and those for CI: generated in a user's directory and started there.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { output, ownProgram, repository } from "../proxies/programs.mjs";
import { lines, must, run } from "./daemon.mjs";
import { inOwnImages, pretend, requirePorts } from "./servers.mjs";

const REVISION = "0123abc";

/** What the user says in `.env` where steps ask for it. */
const SAID = {
  CONVEX_REVISION: REVISION,
  CONVEX_CLOUD_ORIGIN: "https://api.example.com",
  CONVEX_SITE_ORIGIN: "https://actions.example.com",
};

const CONVEX = ["127.0.0.1:3210", "127.0.0.1:3211", "127.0.0.1:6791"];

/** `published` is what both files publish; `login`, the database that the password of `.env` must open. */
const PROJECTS = [
  { example: "web-app", published: ["127.0.0.1:8080"], login: { service: "db", user: "shop", password: "DB_PASSWORD" } },
  { example: "convex-upstream", published: CONVEX },
  { example: "convex-postgres", published: CONVEX, login: { service: "postgres", user: "convex", password: "POSTGRES_PASSWORD" } },
];

/** A row for each file and project. */
export const rows = [["file", "project", "checked", "engine", "Compose"]];

export async function cases(daemon) {
  const program = await ownProgram("--bin", "compose-check");
  const asJson = await ownProgram("--example", "as-json");
  const all = {};
  for (const project of PROJECTS) {
    const { example } = project;
    const started = (name, judge) => {
      all[`${name} of ${example}`] = () =>
        inFolder(daemon, project, async (it) => {
          await requirePorts(daemon, project.published.map((place) => Number(place.split(":")[1])));
          const checked = await judge({ ...it, daemon, program, asJson });
          rows.push([name, example, checked, daemon.engine, daemon.composeVersion]);
        });
    };
    if (project.login) started(".env", judgeEnvironment);
    started("compose.dev.yaml", (it) => judgeSplit(it, "compose.dev.yaml"));
    started("compose.prod.yaml", (it) => judgeSplit(it, "compose.prod.yaml"));
    if (example.startsWith("convex")) {
      started("compose.test.yaml", judgeTestFile);
      started("test.yaml", judgeWorkflow);
    }
  }
  return all;
}

/** A directory with the user's file alone. Everything that was started in it is gone in the end. */
async function inFolder(daemon, project, judge) {
  const folder = mkdtempSync(path.join(os.tmpdir(), `${daemon.prefix}-files-`));
  const source = path.join(repository, "examples", project.example, "compose.yaml");
  writeFileSync(path.join(folder, "compose.yaml"), readFileSync(source));
  try {
    await judge({ project, folder });
  } finally {
    await removeProjects(daemon, path.basename(folder).toLowerCase());
    rmSync(folder, { recursive: true });
  }
}

/** Everything of the project of a folder, and of those that were named for it. */
async function removeProjects(daemon, name) {
  const label = '{{.Label "com.docker.compose.project"}}';
  for (const [kind, remove] of [["container", ["rm", "--force", "--volumes"]], ["volume", ["rm"]], ["network", ["rm"]]]) {
    const id = kind === "volume" ? "{{.Name}}" : "{{.ID}}";
    const all = lines(must(await daemon.docker([kind, "ls", ...(kind === "container" ? ["--all"] : []), "--format", `${label} ${id}`])));
    const own = all.filter((it) => it.startsWith(name)).map((it) => it.split(" ")[1]);
    if (own.length > 0) must(await daemon.docker([kind, ...remove, ...own]));
  }
}

async function judgeEnvironment(it) {
  const { daemon, folder, project } = it;
  const steps = await generate(it, "environment");
  for (const [, command, name] of steps.matchAll(/Run `([^`]*)` for `(\w+)`/g)) {
    const { out } = must(await run(["sh", "-c", command]));
    const file = path.join(folder, ".env");
    const text = readFileSync(file, "utf8");
    expect(text.includes(`\n${name}=\n`), `.env has no empty ${name} to fill in`);
    writeFileSync(file, text.replace(`\n${name}=\n`, `\n${name}=${out.trim()}\n`));
  }
  await up(it, "docker compose up -d");
  const { login } = project;
  const password = new RegExp(`^${login.password}=(.+)$`, "m").exec(readFileSync(path.join(folder, ".env"), "utf8"))?.[1];
  expect(password, `no step sets ${login.password}`);
  const ask = (word) => {
    const command = ["psql", "-h", login.service, "-U", login.user, "-d", "postgres", "-Atc", "select 40 + 2"];
    return daemon.compose(["exec", "-T", "-e", `PGPASSWORD=${word}`, login.service, ...command], { cwd: folder });
  };
  expect(must(await ask(password)).out.trim() === "42", "the database does not answer");
  expect((await ask("another")).status !== 0, "the database takes another password");
  return "services run, the database takes the password";
}

async function judgeSplit(it, file) {
  const { daemon, folder, project } = it;
  const isProduction = file === "compose.prod.yaml";
  const steps = await generate(it, "split");
  const commands = [...steps.matchAll(/`((?:cd [^`]* && )?docker compose [^`]*)`/g)].map(([, command]) => command);
  const own = commands.filter((command) => command.includes(`-f ${file} `));
  const start = own.find((command) => command.endsWith(" up -d"));
  expect(start, `no step starts ${file}: ${steps}`);
  const asked = /Say in the `\.env` of production: ([^.]*)\./.exec(steps)?.[1].match(/\w+/g) ?? [];
  const base = project.login ? `${project.login.password}=a-password\n` : "";
  writeFileSync(path.join(folder, ".env"), base);
  if (isProduction && asked.length > 0) {
    const refused = await daemon.inside(["sh", "-c", start.replace(/ up -d$/, " config")], { cwd: folder });
    expect(refused.status !== 0 && asked.some((name) => refused.err.includes(name)), "production starts without what its steps ask for");
    expect(asked.every((name) => SAID[name]), `the steps ask for what the tests do not know: ${asked.join(", ")}`);
    writeFileSync(path.join(folder, ".env"), base + asked.map((name) => `${name}=${SAID[name]}\n`).join(""));
  }
  const services = await up(it, start);
  const published = services.flatMap(({ bound }) => bound).sort();
  expect(published.join() === project.published.join(), `published are ${published.join(", ")}`);
  for (const place of published) await reaches(daemon, place);
  const [, port] = published[0].split(":");
  const elsewhere = await daemon.inside(["curl", "-sS", "--noproxy", "*", "--max-time", "3", `http://${services[0].gateway}:${port}/`]);
  expect(elsewhere.status === 7, `port ${port} is not refused at another address than 127.0.0.1: ${elsewhere.err}`);
  for (const { name, restart, log, image } of services) {
    const wanted = isProduction ? "unless-stopped" : "no";
    expect(restart === wanted, `${name} restarts: ${restart}`);
    expect(!isProduction || log["max-size"] === "10m", `the log of ${name} has no limit`);
    expect(!isProduction || !image.includes("get-convex") || image.endsWith(`:${REVISION}`), `${name} runs ${image}`);
  }
  // Users have a terminal.
  const keys = own.filter((command) => command.includes("generate_admin_key.sh"));
  for (const key of keys) {
    const { out } = must(await daemon.inside(["script", "-qec", key, "/dev/null"], { cwd: folder }));
    // The terminal echoes the end of its own input.
    expect(out.replace(/\^[@D]|[\0\b]/g, "").trim() === "pretended-admin-key", `the step for an admin key prints ${out}`);
  }
  const limits = isProduction ? ", logs have a limit" : "";
  return `${services.length} services run, ${published.join(", ")} reached, at no other address${limits}${keys.length ? ", admin key made" : ""}`;
}

async function judgeTestFile(it) {
  const { daemon, folder } = it;
  const kept = await startAndStopOwn(it);
  const steps = await generate(it, "ci");
  const [start, stop] = [...steps.matchAll(/`((?:cd [^`]* && )?docker compose [^`]*)`/g)].map(([, command]) => command);
  const services = await up(it, start);
  const published = services.flatMap(({ bound }) => bound).sort();
  expect(published.join() === "127.0.0.1:3210,127.0.0.1:3211", `published are ${published.join(", ")}`);
  for (const place of published) await reaches(daemon, place);
  must(await daemon.inside(["sh", "-c", stop], { cwd: folder }));
  await expectOnly(daemon, kept);
  return `${services.length} services run, ${published.join(", ")} reached, gone afterwards, the project's own volumes kept`;
}

/** The steps of the workflow as GitHub runs them, except those that need the network. */
async function judgeWorkflow(it) {
  const { daemon, folder, asJson } = it;
  const kept = await startAndStopOwn(it);
  await generate(it, "ci");
  const { env, steps } = JSON.parse(await output([asJson], readFileSync(path.join(folder, ".github/workflows/test.yaml"), "utf8"))).jobs.test;
  // A checkout has no `.env`.
  rmSync(path.join(folder, ".env"), { force: true });
  const file = path.join(folder, "github-env");
  writeFileSync(file, "");
  const told = () => Object.fromEntries([...readFileSync(file, "utf8").matchAll(/^(\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
  const commands = steps.map(({ run: command }) => command).filter((command) => command && !/^np[mx] /.test(command));
  for (const command of commands) {
    const options = { cwd: folder, env: { ...env, GITHUB_ENV: file, ...told() } };
    must(await daemon.inside(["bash", "-e", "-c", await inOwnImages(daemon, command, folder, options.env)], options));
    if (command.includes(" up ")) await reaches(daemon, new URL(env.CONVEX_SELF_HOSTED_URL).host);
  }
  expect(told().CONVEX_SELF_HOSTED_ADMIN_KEY === "pretended-admin-key", "the workflow passes no admin key on");
  await expectOnly(daemon, kept);
  return `${commands.length} steps end with 0, ${env.CONVEX_SELF_HOSTED_URL} reached, admin key passed on, the project's own volumes kept`;
}

/** The user's own project beside it, whose volumes must outlast the tests. */
async function startAndStopOwn(it) {
  const { daemon, folder, project } = it;
  if (project.login) writeFileSync(path.join(folder, ".env"), `${project.login.password}=a-password\n`);
  await up(it, "docker compose up -d");
  must(await daemon.compose(["stop", "--timeout", "1"], { cwd: folder }));
  return (await volumes(daemon)).join();
}

async function expectOnly(daemon, kept) {
  const found = (await volumes(daemon)).join();
  expect(found === kept, `volumes were ${kept} and are ${found}`);
}

async function volumes(daemon) {
  return lines(must(await daemon.docker(["volume", "ls", "--quiet"]))).sort();
}

/** Runs a command that starts the project; what runs then, once each service runs and is healthy. */
async function up({ daemon, folder }, start) {
  const command = start.replace(/ up -d( --wait \S+)?$/, "");
  const compose = (...args) => daemon.inside(["sh", "-c", `${command} "$@"`, "sh", ...args], { cwd: folder });
  const images = [...new Set(must(await compose("config", "--images")).out.split("\n").filter(Boolean))];
  await pretend(daemon, images);
  const begin = await inOwnImages(daemon, start.replace(" up -d", " up -d --pull never"), folder);
  must(await daemon.inside(["sh", "-c", begin], { cwd: folder }));
  // `--wait SERVICE` starts that one alone, with what it depends on.
  const isWhole = !/--wait \S+$/.test(start);
  const wanted = must(await compose("config", "--services")).out.split("\n").filter(Boolean);
  for (const deadline = Date.now() + 60_000; ; await sleep(250)) {
    const ids = must(await compose("ps", "--quiet")).out.split("\n").filter(Boolean);
    const found = ids.length > 0 ? JSON.parse(must(await daemon.docker(["inspect", ...ids])).out) : [];
    const ready = found.filter(({ State }) => State.Running && !State.Restarting && (State.Health?.Status ?? "healthy") === "healthy");
    if (ready.length === found.length && ready.length >= (isWhole ? wanted.length : 1)) return ready.map(told);
    const states = found.map(({ Name, State }) => `${Name} ${State.Status} ${State.Health?.Status ?? ""}`.trim());
    expect(Date.now() < deadline, `after a minute: ${states.join(", ") || "nothing runs"}, of ${wanted.join(", ")}`);
  }
}

function told({ Config, HostConfig, NetworkSettings }) {
  return {
    name: Config.Labels["com.docker.compose.service"],
    image: Config.Image,
    restart: HostConfig.RestartPolicy.Name || "no",
    log: HostConfig.LogConfig.Config,
    // An address of the machine, and another one than 127.0.0.1.
    gateway: Object.values(NetworkSettings.Networks)[0]?.Gateway,
    bound: Object.values(HostConfig.PortBindings ?? {}).flat().map(({ HostIp, HostPort }) => `${HostIp || "*"}:${HostPort}`),
  };
}

async function reaches(daemon, place) {
  must(await daemon.inside(["curl", "-fsS", "--noproxy", "*", "--max-time", "5", "--retry", "5", "--retry-all-errors", "-o", "/dev/null", `http://${place}/version`]));
}

async function generate({ program, folder }, target) {
  return must(await run([program, "generate", target, "--out", "."], { cwd: folder })).err;
}

function expect(condition, sentence) {
  if (!condition) throw new Error(sentence);
}
