// Caddy with a generated Caddyfile: its files in place, `caddy fmt`, `caddy validate`, and the server itself.

import { execFile } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";

import { startAuthority, untilCertified } from "./authority.mjs";
import { findProgram, output, toolFolder } from "./programs.mjs";
import { makeCertificate, startServer } from "./stage.mjs";

/** Debian's, which knows less. */
export const OLD_CADDY = {
  id: "caddy, old",
  target: "caddy",
  offers: ["http2", "gzip", "users", "ranges"],
  naive: [],
  readsServices: false,
  isOlderThanImage: true,
  find: () => findProgram("caddy", "version", "/usr/bin"),
  runsOnLoopback: ({ tls }) => tls === "off",
  usesPublished: ({ place }) => place === "host",
  follows: ({ place }) => place === "network",
  certifiesItself: true,
  prepare,
  understood,
};

export const CADDY = {
  ...OLD_CADDY,
  id: "caddy",
  offers: [...OLD_CADDY.offers, "http3"],
  isOlderThanImage: false,
  find: () => findProgram("caddy", "version", toolFolder("caddy", "NEW_CADDY")),
  readsMail,
};

const CADDYFILE = "/etc/caddy/Caddyfile";
/** Said of whatever is served in plain HTTP, and of a certificate that is its own authority. */
const HARMLESS = /listening only on the HTTP port|stapling OCSP/;
const CERTIFICATES = /^\s*tls (\/\S+) (\/\S+)$/gm;

async function prepare(it, stage) {
  const { text } = it.files.find(({ name }) => name === "Caddyfile");
  const places = [...text.matchAll(CERTIFICATES)];
  // One each: Caddy 2.6 does not give the same to two sites.
  const certificates = places.map(([, file, key]) => {
    const made = makeCertificate(it.folder, [path.basename(path.dirname(file))]);
    stage.write(file, made.certificate);
    stage.write(key, made.key);
    return made.certificate;
  });
  stage.write(CADDYFILE, movedPorts(stage.movedUpstreams(text), stage));
  const hosts = it.sites.map((site) => site.host);
  const root = it.tls === "acme" && !it.isHostile ? await startAuthority(it.folder, hosts) : undefined;
  if (root) certificates.push(readFileSync(root));
  return {
    isSecure: it.tls !== "off",
    certificate: certificates.length > 0 ? Buffer.concat(certificates) : undefined,
    start: async () => {
      // Who certifies nobody is not asked to start.
      if (it.tls === "acme" && !root) return;
      await start(it, stage, root ? { SSL_CERT_FILE: root } : {});
      if (root) await untilCertified(hosts, stage.ports.https, readFileSync(root));
    },
  };
}

/** Without namespaces, another port and one address only. */
function movedPorts(text, { isMoved, ports }) {
  if (!isMoved) return text;
  return `{\n\tadmin off\n\thttp_port ${ports.http}\n\tdefault_bind 127.0.0.1\n}\n\n${text}`;
}

async function start(it, stage, trusted) {
  const file = stage.pathOf(CADDYFILE);
  const home = { HOME: it.folder, XDG_DATA_HOME: it.folder, XDG_CONFIG_HOME: it.folder };
  const environment = { PATH: process.env.PATH, ...home, ...trusted };
  const options = ["--config", file, "--adapter", "caddyfile"];
  for (const words of [["fmt", "--diff", file], ["validate", ...options]]) {
    const said = await new Promise((resolve) => {
      execFile(it.program, words, { env: environment }, (error, out, log) => resolve({ error, words: out + log }));
    });
    const complaints = said.words.split("\n").filter((line) => /"level":"(warn|error|fatal)"/.test(line) && !HARMLESS.test(line));
    if (said.error || complaints.length > 0) throw new Error(complaints.join("; ") || said.words);
  }
  await startServer(it.program, ["run", ...options], stage.ports.http, environment);
}

/** What `caddy adapt` makes of it: each host with where it leads, for whom. */
async function understood(it) {
  const file = "/etc/caddy/Caddyfile";
  const text = await output([it.program, "adapt", "--config", file, "--adapter", "caddyfile"]);
  const servers = Object.values(JSON.parse(text).apps.http.servers);
  const routes = servers.flatMap(({ routes }) => routes.map((route) => ({ route, found: all(route) })));
  // What leads nowhere is an answer to whoever asks.
  const leading = routes.filter(({ found }) => found.some(({ handler }) => handler === "reverse_proxy"));
  return leading.map(({ route, found }) => {
    const [host, ...more] = (route.match ?? [{}]).flatMap(({ host }) => host ?? ["whatever"]);
    const proxies = found.filter(({ handler }) => handler === "reverse_proxy");
    const upstreams = proxies.flatMap(({ upstreams, transport }) => upstreams.map(({ dial }) => `${transport?.tls ? "https" : "http"}://${dial}`));
    const accounts = found.flatMap(({ providers }) => providers?.http_basic.accounts ?? []);
    const users = accounts.map(({ username, password }) => `${username}:${hashIn(password)}`);
    const ranges = found.flatMap(({ not }) => (not ?? []).flatMap(({ remote_ip }) => remote_ip?.ranges ?? []));
    return { host: [host, ...more].join(" and "), upstream: upstreams.join(" and "), users, ranges };
  });
}

/** Every object in a value. */
function all(value) {
  if (typeof value !== "object" || value === null) return [];
  return [...(Array.isArray(value) ? [] : [value]), ...Object.values(value).flatMap(all)];
}

/** Old ones write it in base64. */
function hashIn(password) {
  return password.startsWith("$") ? password : Buffer.from(password, "base64").toString();
}

/** What the running server makes of it. */
async function adapted(text) {
  const asked = http.request("http://localhost:2019/adapt", { method: "POST", headers: { "content-type": "text/caddyfile" } });
  asked.end(text);
  const [response] = await once(asked, "response");
  const parts = [];
  for await (const part of response) parts.push(part);
  return Buffer.concat(parts).toString();
}

/** Whether each of `mails` is read as the address that it is, in whatever stands around it. */
async function readsMail({ folder, program, mails }) {
  const env = { PATH: process.env.PATH, HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder };
  await startServer(program, ["run"], 2019, env);
  for (const { email, text } of mails) {
    const { result, error } = JSON.parse(await adapted(text));
    if (!result) throw new Error(`${email}: ${error}`);
    const got = all(result).flatMap((it) => ("email" in it ? [it.email] : []));
    if (got.length === 0 || got.some((it) => it !== email)) throw new Error(`${email} was read as ${got.join(" and ") || "nothing"}`);
    const hosts = all(result).flatMap((it) => (Array.isArray(it.host) ? it.host : []));
    if (hosts.some((it) => it !== "s0.zq.test")) throw new Error(`${email} brought the hosts ${hosts.join()}`);
  }
}
