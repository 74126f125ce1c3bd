// The Docker daemon of a run: one for the tests alone, with its own data, socket, and network namespace, stopped by its
// own process ID; or the contributor's own, where everything has names of this run and is removed in the end.
//
// A network namespace keeps the bridges and firewall rules of a private daemon apart from those of this machine.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { toolFolder } from "../proxies/programs.mjs";

/** Started and not yet stopped; an interrupted run stops them, too. */
const running = new Set();

/** The environment in which `docker` reaches a contributor's own daemon, while something of this run is in it. */
let somebodys;

/** @typedef {{ status: number, out: string, err: string }} Ran what a program wrote, and its exit code */

/** What everything in somebody's own Docker begins with. */
const PREFIX = `compose-playground-test-${process.pid}`;

/** What an environment may say that would lead Compose to another project. */
const FOREIGN = /^(COMPOSE_|DOCKER_DEFAULT_PLATFORM$|CONVEX_)/;

/** Thrown by a check that cannot be made here; the sentence says why. */
export class Skip extends Error {}

/** The daemon to judge by: a private one where it can start, unless `wantsOwn`; else the contributor's own. */
export async function useDocker({ wantsOwn = false } = {}) {
  const reason = wantsOwn ? "--own asks for another one" : whyNotPrivate();
  if (!reason) {
    try {
      return await startDaemon();
    } catch (error) {
      return await useOwn(error.message);
    }
  }
  return await useOwn(reason);
}

/**
 * The contributor's own daemon, as `docker` finds it: by DOCKER_HOST or by its context. `reason` is why it is no private one.
 * The same as `startDaemon` gives, with names of this run.
 */
async function useOwn(reason) {
  const folder = mkdtempSync(path.join(os.tmpdir(), `${PREFIX}-`));
  const env = { ...ownEnvironment(), DOCKER_BUILDKIT: "0" };
  const docker = (args, options = {}) => run(["docker", ...args], { ...options, env: { ...env, ...options.env } });
  const version = await docker(["version", "--format", "{{.Server.Version}}"]);
  if (version.status !== 0) {
    rmSync(folder, { recursive: true });
    const words = (version.err || version.out).trim().split("\n").at(-1);
    fail(`No private Docker daemon: ${reason}. None of yours answers either: ${words}`);
  }
  if ((await docker(["compose", "version"])).status !== 0) {
    const context = await docker(["context", "inspect", "--format", "{{.Endpoints.docker.Host}}"]);
    env.DOCKER_HOST ??= must(context).out.trim();
    env.DOCKER_CONFIG = addPlugin(folder);
  }
  console.log(`Your own Docker is used, as there is no private one: ${reason}.`);
  const owned = (name) => `${PREFIX}/${name}`;
  const it = {
    isPrivate: false,
    prefix: PREFIX,
    env,
    image: owned,
    text: (text) => text.replace(/^(\s+image: )(\S+)$/gm, (_, key, name) => key + owned(name)).replace(/^name: /m, `name: ${PREFIX}-`),
    inside: (command, options = {}) => run(command, { ...options, env: { ...env, ...options.env } }),
    docker,
    compose: (args, options) => docker(["compose", ...args], options),
    engine: version.out.trim(),
  };
  it.composeVersion = must(await it.compose(["version", "--short"])).out.trim();
  const before = await contents(docker);
  somebodys = env;
  it.stop = async () => {
    somebodys = undefined;
    removeOwned(env);
    const after = await contents(docker);
    const lost = before.filter((name) => !after.includes(name));
    const left = after.filter((name) => !before.includes(name));
    if (lost.length > 0) throw new Error(`gone, or changed: ${lost.join(", ")}`);
    if (left.length > 0) throw new Error(`new, unless somebody else made it: ${left.join(", ")}`);
  };
  return it;
}

/** Containers, volumes, networks, and images, each with what tells whether it is still the same. */
async function contents(docker) {
  const asked = {
    container: ["ps", "--all", "--no-trunc", "--format", "{{.ID}} {{.Names}}"],
    volume: ["volume", "ls", "--format", "{{.Name}}"],
    network: ["network", "ls", "--no-trunc", "--format", "{{.ID}} {{.Name}}"],
    image: ["image", "ls", "--all", "--no-trunc", "--format", "{{.ID}} {{.Repository}}:{{.Tag}}"],
  };
  const found = [];
  for (const [kind, args] of Object.entries(asked)) found.push(...lines(must(await docker(args))).map((it) => `${kind} ${it}`));
  return found;
}

