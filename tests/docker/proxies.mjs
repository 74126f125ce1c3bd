// Every proxy of `--place network`, started beside a project by the command that its steps print, and asked.

import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { ACTIONS, API, DASHBOARD, SHOP } from "../proxies/cases.mjs";
import { ownProgram, repository } from "../proxies/programs.mjs";
import { SERVERS } from "../proxies/servers.mjs";
import { makeCertificate } from "../proxies/stage.mjs";
import { must, run } from "./daemon.mjs";
import { loadImages } from "./images.mjs";
import { inOwnImages, pretend, requirePorts, versionOf } from "./servers.mjs";

const MEBIBYTE = 1 << 20;

/** Two files of the older names, which `docker compose` reads together when no `-f` names one. */
const OVERRIDDEN = {
  "docker-compose.yml": "services:\n  web:\n    image: ghcr.io/example/shop:1\n    ports: ['8080:3000']\n",
  "docker-compose.override.yml": "services:\n  web:\n    environment: [DEBUG=1]\n  api:\n    image: ghcr.io/example/api:1\n    expose: [4000]\n",
};

/** Each with its sites, of which the first takes the upload of 30 MiB and moves to another address. */
const PROJECTS = [
  { name: "web-app", tls: "files", files: { ...example("web-app"), ".env": "DB_PASSWORD=a-password\n" }, sites: [SHOP] },
  { name: "convex-upstream", tls: "files", files: example("convex-upstream"), sites: [API, ACTIONS, DASHBOARD] },
  {
    name: "override file",
    tls: "off",
    files: OVERRIDDEN,
    mustName: ["docker-compose.yml", "docker-compose.override.yml"],
    sites: [SHOP, { service: "api", port: 4000, host: "api.example.com" }],
  },
];

/** A server's own checks know what it offers; the newest of each target says so here. */
const TARGETS = [...new Map(SERVERS.map((it) => [it.target, it])).values()];

/** A row for each target and project. */
export const rows = [["target", "project", "image", "its program", "checks", "seconds", "engine", "Compose"]];

export async function cases(daemon) {
  const program = await ownProgram("--bin", "compose-check");
  const all = PROJECTS.flatMap((project) => TARGETS.map((server) => ({ project, server })));
  return Object.fromEntries(
    all.map(({ project, server }) => [
      `${server.target} beside ${project.name}, tls ${project.tls}`,
      () => judge(daemon, program, project, server),
    ]),
  );
}

async function judge(daemon, program, project, server) {
  await requirePorts(daemon, [80, 443]);
  const began = performance.now();
  const folder = mkdtempSync(path.join(os.tmpdir(), `${daemon.prefix}-proxies-`));
  const sites = project.sites.map((it, index) => ({ ...it, name: String(it.port), upload: index === 0 ? 30 * MEBIBYTE : it.upload }));
  for (const [name, text] of Object.entries(project.files)) writeFileSync(path.join(folder, name), text);
  let down = [];
  try {
    const { start, files } = await generate(program, folder, project, server);
    for (const name of project.mustName ?? []) expect(start.includes(`-f ${name} `), `the steps do not name ${name}: ${start}`);
    const certificate = project.tls === "files" ? writeCertificates(folder, server, sites) : undefined;
    const added = files.find((name) => /^compose\..*\.yaml$/.test(name));
    expect(start.includes(added), `the steps do not name ${added}: ${start}`);
    // What the user sees: the command itself, and what Compose makes of its files.
    let command = start.replace(/ up -d$/, "");
    const compose = (...args) => daemon.inside(["sh", "-c", `${command} "$@"`, "sh", ...args], { cwd: folder });
    const images = [...new Set(must(await compose("config", "--images")).out.split("\n").filter(Boolean))];
    await pretend(daemon, images);
    command = await inOwnImages(daemon, command, folder);
    down = ["down", "--volumes", "--timeout", "0"];
    must(await compose("up", "-d", "--pull", "never"));

    const merged = JSON.parse(must(await compose("config", "--format", "json")).out);
    const proxy = Object.keys(merged.services).find((it) => versionOf(merged.services[it].image));
    const image = merged.services[proxy].image;
    const door = {
      address: "127.0.0.1",
      client: Object.values(await containerOf(daemon, compose, proxy))[0].Gateway,
      ...{ http: 80, https: 443, isSecure: Boolean(certificate), certificate: certificate?.toString(), offers: server.offers },
    };
    const outcomes = await asked(daemon, { sites, door });
    outcomes.push(...(await moveFirst(daemon, compose, sites[0], door)));
    const bad = outcomes.filter(({ failure }) => failure).map(({ name, failure }) => `${name}: ${failure}`);
    if (bad.length > 0) {
      const { out, err } = await compose("logs", "--no-color", "--tail", "20", proxy);
      bad.push(`The proxy wrote:\n${out}${err}`);
    }
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    const checks = `${outcomes.filter(({ failure }) => !failure).length} of ${outcomes.length}`;
    rows.push([server.target, project.name, image, versionOf(image), checks, seconds, daemon.engine, daemon.composeVersion]);
    must(await compose(...down));
    down = [];
    expect(bad.length === 0, bad.join("\n"));
  } finally {
    // What a failure leaves; the project has the name of its folder.
    if (down.length > 0) await daemon.compose(["-p", path.basename(folder).toLowerCase(), ...down], { cwd: folder });
    rmSync(folder, { recursive: true });
  }
}

