// Judges generated configuration by real servers: `node tests/proxies/run.mjs [--loopback] [SERVER…]`.
//
// Where it may have namespaces (as root, or where the kernel gives them to anybody) every case has a network and an
// /etc of its own and is served as generated, byte for byte. Elsewhere ports and paths are moved, and what cannot be
// judged so is not; the run says what.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { casesOf } from "./cases.mjs";
import { cargoRun, here, output, repository } from "./programs.mjs";
import { SERVERS } from "./servers.mjs";

main();

async function main() {
  const began = performance.now();
  const wanted = process.argv.slice(2).filter((word) => !word.startsWith("--"));
  const prefix = process.argv.includes("--loopback") ? undefined : namespacePrefix();
  const servers = SERVERS.filter(({ id }) => wanted.length === 0 || wanted.includes(id)).map((it) => ({ ...it, ...it.find() }));
  console.log(
    prefix
      ? "Each case in a namespace of its own: ports 80 and 443, files as generated."
      : "No namespaces here: on loopback, with ports and paths moved.",
  );
  const cases = servers.flatMap((server) => casesOf(server).map((it) => ({ ...it, program: server.program, version: server.version })));
  // Only a namespace has an /etc/hosts to write to.
  const runsOnLoopback = (it) => !it.file && servers.find(({ id }) => id === it.server).runsOnLoopback(it);
  const judged = cases.filter((it) => prefix || runsOnLoopback(it));
  for (const it of cases) if (!judged.includes(it)) console.log(`not judged  ${it.server}: ${it.name}`);
  await inTurn(judged, prefix ? 4 : 1, async (it) => {
    const started = performance.now();
    it.outcomes = await judge(it, prefix);
    it.seconds = (performance.now() - started) / 1000;
    const bad = it.outcomes.filter(({ failure }) => failure);
    console.log(`${bad.length ? "FAILED" : "ok    "}  ${it.server}: ${it.name}: ${it.outcomes.length} checks`);
    for (const { name, failure } of bad) console.log(`        ${name}: ${failure}`);
  });
  printMatrix(servers, judged);
  const outcomes = judged.flatMap((it) => it.outcomes);
  const failed = outcomes.filter(({ failure }) => failure).length;
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`${outcomes.length - failed} passed, ${failed} failed, in ${seconds} s`);
  process.exit(failed > 0 ? 1 : 0);
}

/** Generates what is to be served, has it served, and says how each check ended. */
async function judge(it, prefix) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "proxies-"));
  try {
    const files = it.files ?? (await generate(it, path.join(folder, "generated")));
    const { readsServices } = SERVERS.find(({ id }) => id === it.server);
    const services = readsServices ? await merged(it, files) : undefined;
    const request = { ...it, folder, files, services, mode: prefix ? "namespace" : "loopback" };
    const command = [...(prefix ?? []), process.execPath, path.join(here, "serve.mjs")];
    const outcomes = JSON.parse(await output(command, JSON.stringify(request)));
    return it.breaks ? expectBroken(outcomes, it) : outcomes;
  } catch (error) {
    return [{ name: "is judged", failure: error.message }];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function generate(it, out) {
  // What the project says itself is not said again.
  const choices = (it.file ? [] : it.sites).flatMap((site) => {
    const who = (site.access ?? []).flatMap((access) => ["--access", `${site.name}=${access}`]);
    return ["--host", `${site.name}=${site.host}`, ...who];
  });
  const options = ["-f", projectFile(it), "--place", it.place, "--tls", it.tls, "--version", it.version, ...choices, "--out", out];
  await output([...cargoRun("--bin", "compose-check"), "generate", it.target, ...options]);
  return readdirSync(out).map((name) => ({ name, text: readFileSync(path.join(out, name), "utf8") }));
}

/** The services of the project, with the generated file, where there is one, merged into it as Compose would. */
async function merged(it, files) {
  const text = files.find(({ text }) => /^services:/m.test(text))?.text ?? "services: {}";
  const [project, added] = await Promise.all(
    [readFileSync(projectFile(it), "utf8"), text].map(async (yaml) => JSON.parse(await output(cargoRun("--example", "as-json"), yaml))),
  );
  const services = { ...project.services };
  for (const [name, service] of Object.entries(added.services)) services[name] = { ...services[name], ...service };
  return services;
}

function projectFile(it) {
  if (it.file) return path.join(here, it.file);
  return path.join(repository, "examples", it.example, "compose.yaml");
}

/** One outcome per expectation, passed where the check failed, and the others as they are. */
function expectBroken(outcomes, { breaks, mayBreak }) {
  const isOneOf = (names) => (outcome) => names.some((name) => outcome.name.endsWith(name));
  const expected = breaks.map((name) => {
    const isBroken = outcomes.some((it) => it.failure && isOneOf([name])(it));
    return { name, failure: isBroken ? undefined : "passed, and should have failed" };
  });
  return expected.concat(outcomes.filter((it) => !isOneOf([...breaks, ...mayBreak])(it)));
}

/** A row for each case, a column for each server: how many checks, how many failed, and the seconds it took. */
function printMatrix(servers, judged) {
  const names = [...new Set(judged.map(({ name }) => name))];
  const first = Math.max(...names.map((name) => name.length));
  const heads = servers.map(({ id, version }) => (id.includes(version) ? id : `${id} ${version}`));
  const widths = heads.map((head) => Math.max(head.length, 18));
  const row = (name, cells) => console.log([name.padEnd(first), ...cells.map((cell, index) => cell.padEnd(widths[index]))].join("  ").trimEnd());
  console.log("");
  row("", heads);
  for (const name of names) {
    const cells = servers.map(({ id }) => {
      const it = judged.find((it) => it.server === id && it.name === name);
      if (!it) return "–";
      const bad = it.outcomes.filter(({ failure }) => failure).length;
      return `${it.outcomes.length - bad} ok${bad ? `, ${bad} FAILED` : ""}, ${it.seconds.toFixed(1)} s`;
    });
    row(name, cells);
  }
  console.log("");
}

/** What to put before a command so that it has namespaces to change; `undefined` where it may not. */
function namespacePrefix() {
  const prefix = ["unshare", ...(process.getuid() === 0 ? [] : ["--map-root-user"]), "--net", "--mount"];
  const [command, ...options] = [...prefix, "sh", "-c", "ip link set lo up && mount -t tmpfs tmpfs /etc"];
  return spawnSync(command, options).status === 0 ? prefix : undefined;
}

/** Runs `work` on each of `items`, at most `width` at a time. */
async function inTurn(items, width, work) {
  const waiting = [...items];
  const worker = async () => {
    for (let item; (item = waiting.shift()); ) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
