// Judges generated nginx configuration by the real nginx: `node tests/proxies/run.mjs [--loopback]`.
//
// Where it may have namespaces (as root, or where the kernel gives them to anybody) every case has a network and an
// /etc of its own and is served as generated, byte for byte. Elsewhere ports and paths are moved; the run says which.

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
    { service: "backend", port: 3210, published: 3210, host: "api.example.com", upload: 30 * MEBIBYTE },
    { service: "backend", port: 3211, published: 3211, host: "actions.example.com" },
    { service: "dashboard", port: 6791, published: 6791, host: "dashboard.example.com" },
  ],
  "web-app": [{ service: "web", port: 3000, published: 8080, host: "shop.example.com" }],
};

/** What the guides' configuration breaks: it shows that these checks can fail. */
const NAIVE_BREAKS = ["says truly who asked", "passes WebSockets", "takes large uploads", "unknown hosts are refused"];
/** What it breaks in nginx before 1.29.7. */
const NAIVE_MAY_BREAK = ["passes on what comes bit by bit"];

main();

async function main() {
  const nginx = findNginx();
  const prefix = process.argv.includes("--loopback") ? undefined : namespacePrefix();
  console.log(
    `nginx ${version(nginx)}, ` +
      (prefix
        ? "each case in a namespace of its own: ports 80 and 443, files as generated"
        : "no namespaces here: on loopback, with ports and paths moved"),
  );
  let passed = 0;
  let failed = 0;
  await inTurn(cases(), prefix ? 2 : 1, async (it) => {
    const outcomes = await judge({ ...it, nginx }, prefix);
    const bad = outcomes.filter(({ failure }) => failure);
    passed += outcomes.length - bad.length;
    failed += bad.length;
    console.log(`${bad.length ? "FAILED" : "ok    "}  ${it.name}: ${outcomes.length} checks`);
    for (const { name, failure } of bad) console.log(`        ${name}: ${failure}`);
  });
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed > 0 ? 1 : 0);
}

function cases() {
  const res = [];
  for (const [example, sites] of Object.entries(EXAMPLES)) {
    for (const place of ["host", "network"]) {
      for (const tls of ["off", "acme", "files"]) {
        res.push({ name: `${example}, ${place}, tls ${tls}`, example, place, tls, sites: named(sites) });
      }
    }
  }
  res.push({
    name: "what guides recommend breaks where it must",
    place: "host",
    sites: named(EXAMPLES["convex-upstream"]),
    text: readFileSync(path.join(here, "naive.conf"), "utf8"),
    breaks: NAIVE_BREAKS,
  });
  return res;
}

function named(sites) {
  return sites.map((site) => ({ ...site, name: `${site.service}:${site.port}` }));
}

/** Generates what is to be served, has it served, and says how each check ended. */
async function judge(it, prefix) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "proxies-"));
  try {
    const files = it.text ? [{ path: "/etc/nginx/conf.d/naive.conf", text: it.text }] : generate(it, folder);
    const request = { ...it, folder, files, mode: prefix ? "namespace" : "loopback" };
    const outcomes = JSON.parse(await output([...(prefix ?? []), process.execPath, path.join(here, "serve.mjs")], request));
    return it.breaks ? expectBroken(outcomes, it.breaks) : outcomes;
  } catch (error) {
    return [{ name: "is judged", failure: error.message }];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function generate(it, folder) {
  const out = path.join(folder, "generated");
  const hosts = it.sites.flatMap((site) => ["--host", `${site.service}:${site.port}=${site.host}`]);
  const file = path.join(repository, "examples", it.example, "compose.yaml");
  const run = spawnSync(
    "cargo",
    ["run", "--quiet", "--locked", "--bin", "compose-check", "--", "generate", "nginx", "-f", file].concat(
      ["--place", it.place, "--tls", it.tls, ...hosts, "--out", out],
    ),
    { cwd: repository, encoding: "utf8" },
  );
  if (run.status !== 0) throw new Error(`compose-check generate ended with ${run.status}: ${run.stderr}`);
  const names = readdirSync(out, { recursive: true }).filter((name) => name.endsWith(".conf"));
  if (names.length === 0) throw new Error("compose-check generate wrote no .conf file");
  return names.map((name) => ({
    path: `/etc/nginx/conf.d/${path.basename(name)}`,
    text: readFileSync(path.join(out, name), "utf8"),
  }));
}

/** One outcome per expectation, passed where the check failed, and the others as they are. */
function expectBroken(outcomes, breaks) {
  const isOneOf = (names) => (outcome) => names.some((name) => outcome.name.endsWith(name));
  const expected = breaks.map((name) => {
    const isBroken = outcomes.some((it) => it.failure && isOneOf([name])(it));
    return { name, failure: isBroken ? undefined : "passed, and should have failed" };
  });
  return expected.concat(outcomes.filter((it) => !isOneOf([...breaks, ...NAIVE_MAY_BREAK])(it)));
}

function findNginx() {
  for (const folder of [...process.env.PATH.split(":"), "/usr/sbin"]) {
    const file = path.join(folder, "nginx");
    if (spawnSync(file, ["-v"]).status === 0) return file;
  }
  console.error("nginx is missing: the proxy tests serve what they judge. Install it, for example: apt-get install nginx");
  process.exit(2);
}

function version(nginx) {
  return spawnSync(nginx, ["-v"], { encoding: "utf8" }).stderr.replace(/^.*nginx\//s, "").trim();
}

/** What to put before a command so that it has namespaces to change; `undefined` where it may not. */
function namespacePrefix() {
  const prefix = ["unshare", ...(process.getuid() === 0 ? [] : ["--map-root-user"]), "--net", "--mount"];
  const [command, ...options] = [...prefix, "sh", "-c", "ip link set lo up && mount -t tmpfs tmpfs /etc"];
  return spawnSync(command, options).status === 0 ? prefix : undefined;
}

function output([command, ...options], request) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, options, { stdio: ["pipe", "pipe", "inherit"] });
    let text = "";
    child.stdout.on("data", (data) => (text += data));
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(text) : reject(new Error(`${command} ended with ${code}`))));
    child.stdin.end(JSON.stringify(request));
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
