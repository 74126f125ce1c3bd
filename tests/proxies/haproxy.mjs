// HAProxy with a generated configuration: its files in place, `haproxy -c`, and the server itself.

import { execFile } from "node:child_process";

import { startCertbot } from "./backend.mjs";
import { findProgram, toolFolder } from "./programs.mjs";
import { becoming, makeCertificate, startServer } from "./stage.mjs";

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
  prepare,
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
  const challenge = it.tls === "acme" ? await startCertbot(it, stage, addressOf) : undefined;
  stage.write(CONFIGURATION, movedPorts(stage.movedUpstreams(text), stage));
  return {
    isSecure: Boolean(certificate),
    certificate,
    challenge,
    start: () => start(it.program, ["-f", stage.pathOf(CONFIGURATION)], stage.ports.http),
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
  await startServer(command, rest, port);
}
