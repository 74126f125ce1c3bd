// Envoy with a generated configuration: its files in place, `--mode validate`, and the server itself.

import { execFile } from "node:child_process";

import { startCertbot } from "./backend.mjs";
import { findProgram } from "./programs.mjs";
import { makeCertificate, startServer } from "./stage.mjs";

const CONFIGURATION = "/etc/envoy/envoy.yaml";
const PATHS = /\b(filename): (\/\S+)/g;

export const ENVOY = {
  id: "envoy",
  target: "envoy",
  // It cannot ask for passwords: what wants one is shut.
  offers: ["http2", "http3", "gzip", "ranges"],
  naive: [
    {
      place: "host",
      file: "naive-envoy.yaml",
      breaks: ["says truly who asked", "passes WebSockets", "keeps /metrics to itself", "unknown hosts are refused"],
      mayBreak: ["compresses a page for who asks"],
      tires: ["waits for an answer that takes its time", "keeps a WebSocket on which nothing is said"],
    },
  ],
  readsServices: false,
  find: () => findProgram("envoy", "--version"),
  // It asks the system's own name server, which is not ours there.
  runsOnLoopback: ({ place }) => place === "host",
  usesPublished: ({ place }) => place === "host",
  follows: ({ place }) => place === "network",
  prepare,
};

/** Puts everything in its place; `start` then has Envoy judge it and serve it. */
async function prepare(it, stage, addressOf) {
  const { text } = it.files.find(({ name }) => !name.startsWith("compose."));
  const certificate = writeCertificates(it, stage, text);
  const challenge = it.tls === "acme" ? await startCertbot(it, stage, addressOf) : undefined;
  stage.write(CONFIGURATION, movedPorts(text, stage));
  const options = ["-c", stage.pathOf(CONFIGURATION), "--concurrency", "1", "--log-level", "warning", "--disable-hot-restart"];
  return { isSecure: Boolean(certificate), certificate, challenge, start: () => start(it.program, options, stage.ports.http) };
}

function writeCertificates(it, stage, text) {
  const files = [...text.matchAll(PATHS)].map(([, , file]) => file);
  if (files.length === 0) return;
  const made = makeCertificate(it.folder, it.sites.map((site) => site.host));
  for (const file of files) stage.write(file, file.endsWith("/privkey.pem") ? made.key : made.certificate);
  return made.certificate;
}

/** Without namespaces, other ports, one address only, and other paths. */
function movedPorts(text, { isMoved, ports, portOf, pathOf }) {
  if (!isMoved) return text;
  const moved = { 80: ports.http, 443: ports.https };
  return text
    .replace(/address: "::"\n/g, 'address: "127.0.0.1"\n')
    .replace(/^\s*ipv4_compat: true\n/gm, "")
    .replace(/\bport_value: (\d+)/g, (_, port) => `port_value: ${moved[port] ?? portOf(Number(port))}`)
    .replace(PATHS, (_, directive, file) => `${directive}: ${pathOf(file)}`);
}

/** The running server, once it has nothing to say against the configuration. */
async function start(program, options, port) {
  const test = await new Promise((resolve) => {
    execFile(program, [...options, "--mode", "validate"], (error, text, words) => resolve({ error, words: text + words }));
  });
  if (test.error || /\]\[(warning|error|critical)\]/.test(test.words)) throw new Error(test.words);
  const { log } = await startServer(program, options, port);
  if (/\]\[(warning|error|critical)\]/.test(log())) throw new Error(log());
}
