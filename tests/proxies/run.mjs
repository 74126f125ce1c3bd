// Judges generated configuration by the real nginx and the real Traefik: `node tests/proxies/run.mjs [--loopback]`.
//
// Where it may have namespaces (as root, or where the kernel gives them to anybody) every case has a network and an
// /etc of its own and is served as generated, byte for byte. Elsewhere nginx is served with ports and paths moved, and
// Traefik is not judged; the run says so.

import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const repository = path.join(here, "../..");
const MEBIBYTE = 1 << 20;

const EXAMPLES = {
  "convex-upstream": [
    { service: "backend", port: 3210, published: 3210, host: "api.example.com", upload: 30 * MEBIBYTE, closed: "/metrics" },
    { service: "backend", port: 3211, published: 3211, host: "actions.example.com", closed: "/metrics" },
    { service: "dashboard", port: 6791, published: 6791, host: "dashboard.example.com" },
  ],
  "web-app": [{ service: "web", port: 3000, published: 8080, host: "shop.example.com" }],
};

/** What guides recommend, and what it breaks: these show that the checks can fail. */
const NAIVE = [
  {
    target: "nginx",
    place: "host",
    file: "naive.conf",
    breaks: [
      "says truly who asked",
      "passes WebSockets",
      "takes large uploads",
      "keeps /metrics to itself",
      "unknown hosts are refused",
    ],
    // Only before nginx 1.29.7.
    mayBreak: ["passes on what comes bit by bit"],
  },
  { target: "traefik-labels", place: "network", file: "naive.yaml", breaks: ["the server accepts it"], mayBreak: [] },
];

main();

async function main() {
  const nginx = findProgram("nginx", "-v");
  const prefix = process.argv.includes("--loopback") ? undefined : namespacePrefix();
  const traefik = prefix && findProgram("traefik", "version");
  console.log(
    prefix
      ? "Each case in a namespace of its own: ports 80 and 443, files as generated."
      : "No namespaces here: nginx on loopback, with ports and paths moved, and Traefik not at all.",
  );
  let passed = 0;
  let failed = 0;
  await inTurn(cases(traefik ? ["nginx", "traefik-labels"] : ["nginx"]), prefix ? 4 : 1, async (it) => {
    const outcomes = await judge({ ...it, nginx, traefik }, prefix);
    const bad = outcomes.filter(({ failure }) => failure);
    passed += outcomes.length - bad.length;
    failed += bad.length;
    console.log(`${bad.length ? "FAILED" : "ok    "}  ${it.name}: ${outcomes.length} checks`);
    for (const { name, failure } of bad) console.log(`        ${name}: ${failure}`);
  });
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed > 0 ? 1 : 0);
}

function cases(targets) {
  const res = [];
  for (const target of targets) {
    for (const [example, sites] of Object.entries(EXAMPLES)) {
      for (const place of ["host", "network"]) {
        for (const tls of ["off", "acme", "files"]) {
          res.push({ name: `${target}: ${example}, ${place}, tls ${tls}`, target, example, place, tls, sites: named(sites) });
        }
      }
    }
  }
  for (const { file, ...naive } of NAIVE.filter(({ target }) => targets.includes(target))) {
    res.push({
      ...naive,
      name: `${naive.target}: what guides recommend breaks where it must`,
      example: "convex-upstream",
      tls: "off",
      sites: named(EXAMPLES["convex-upstream"]),
      files: [{ name: file, text: readFileSync(path.join(here, file), "utf8") }],
    });
  }
  return res;
}

function named(sites) {
  return sites.map((site) => ({ ...site, name: `${site.service}:${site.port}` }));
}

/** Generates what is to be served, has it served, and says how each check ended. */
async function judge(it, prefix) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "proxies-"));
  try {
    const files = it.files ?? (await generate(it, path.join(folder, "generated")));
    const services = it.target === "traefik-labels" ? await merged(it, files) : undefined;
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
  const hosts = it.sites.flatMap((site) => ["--host", `${site.service}:${site.port}=${site.host}`]);
  const options = ["-f", projectFile(it), "--place", it.place, "--tls", it.tls, ...hosts, "--out", out];
  await output([...cargoRun("--bin", "compose-check"), "generate", it.target, ...options]);
  return readdirSync(out).map((name) => ({ name, text: readFileSync(path.join(out, name), "utf8") }));
}

/** The services of the project, with the generated file merged into it as Compose would. */
async function merged(it, files) {
  const { text } = files.find(({ text }) => text.startsWith("services:") || text.includes("\nservices:"));
  const [project, added] = await Promise.all(
    [readFileSync(projectFile(it), "utf8"), text].map(async (yaml) => JSON.parse(await output(cargoRun("--example", "as-json"), yaml))),
  );
  const services = { ...project.services };
  for (const [name, service] of Object.entries(added.services)) services[name] = { ...services[name], ...service };
  return services;
}

function projectFile(it) {
  return path.join(repository, "examples", it.example, "compose.yaml");
}

function cargoRun(...which) {
  return ["cargo", "run", "--quiet", "--locked", ...which, "--"];
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

function findProgram(name, question) {
  for (const folder of [...process.env.PATH.split(":"), "/usr/sbin"]) {
    const file = path.join(folder, name);
    if (spawnSync(file, [question]).status === 0) return file;
  }
  console.error(`${name} is missing, and the proxy tests serve what they judge: \`make proxies\` installs it.`);
  process.exit(2);
}

/** What to put before a command so that it has namespaces to change; `undefined` where it may not. */
function namespacePrefix() {
  const prefix = ["unshare", ...(process.getuid() === 0 ? [] : ["--map-root-user"]), "--net", "--mount"];
  const [command, ...options] = [...prefix, "sh", "-c", "ip link set lo up && mount -t tmpfs tmpfs /etc"];
  return spawnSync(command, options).status === 0 ? prefix : undefined;
}

/** What a command writes, given `input`; throws what it says when it fails. */
function output([command, ...options], input = "") {
  return new Promise((resolve, reject) => {
    const child = spawn(command, options, { cwd: repository });
    let text = "";
    let words = "";
    child.stdout.on("data", (data) => (text += data));
    child.stderr.on("data", (data) => (words += data));
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(text) : reject(new Error(`${command} ended with ${code}: ${words}`))));
    // A program that asks for nothing may be gone already.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** Runs `work` on each of `items`, at most `width` at a time. */
async function inTurn(items, width, work) {
  const waiting = [...items];
  const worker = async () => {
    for (let item; (item = waiting.shift()); ) await work(item);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
