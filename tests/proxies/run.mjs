// Judges generated configuration by real servers: `node tests/proxies/run.mjs [--loopback] [SERVER…]`.
//
// With `--from-page` it judges what is copied from the page of `dist/`, with `--patience` what takes more than a
// minute, with `--certificates` only how certificates are issued and renewed. The folder that COMPOSE_CORPUS names adds its Compose files: of these, servers must take what is generated;
// with `--corpus` it is these alone.
//
// Where it may have namespaces (as root, or where the kernel gives them to anybody) every case has a network and an
// /etc of its own and is served as generated, byte for byte. Elsewhere ports and paths are moved, and what cannot be
// judged so is not; the run says what.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { casesOf, foreignCasesOf, pageCasesOf, patientCasesOf, renewalCasesOf } from "./cases.mjs";
import { CERTBOTS } from "./certbot.mjs";
import { injectionCases, printFields } from "./injection.mjs";
import { here, output, ownProgram, repository } from "./programs.mjs";
import { SERVERS } from "./servers.mjs";

/** What is said of a project without a site, or of a file that is no YAML. */
const NOTHING = /there is nothing a proxy could lead to|fix it first/;

const composeCheck = await ownProgram("--bin", "compose-check");
const asJson = await ownProgram("--example", "as-json");
const hostilePlans = await ownProgram("--example", "hostile-plans");

main();