/** What is generated for a project, in its own folder, as a user would: the command that starts it, and the files. */
async function generate(program, folder, { tls, sites }, { target }) {
  const hosts = sites.flatMap(({ service, port, host }) => ["--host", `${service}:${port}=${host}`]);
  const options = ["--place", "network", "--tls", tls, ...hosts, "--out", "."];
  const before = readdirSync(folder);
  const { err } = must(await run([program, "generate", target, ...options], { cwd: folder }));
  const start = /`((?:cd [^`]* && )?docker compose [^`]* up -d)`/.exec(err)?.[1];
  expect(start, `no step starts it: ${err}`);
  return { start, files: readdirSync(folder).filter((it) => !before.includes(it)) };
}

/** As the steps say where to put them: one certificate for all, its own authority. */
function writeCertificates(folder, { target }, sites) {
  const own = mkdtempSync(path.join(os.tmpdir(), "docker-certificate-"));
  const { key, certificate } = makeCertificate(own, sites.map(({ host }) => host));
  rmSync(own, { recursive: true });
  for (const { host } of sites) {
    const place = path.join(folder, "certificates", target === "haproxy" ? "" : host);
    const names = target === "haproxy" ? [`${host}.pem`, `${host}.pem.key`] : ["fullchain.pem", "privkey.pem"];
    mkdirSync(place, { recursive: true });
    writeFileSync(path.join(place, names[0]), certificate);
    writeFileSync(path.join(place, names[1]), key, { mode: 0o600 });
  }
  return certificate;
}

/** The first site's container is made anew, while another one has taken its address. */
async function moveFirst(daemon, compose, site, door) {
  const before = await containerOf(daemon, compose, site.service);
  const [network] = Object.keys(before);
  const old = before[network].IPAddress;
  must(await compose("rm", "--stop", "--force", site.service));
  await loadImages(daemon, { busybox: ["busybox"] });
  // The daemon gives the first address that is free.
  const taken = must(await daemon.docker(["run", "--detach", "--network", network, daemon.image("busybox"), "sleep", "600"])).out.trim();
  try {
    must(await compose("up", "-d", "--force-recreate", "--no-deps", "--pull", "never", site.service));
    const address = (await containerOf(daemon, compose, site.service))[network].IPAddress;
    expect(address !== old, `the new container of ${site.service} has the address of the old one`);
    return await asked(daemon, { sites: [], door, moved: { site, address } });
  } finally {
    await daemon.docker(["rm", "--force", taken]);
  }
}

/** Runs the checks where published ports are at 127.0.0.1. */
async function asked(daemon, request) {
  const command = [process.execPath, path.join(repository, "tests/docker/ask.mjs")];
  return JSON.parse(must(await daemon.inside(command, { input: JSON.stringify(request) })).out);
}

async function containerOf(daemon, compose, service) {
  const id = must(await compose("ps", "--all", "--quiet", service)).out.trim();
  expect(id, `${service} has no container`);
  return JSON.parse(must(await daemon.docker(["inspect", id])).out)[0].NetworkSettings.Networks;
}

function example(name) {
  return { "compose.yaml": readFileSync(path.join(repository, "examples", name, "compose.yaml"), "utf8") };
}

function expect(condition, sentence) {
  if (!condition) throw new Error(sentence);
}