/** Removes what has a name of this run, and nothing else. An interrupted run calls it as it ends, so it waits for nothing. */
function removeOwned(env) {
  const docker = (...args) => {
    const { status, stdout, stderr } = spawnSync("docker", args, { env, encoding: "utf8" });
    return lines(must({ status, out: stdout, err: stderr }));
  };
  const each = (remove, all) => all.length > 0 && docker(...remove, ...new Set(all.map((it) => it.split(" ")[0])));
  const own = (it) => it.includes(PREFIX);
  const project = '{{.Label "com.docker.compose.project"}}';
  each(["rm", "--force", "--volumes"], docker("ps", "--all", "--format", `{{.ID}} {{.Image}} ${project}`).filter(own));
  each(["volume", "rm"], docker("volume", "ls", "--format", `{{.Name}} ${project} {{.Label "compose-restore.directory"}}`).filter(own));
  each(["network", "rm"], docker("network", "ls", "--format", "{{.ID}} {{.Name}}").filter(own));
  each(["image", "rm", "--force"], docker("image", "ls", "--format", "{{.Repository}}:{{.Tag}}").filter(own));
  for (const name of readdirSync(os.tmpdir()).filter(own)) rmSync(path.join(os.tmpdir(), name), { recursive: true, force: true });
}

/** The lines of what a program wrote. */
export function lines({ out }) {
  return out.split("\n").filter(Boolean);
}

/** The environment without what would lead Compose to another project. */
function ownEnvironment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.test(name)));
}

/**
 * Starts a daemon.
 *
 * - `isPrivate`: whether everything in it is the tests'. `image(name)` is what an image is called there, and `text(text)` a
 *   Compose file with these names; `prefix` begins the names of projects.
 * - `docker(args, options)` and `compose(args, options)` run the client and Docker Compose; `inside(command, options)` runs
 *   any program in the daemon's network namespace, where published ports are at 127.0.0.1. Options: `cwd`, `env`, `input`.
 *   Each resolves to a `Ran`; `must(...)` of a result throws what it wrote when it failed.
 * - `engine` and `composeVersion` are version numbers.
 * - `stop()` ends containers and daemon and removes everything they had.
 */
export async function startDaemon() {
  const folder = mkdtempSync(path.join(os.tmpdir(), "docker-test-"));
  const namespace = `docker-test-${process.pid}-${running.size}`;
  const socket = path.join(folder, "docker.sock");
  const config = addPlugin(folder);
  must(await run(["ip", "netns", "add", namespace]));
  const net = `--net=/run/netns/${namespace}`;
  const daemon = { folder, namespace, net, child: undefined };
  running.add(daemon);
  must(await run(["nsenter", net, "ip", "link", "set", "lo", "up"]));
  const log = openSync(path.join(folder, "log"), "w");
  // `ip6tables` is an experiment up to version 26.
  const options = ["--data-root", `${folder}/root`, "--exec-root", `${folder}/exec`, "--pidfile", `${folder}/pid`];
  options.push("-H", `unix://${socket}`, "--experimental", "--ip6tables", "--ipv6", "--fixed-cidr-v6", "fd00:d0c::/64");
  // Where Traefik looks for it: a /run of its own has the socket there, too.
  options.push("-H", "unix:///run/docker.sock");
  const apart = [net, "unshare", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /run && exec dockerd "$@"', "dockerd"];
  const child = spawn("nsenter", [...apart, ...options], { stdio: ["ignore", log, log], detached: true });
  daemon.child = child;
  child.on("error", () => {});

  const env = {
    ...ownEnvironment(),
    DOCKER_HOST: `unix://${socket}`,
    DOCKER_CONFIG: config,
    // The builder that needs no network.
    DOCKER_BUILDKIT: "0",
  };
  const within = (command, options = {}) => run(["nsenter", net, ...command], { ...options, env: { ...env, ...options.env } });
  const it = {
    isPrivate: true,
    prefix: "docker-test",
    image: (name) => name,
    text: (text) => text,
    socket,
    namespace,
    env,
    inside: within,
    docker: (args, options) => within(["docker", ...args], options),
    compose: (args, options) => within(["docker", "compose", ...args], options),
    stop: () => stop(daemon),
  };
  for (let tries = 0; ; tries += 1) {
    const { status, out } = await it.docker(["version", "--format", "{{.Server.Version}}"]);
    if (status === 0) {
      it.engine = out.trim();
      break;
    }
    if (child.exitCode !== null || tries > 240) {
      const words = readFileSync(path.join(folder, "log"), "utf8").trim().split("\n").at(-1);
      stop(daemon);
      throw new Error(`the Docker daemon did not start: ${words}`);
    }
    await sleep(250);
  }
  it.composeVersion = must(await it.compose(["version", "--short"])).out.trim();
  return it;
}

/** Runs a program to its end. */
export function run([command, ...args], { cwd, env, input } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd, env: env ?? process.env });
    let [out, err] = ["", ""];
    child.stdout.on("data", (data) => (out += data));
    child.stderr.on("data", (data) => (err += data));
    child.on("error", (error) => resolve({ status: 127, out, err: error.message }));
    child.on("close", (code, signal) => resolve({ status: code ?? 128, out, err: signal ? `${err}\n${signal}` : err }));
    child.stdin.on("error", () => {});
    child.stdin.end(input ?? "");
  });
}

