// Traefik with generated labels or a generated file: a root folder of its own, as in a container, and Docker played to it.

import { once } from "node:events";
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import http, { createServer } from "node:http";
import https from "node:https";
import path from "node:path";

import { startAuthority, untilCertified } from "./authority.mjs";
import { findProgram } from "./programs.mjs";
import { makeCertificate, startServer, writeAt } from "./stage.mjs";

const NETWORK = "project_default";
/** Where Traefik looks for authorities that it may trust. */
const AUTHORITY = "/etc/ssl/certs/ca-certificates.crt";

export const TRAEFIK = {
  id: "traefik-labels",
  target: "traefik-labels",
  offers: ["http2", "http3", "gzip", "users", "ranges"],
  naive: [{ place: "network", file: "naive.yaml", breaks: ["the server accepts it"], mayBreak: [] }],
  readsServices: true,
  find: () => findProgram("traefik", "version"),
  // It has a root folder of its own, and asks Docker for ports that cannot be moved.
  runsOnLoopback: () => false,
  // It asks Docker for addresses wherever it runs.
  usesPublished: () => false,
  follows: () => false,
  asksDocker: true,
  certifiesItself: true,
  prepare,
  understood,
};

/** It asks nobody: it goes where the file says. */
export const TRAEFIK_FILE = {
  ...TRAEFIK,
  id: "traefik-file",
  target: "traefik-file",
  naive: [],
  asksDocker: false,
  usesPublished: ({ place }) => place === "host",
  follows: ({ place }) => place === "network",
};

/**
 * `it.services` are the services of the project with the generated file merged into it. `addressOf` gives
 * each the address that its container has.
 */
async function prepare(it, stage, addressOf) {
  const root = path.join(it.folder, "root");
  const inRoot = (file) => path.join(root, file);
  for (const folder of ["/etc", "/tmp", "/var/run"]) mkdirSync(inRoot(folder), { recursive: true });
  copyFileSync(it.program, inRoot("/traefik"));
  copyFileSync("/etc/resolv.conf", inRoot("/etc/resolv.conf"));
  const hosts = it.sites.map((site) => site.host);
  let certificate = it.tls === "files" ? writeCertificates(it, inRoot) : undefined;
  const isCertified = it.tls === "acme" && !it.isHostile;
  if (isCertified) {
    certificate = readFileSync(await startAuthority(it.folder, hosts));
    writeAt(inRoot(AUTHORITY), certificate);
  }
  copyFileSync("/etc/hosts", inRoot("/etc/hosts"));
  const options = it.place === "network" ? asContainer(it, inRoot) : asHost(it, inRoot);
  if (it.isHostile) tellRoutes(options, inRoot("/etc/traefik/traefik.yaml"));
  await startDocker(inRoot("/var/run/docker.sock"), containers(it, addressOf));
  return {
    isSecure: it.tls !== "off",
    certificate,
    start: async () => {
      await start(root, options, it, stage.ports);
      if (isCertified) await untilCertified(hosts, stage.ports.https, certificate);
    },
  };
}

/** As the generated service says: its command, its volumes. */
function asContainer(it, inRoot) {
  const service = ownService(it);
  for (const volume of service.volumes) {
    const [source, target] = volume.split(":");
    const file = it.files.find(({ name }) => source === `./${name}`);
    if (file) writeAt(inRoot(target), file.text);
    else if (!source.startsWith(".") && !source.startsWith("/")) mkdirSync(inRoot(target));
  }
  return (service.command ?? []).map(unescaped);
}

/** Has it tell of its routes on port 8080, however else it is told what to do. */
function tellRoutes(options, file) {
  if (existsSync(file)) appendFileSync(file, "api:\n  insecure: true\n");
  else options.push("--api.insecure=true");
}

/** As the steps say: the files in `/etc/traefik`. */
function asHost(it, inRoot) {
  for (const { name, text } of it.files) {
    if (!name.startsWith("compose.")) writeAt(inRoot(`/etc/traefik/${name}`), text);
  }
  return ["--configFile=/etc/traefik/traefik.yaml"];
}

/** The service that was generated: it comes after those of the project. */
function ownService({ services }) {
  return Object.values(services).findLast(({ image }) => /^traefik:/.test(image));
}

/** A folder per host, where the service's volume or the host itself has them. */
function writeCertificates(it, inRoot) {
  const hosts = it.sites.map((site) => site.host);
  const made = makeCertificate(it.folder, hosts);
  const mount = ownService(it)?.volumes.find((volume) => volume.startsWith("./certificates:"));
  const folder = it.place === "network" ? mount.split(":")[1] : "/etc/traefik/certificates";
  for (const host of hosts) {
    writeAt(inRoot(`${folder}/${host}/fullchain.pem`), made.certificate);
    writeAt(inRoot(`${folder}/${host}/privkey.pem`), made.key);
  }
  return made.certificate;
}

/** What Docker would tell of them. No port is exposed: the labels must say which. */
function containers({ services, isHostile }, addressOf) {
  return Object.entries(services).map(([name, service], index) => ({
    Id: String(index + 1).padStart(64, "0"),
    Name: `/project-${name}-1`,
    Image: service.image,
    Labels: {
      "com.docker.compose.project": "project",
      "com.docker.compose.service": name,
      ...labelsOf(service),
    },
    Networks: isHostile ? networksOf(service, addressOf(name)) : { [NETWORK]: { NetworkID: "1", IPAddress: addressOf(name) } },
  }));
}

