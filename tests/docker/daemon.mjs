// A Docker daemon for the tests alone: its own data, socket, and network namespace, stopped by its own process ID.
//
// Its network namespace keeps its bridges and firewall rules apart from those of this machine and of other daemons.

import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { toolFolder } from "../proxies/programs.mjs";

/** Started and not yet stopped; an interrupted run stops them, too. */
const running = new Set();

/** @typedef {{ status: number, out: string, err: string }} Ran what a program wrote, and its exit code */

/**
 * Starts a daemon.
 *
 * - `docker(args, options)` and `compose(args, options)` run the client and Docker Compose; `inside(command, options)` runs
 *   any program in the daemon's network namespace, where published ports are at 127.0.0.1. Options: `cwd`, `env`, `input`.
 *   Each resolves to a `Ran`; `must(...)` of a result throws what it wrote when it failed.
 * - `engine` and `composeVersion` are version numbers.
 * - `stop()` ends containers and daemon and removes everything they had.
 */
export async function startDaemon() {
  requireRights();
  const folder = mkdtempSync(path.join(os.tmpdir(), "docker-test-"));
  const namespace = `docker-test-${process.pid}-${running.size}`;
  const socket = path.join(folder, "docker.sock");
  mkdirSync(path.join(folder, "config", "cli-plugins"), { recursive: true });
  const plugin = path.join(toolFolder("compose", "COMPOSE"), "docker-compose");
  if (!existsSync(plugin)) fail("Docker Compose is missing: `make docker` installs it.");
  symlinkSync(plugin, path.join(folder, "config", "cli-plugins", "docker-compose"));
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
    ...process.env,
    DOCKER_HOST: `unix://${socket}`,
    DOCKER_CONFIG: path.join(folder, "config"),
    // The builder that needs no network.
    DOCKER_BUILDKIT: "0",
  };
  const within = (command, options = {}) => run(["nsenter", net, ...command], { ...options, env: { ...env, ...options.env } });
  const it = {
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
      fail(`The Docker daemon did not start: ${words}`);
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

function requireRights() {
  if (process.getuid() !== 0) fail("These tests start a Docker daemon of their own, which requires root.");
  for (const program of ["dockerd", "docker", "nsenter", "unshare", "ip", "iptables"]) {
    if (spawnSync("sh", ["-c", `command -v ${program}`]).status !== 0) fail(`${program} is missing: \`make docker\` installs it.`);
  }
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

process.on("exit", () => [...running].forEach(stop));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => process.exit(130));