/** The result of a program that must succeed. */
export function must(ran) {
  if (ran.status !== 0) throw new Error(`exit code ${ran.status}: ${(ran.err || ran.out).trim()}`);
  return ran;
}

/** Why no private daemon can start here, if so. */
function whyNotPrivate() {
  if (process.getuid() !== 0) return "a Docker daemon requires root";
  for (const program of ["dockerd", "docker", "nsenter", "unshare", "ip", "iptables"]) {
    if (spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0) return `${program} is missing (\`make docker\` installs it)`;
  }
  if (spawnSync("unshare", ["--net", "--mount", "true"]).status !== 0) return "no namespaces can be made";
  return undefined;
}

/** A directory of settings for `docker` in which Compose is; its path. */
function addPlugin(folder) {
  const config = path.join(folder, "config");
  const plugin = path.join(toolFolder("compose", "COMPOSE"), "docker-compose");
  if (!existsSync(plugin)) fail("Docker Compose is missing: `make docker` installs it.");
  mkdirSync(path.join(config, "cli-plugins"), { recursive: true });
  symlinkSync(plugin, path.join(config, "cli-plugins", "docker-compose"));
  return config;
}

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

function stop({ folder, namespace, net, child }) {
  const pid = Number(readable(path.join(folder, "pid")) ?? 0);
  const socket = `unix://${path.join(folder, "docker.sock")}`;
  const docker = (...args) => spawnSync("docker", ["-H", socket, ...args], { encoding: "utf8", timeout: 60_000 });
  const containers = pid ? (docker("ps", "--all", "--quiet").stdout ?? "").split("\n").filter(Boolean) : [];
  if (containers.length > 0) docker("rm", "--force", "--volumes", ...containers);
  for (const signal of ["SIGTERM", "SIGKILL"]) {
    if (pid && isAlive(pid)) {
      process.kill(pid, signal);
      for (let tries = 0; tries < 100 && isAlive(pid); tries += 1) spawnSync("sleep", ["0.1"]);
    }
  }
  child?.kill("SIGKILL");
  // What a killed daemon leaves mounted.
  const mounts = readFileSync("/proc/mounts", "utf8").split("\n").map((line) => line.split(" ")[1]);
  for (const mount of mounts.filter((it) => it?.startsWith(`${folder}/`)).reverse()) spawnSync("umount", ["--lazy", mount]);
  spawnSync("ip", ["netns", "delete", namespace]);
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  running.delete([...running].find((it) => it.net === net));
}

/** Whether a process runs; one that has ended stays in the list until this one looks. */
function isAlive(pid) {
  return / [^Z] /.test(readable(`/proc/${pid}/stat`)?.replace(/^.*\)/, "").slice(0, 3) ?? "");
}

function readable(file) {
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}

process.on("exit", () => {
  [...running].forEach(stop);
  if (somebodys) removeOwned(somebodys);
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(130));