/** By the names that they have in the file; whoever takes another one than the first finds nobody. */
function networksOf({ networks = [NETWORK] }, address) {
  return Object.fromEntries(networks.map((name, index) => [name, { NetworkID: name, IPAddress: index === 0 ? address : "192.0.2.1" }]));
}

function labelsOf(service) {
  const pairs = (service.labels ?? []).map((label) => {
    const [name, ...value] = label.split("=");
    return [name, unescaped(value.join("="))];
  });
  return Object.fromEntries(pairs);
}

/** Compose reads `$$` as `$`; a `$` alone would begin a variable, and nothing generated has one. */
function unescaped(text) {
  if (/(^|[^$])(\$\$)*\$([^$]|$)/.test(text)) throw new Error(`Compose would replace a variable in ${text}`);
  return text.replaceAll("$$", "$");
}

/** As much of Docker's API as Traefik asks for. */
async function startDocker(socket, containers) {
  const state = { Running: true, Status: "running" };
  const answers = {
    "/_ping": "OK",
    "/version": { Version: "28.0.0", ApiVersion: "1.48", MinAPIVersion: "1.24", Os: "linux", Arch: "amd64" },
    "/info": { Name: "test", ServerVersion: "28.0.0", Swarm: { LocalNodeState: "inactive" } },
    "/containers/json": containers.map(({ Id, Name, Image, Labels, Networks }) => ({
      ...{ Id, Names: [Name], Image, Labels, State: "running", Status: "Up", Ports: [] },
      ...{ HostConfig: { NetworkMode: NETWORK }, NetworkSettings: { Networks } },
    })),
  };
  for (const { Id, Name, Image, Labels, Networks } of containers) {
    answers[`/containers/${Id}/json`] = {
      ...{ Id, Name, State: state, Created: "2026-01-01T00:00:00Z", Config: { Labels, Image } },
      ...{ HostConfig: { NetworkMode: NETWORK }, NetworkSettings: { Networks, Ports: {} } },
    };
  }
  const server = createServer((request, response) => {
    const target = new URL(request.url, "http://docker").pathname.replace(/^\/v1\.\d+/, "");
    response.setHeader("api-version", "1.48");
    response.setHeader("content-type", "application/json");
    // Nothing ever happens, and Traefik waits for it.
    if (target === "/events") return response.flushHeaders();
    const answer = answers[target];
    response.statusCode = answer ? 200 : 404;
    response.end(JSON.stringify(answer ?? { message: `no ${target}` }));
  });
  server.listen(socket);
  await once(server, "listening");
}

/** The running server. What it says against the labels is asked for once the sites have been seen. */
async function start(root, options, it, ports) {
  const environment = { PATH: `${process.env.PATH}:/usr/sbin` };
  const { log } = await startServer("chroot", [root, "/traefik", ...options], ports.http, environment);
  const complaints = () =>
    log()
      .split("\n")
      .filter((line) => /(WRN|ERR|FTL)/.test(line))
      // Nobody in here tells of new versions.
      .filter((line) => !/version/.test(line))
      // And nobody certifies so many names.
      .filter((line) => !it.isHostile || !/acme/i.test(line));
  // It listens before it has read the labels.
  await pause(1_000);
  // Of hostile ones, its own account is waited for.
  const sites = it.isHostile ? [] : it.sites;
  for (const deadline = Date.now() + 15_000; Date.now() < deadline && complaints().length === 0; await pause(250)) {
    const known = await Promise.all(sites.map((site) => isKnown(site, it.tls !== "off", ports)));
    if (known.every(Boolean)) break;
  }
  if (complaints().length > 0) throw new Error(complaints().join("; "));
}

/** Whether it has an answer of its own for the site. */
function isKnown({ host, prefix = "" }, isSecure, ports) {
  const options = { host: "127.0.0.1", port: isSecure ? ports.https : ports.http, path: `${prefix}/`, headers: { host } };
  return new Promise((resolve) => {
    const outgoing = (isSecure ? https : http).get({ ...options, servername: host, rejectUnauthorized: false, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode !== 404);
    });
    outgoing.on("error", () => resolve(false));
  });
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** What its own interface tells: each host with where it leads, for whom. */
async function understood(_, sites) {
  let told;
  // It may not have read everything yet.
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await pause(200)) {
    const answer = await fetch("http://127.0.0.1:8080/api/rawdata");
    told = await answer.json();
    if (routersIn(told).length >= sites.length) break;
  }
  return routersIn(told).map(({ rule, status, service, middlewares = [], provider }) => {
    const inFull = (name) => (name.includes("@") ? name : `${name}@${provider}`);
    const passed = middlewares.map((name) => told.middlewares[inFull(name)]);
    const servers = told.services[inFull(service)].loadBalancer.servers;
    const host = /^Host\(`([^`]*)`\)( && !Path\(`\/metrics`\))?$/.exec(rule)?.[1] ?? rule;
    return {
      host: status === "enabled" ? host : `${host}, ${status}`,
      upstream: servers.map(({ url }) => url).join(" and "),
      users: passed.flatMap(({ basicAuth }) => basicAuth?.users ?? []),
      ranges: passed.flatMap(({ ipAllowList }) => ipAllowList?.sourceRange ?? []),
    };
  });
}

/** Those that are not its own. */
function routersIn({ routers = {} }) {
  const named = Object.entries(routers).map(([name, it]) => ({ ...it, provider: name.split("@").at(-1) }));
  return named.filter(({ provider }) => provider !== "internal");
}