async function main() {
  const began = performance.now();
  const wanted = process.argv.slice(2).filter((word) => !word.startsWith("--"));
  const isAsked = (word) => process.argv.includes(word);
  const prefix = isAsked("--loopback") ? undefined : namespacePrefix();
  const servers = SERVERS.filter(({ id }) => wanted.length === 0 || wanted.includes(id)).map((it) => ({ ...it, ...it.find() }));
  console.log(
    prefix
      ? "Each case in a namespace of its own: ports 80 and 443, files as generated."
      : "No namespaces here: on loopback, with ports and paths moved.",
  );
  const isPatient = isAsked("--patience");
  const isFromPage = isAsked("--from-page");
  const isWhole = !isPatient && !isFromPage && !isAsked("--corpus") && !isAsked("--certificates");
  const corpus = isPatient || isFromPage ? undefined : process.env.COMPOSE_CORPUS;
  const own = isFromPage ? pageCasesOf : isPatient ? patientCasesOf : isAsked("--corpus") ? () => [] : isAsked("--certificates") ? renewalCasesOf : (server) => [...casesOf(server), ...(prefix ? renewalCasesOf(server) : [])];
  const casesFor = (server) => [...own(server), ...(corpus ? foreignCasesOf(server, corpus) : [])];
  const found = (it) => {
    const { program, version } = servers.find(({ id }) => id === it.server);
    return { ...it, program, version };
  };
  const cases = servers.flatMap(casesFor).map(found);
  // It takes a while to type that much; the others are judged meanwhile.
  const typing = isWhole && prefix ? injectionCases(servers, hostilePlans) : undefined;
  // Only a namespace has an /etc/hosts to write to.
  const runsOnLoopback = (it) => !it.file && servers.find(({ id }) => id === it.server).runsOnLoopback(it);
  const judged = cases.filter((it) => prefix || runsOnLoopback(it));
  for (const it of cases) if (!judged.includes(it)) console.log(`not judged  ${it.server}: ${it.name}`);
  if (isWhole && !typing) console.log("not judged  hostile text and certificates");
  if (judged.length === 0) {
    console.error("There is nothing to judge: is there such a server, and does COMPOSE_CORPUS name a folder?");
    process.exit(2);
  }
  if (isFromPage) {
    const { copyFromPage } = await import("./page.mjs");
    await copyFromPage(judged, generate);
  }
  const judgeAndTell = async (it) => {
    const started = performance.now();
    it.outcomes = await judge(it, prefix);
    it.seconds = (performance.now() - started) / 1000;
    const bad = it.outcomes.filter(({ failure }) => failure);
    if (it.isForeign && bad.length === 0) return;
    console.log(`${bad.length ? "FAILED" : "ok    "}  ${it.server}: ${it.name}: ${it.outcomes.length} checks`);
    for (const { name, failure } of bad) console.log(`        ${name}: ${failure}`);
  };
  // Who waits keeps nobody from working.
  await inTurn(judged, isPatient ? judged.length : prefix ? 4 : 1, judgeAndTell);
  if (typing) {
    const { fields, cases } = await typing;
    const hostile = cases.map(found);
    await inTurn(hostile, 4, judgeAndTell);
    judged.push(...hostile);
    printFields(fields);
  }
  if (!isAsked("--corpus")) printMatrix(servers, judged.filter(({ isForeign }) => !isForeign));
  if (corpus) printCorpus(judged.filter(({ isForeign }) => isForeign));
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
    if (it.isRenewal) Object.assign(it, await generateInProject(it, folder));
    const files = it.files ?? (await generate(it));
    const { readsServices } = SERVERS.find(({ id }) => id === it.server);
    const services = readsServices || it.isForeign || it.project ? await merged(it, files) : undefined;
    const request = { ...it, folder, files, services, mode: prefix ? "namespace" : "loopback" };
    const command = [...(prefix ?? []), process.execPath, path.join(here, "serve.mjs")];
    const outcomes = JSON.parse(await output(command, JSON.stringify(request)));
    return it.breaks ? expectBroken(outcomes, it) : [...(it.before ?? []), ...outcomes];
  } catch (error) {
    if (it.isForeign && NOTHING.test(error.message)) {
      it.leadsNowhere = true;
      return [];
    }
    return [{ name: "is judged", failure: error.message }];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What `compose-check` writes. */
async function generate(it) {
  const out = mkdtempSync(path.join(os.tmpdir(), "generated-"));
  // What the project says itself is not said again.
  const choices = (it.file ? [] : it.sites).flatMap((site) => {
    const who = (site.access ?? []).flatMap((access) => ["--access", `${site.name}=${access}`]);
    return ["--host", `${site.name}=${site.host}`, ...who];
  });
  const options = ["-f", projectFile(it), "--place", it.place, "--tls", it.tls, ...(it.http3 ? ["--http3"] : []), "--version", it.version, ...choices, "--out", out];
  try {
    await output([composeCheck, "generate", it.target, ...options]);
    return readdirSync(out).map((name) => ({ name, text: readFileSync(path.join(out, name), "utf8") }));
  } finally {
    rmSync(out, { recursive: true });
  }
}

/** A project whose files are not called as most are, with what is written for it beside them, and the steps. */
async function generateInProject(it, folder) {
  const project = path.join(folder, "my shop");
  mkdirSync(project);
  copyFileSync(path.join(here, it.file), path.join(project, "docker-compose.yml"));
  writeFileSync(path.join(project, "docker-compose.override.yml"), "services: {}\n");
  const hosts = it.sites.flatMap(({ name, host }) => ["--host", `${name}=${host}`]);
  const options = ["docker-compose.yml", "docker-compose.override.yml"].flatMap((name) => ["-f", path.join(project, name)]);
  const choices = ["--place", it.place, "--tls", it.tls, "--version", it.version, ...hosts, "--out", project];
  const { status, stderr } = spawnSync(composeCheck, ["generate", it.target, ...options, ...choices], { encoding: "utf8" });
  if (status !== 0) throw new Error(stderr);
  const names = readdirSync(project).filter((name) => !name.startsWith("docker-compose."));
  const files = names.map((name) => ({ name, text: readFileSync(path.join(project, name), "utf8") }));
  const steps = stderr.split("\n").filter((line) => /^\d+\. /.test(line));
  return { files, steps, project, certbot: CERTBOTS[it.certbot]() };
}

/** The services of the project, with the generated file, where there is one, merged into it as Compose would. */
async function merged(it, files) {
  const text = files.find(({ text }) => /^services:/m.test(text))?.text ?? "services: {}";
  const [project, added] = await Promise.all(
    [it.project ?? readFileSync(projectFile(it), "utf8"), text].map(async (yaml) => JSON.parse(await output([asJson], yaml))),
  );
  const services = { ...project.services };
  // What was hostile in labels is a server's to read only once it is generated.
  for (const service of it.isHostile ? Object.values(services) : []) delete service.labels;
  for (const [name, service] of Object.entries(added.services)) {
    const labels = [services[name], service].flatMap((it) => listed(it?.labels));
    services[name] = { ...services[name], ...service, labels, isGenerated: !services[name] };
  }
  return services;
}

/** `NAME=VALUE`, whichever way they are written. */
function listed(labels = []) {
  return Array.isArray(labels) ? labels : Object.entries(labels).map(([name, value]) => `${name}=${value}`);
}

function projectFile(it) {
  if (it.file) return path.resolve(here, it.file);
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

/** What became of the projects from elsewhere. */
function printCorpus(judged) {
  const filesOf = (cases) => new Set(cases.map(({ file }) => file)).size;
  const leading = judged.filter(({ leadsNowhere }) => !leadsNowhere);
  const accepted = leading.filter(({ outcomes }) => outcomes.every(({ failure }) => !failure));
  for (const place of ["host", "network"]) {
    const nowhere = judged.filter((it) => it.leadsNowhere && it.place === place);
    for (const file of new Set(nowhere.map(({ file }) => file))) console.log(`leads nowhere, ${place}: ${file}`);
  }
  const places = ["host", "network"].map((place) => `${filesOf(leading.filter((it) => it.place === place))} of them on ${place}`);
  console.log(`COMPOSE_CORPUS: ${filesOf(judged)} files, ${filesOf(leading)} with sites, ${places.join(", ")}; ${leading.length} configurations, ${accepted.length} taken`);
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
