// HAProxy with a generated configuration: its files in place, `haproxy -c`, and the server itself.

import { execFile } from "node:child_process";
import net from "node:net";
import path from "node:path";

import { startCertbot } from "./backend.mjs";
import { findProgram, toolFolder } from "./programs.mjs";
import { becoming, makeCertificate, restarting, startServer, writeAt } from "./stage.mjs";

const CONFIGURATION = "/etc/haproxy/haproxy.cfg";
const PATHS = /\b(crt) (\/\S+)/g;

export const HAPROXY = {
  id: "haproxy",
  target: "haproxy",
  offers: ["http2", "gzip", "users", "ranges"],
  naive: [
    {
      place: "host",
      file: "naive.cfg",
      breaks: ["says truly who asked", "keeps /metrics to itself", "unknown hosts are refused"],
      mayBreak: ["compresses a page for who asks"],
      tires: ["waits for an answer that takes its time", "keeps a WebSocket on which nothing is said"],
    },
  ],
  readsServices: false,
  find: () => findProgram("haproxy", "-v"),
  runsOnLoopback: () => true,
  usesPublished: ({ place }) => place === "host",
  follows: ({ place }) => place === "network",
  // It asks for a service of that kind, as RFC 2782 has it, and not for an address.
  losesService: (name) => name.startsWith("_"),
  prepare,
  understood,
};

/** A newer Debian's, which speaks HTTP/3. */
export const QUIC_HAPROXY = {
  ...HAPROXY,
  id: "haproxy, HTTP/3",
  offers: [...HAPROXY.offers, "http3"],
  isForHttp3: true,
  find: () => findProgram("haproxy", "-v", toolFolder("haproxy", "QUIC_HAPROXY")),
};

/** Puts everything in its place; `start` then has HAProxy judge it and serve it. */
async function prepare(it, stage, addressOf) {
  const { text } = it.files.find(({ name }) => name.endsWith(".cfg"));
  const certificate = writeCertificate(it, stage, text);
  const challenge = it.tls === "acme" && !it.isRenewal ? await startCertbot(it, stage, addressOf) : undefined;
  stage.write(CONFIGURATION, movedPorts(stage.movedUpstreams(text), stage));
  const options = ["-f", stage.pathOf(CONFIGURATION)];
  if (it.isHostile) options.push("-f", tellState(it));
  return {
    isSecure: Boolean(certificate),
    certificate,
    challenge,
    ...restarting(() => start(it.program, options, stage.ports.http)),
  };
}

/** As the steps say: a folder of certificates with their keys beside them, or certbot's file and a link to its key. */
function writeCertificate(it, stage, text) {
  const [named] = text.matchAll(PATHS);
  if (!named) return;
  const hosts = it.sites.map((site) => site.host);
  const made = makeCertificate(it.folder, hosts);
  const place = named[2];
  const files = place.endsWith(".pem") ? [place] : hosts.map((host) => `${place}/${host}.pem`);
  for (const file of files) {
    stage.write(file, made.certificate);
    stage.write(`${file}.key`, made.key);
  }
  return made.certificate;
}

/** Without namespaces, other ports, one address only, no user to become, and a name server of its own. */
function movedPorts(text, { isMoved, ports, nameServer, pathOf }) {
  if (!isMoved) return text;
  return text
    .replace(/^\s*bind (:::|quic6@).*$/gm, "")
    .replace(/^\s*((user|group) haproxy|setcap \w+)$/gm, "")
    .replace(/\bbind :80\b/g, `bind 127.0.0.1:${ports.http}`)
    .replace(/\bbind (quic4@|):443\b/g, (_, kind) => `bind ${kind}127.0.0.1:${ports.https}`)
    .replace(/\b127\.0\.0\.11:53\b/g, nameServer.join(":"))
    .replaceAll("init-addr last,libc,none", "init-addr none")
    .replace(PATHS, (_, word, file) => `${word} ${pathOf(file)}`);
}

/** The running server, once `haproxy -c` has nothing to say against the configuration. */
async function start(program, options, port) {
  const test = await new Promise((resolve) => {
    execFile(program, [...options, "-c"], (error, text, words) => resolve({ error, words: words + text }));
  });
  if (test.error || /WARNING|ALERT/.test(test.words)) throw new Error(test.words);
  const [command, ...rest] = [...becoming("haproxy"), program, ...options];
  return startServer(command, rest, port);
}

function toldAt({ folder }) {
  return path.join(folder, "haproxy.sock");
}

/** A second file, beside the generated one: where it tells of what it does. */
function tellState(it) {
  const file = path.join(it.folder, "told.cfg");
  writeAt(file, `global\n    stats socket ${toldAt(it)} level admin\n`);
  return file;
}

/** The hosts that its conditions ask for, and the places that its servers have. It does not tell which has which. */
async function understood(it, sites) {
  const conditions = (await tell(it, "show acl")).matchAll(/^(\d+) \(.*\) acl '([^']*)'/gm);
  const hosts = new Set();
  for (const [, number, fetched] of conditions) {
    if (!fetched.startsWith("req.hdr") && !fetched.startsWith("hdr")) continue;
    for (const line of (await tell(it, `show acl #${number}`)).split("\n")) {
      const [, host] = line.split(" ");
      if (host) hosts.add(host);
    }
  }
  if (hosts.size === 0) throw new Error(await tell(it, "show acl"));
  const state = (await tell(it, "show servers state")).split("\n").filter((line) => /^\d+ site-/.test(line));
  if (state.length !== sites.length) throw new Error(`it has ${state.length} backends, not ${sites.length}`);
  return [...hosts].map((host) => ({ host }));
}

function tell(it, question) {
  return new Promise((resolve, reject) => {
    const socket = net.connect(toldAt(it));
    let text = "";
    socket.on("data", (data) => (text += data));
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
    socket.end(`${question}\n`);
  });
}
