// Caddy with a generated Caddyfile: its files in place, `caddy fmt`, `caddy validate`, and the server itself.

import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";

import { startAuthority, untilCertified } from "./authority.mjs";
import { findProgram, toolFolder } from "./programs.mjs";
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
  prepare,
};

export const CADDY = {
  ...OLD_CADDY,
  id: "caddy",
  offers: [...OLD_CADDY.offers, "http3"],
  isOlderThanImage: false,
  find: () => findProgram("caddy", "version", toolFolder("caddy", "NEW_CADDY")),
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
  const root = it.tls === "acme" ? await startAuthority(it.folder, hosts) : undefined;
  if (root) certificates.push(readFileSync(root));
  return {
    isSecure: it.tls !== "off",
    certificate: certificates.length > 0 ? Buffer.concat(certificates) : undefined,
    start: async () => {
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
