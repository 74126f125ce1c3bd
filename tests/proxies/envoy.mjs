// Envoy with a generated configuration: its files in place, `--mode validate`, and the server itself.

import { execFile } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import path from "node:path";

import { startCertbot } from "./backend.mjs";
import { findProgram } from "./programs.mjs";
import { makeCertificate, restarting, startServer } from "./stage.mjs";

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
  understood,
};

/** Puts everything in its place; `start` then has Envoy judge it and serve it. */
async function prepare(it, stage, addressOf) {
  const { text } = it.files.find(({ name }) => !name.startsWith("compose."));
  const certificate = writeCertificates(it, stage, text);
  const challenge = it.tls === "acme" && !it.isRenewal ? await startCertbot(it, stage, addressOf) : undefined;
  stage.write(CONFIGURATION, movedPorts(text, stage));
  const options = ["-c", stage.pathOf(CONFIGURATION), "--concurrency", "1", "--log-level", "warning", "--disable-hot-restart"];
  if (it.isHostile) options.push("--config-yaml", `admin: {address: {pipe: {path: ${toldAt(it)}}}}`);
  return { isSecure: Boolean(certificate), certificate, challenge, ...restarting(() => start(it.program, options, stage.ports.http)) };
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
  const { log, pid } = await startServer(program, options, port);
  if (/\]\[(warning|error|critical)\]/.test(log())) throw new Error(log());
  return { pid };
}

function toldAt({ folder }) {
  return path.join(folder, "envoy.sock");
}

/** What it says that its configuration is: each host with where it leads, for whom. */
async function understood(it) {
  const asked = http.get({ socketPath: toldAt(it), path: "/config_dump" });
  const [response] = await once(asked, "response");
  const parts = [];
  for await (const part of response) parts.push(part);
  const { configs } = JSON.parse(Buffer.concat(parts).toString());
  const of = (kind) => configs.find((it) => it["@type"].endsWith(`.${kind}ConfigDump`));
  const clusters = new Map(of("Clusters").static_clusters.map(({ cluster }) => [cluster.name, cluster]));
  const hosts = of("Routes").static_route_configs.flatMap(({ route_config }) => route_config.virtual_hosts);
  return hosts
    .filter(({ name }) => name !== "known")
    .map(({ domains, routes, typed_per_filter_config: filters = {} }) => {
      const [host, withPort, ...more] = domains;
      const whole = routes.findLast(({ match }) => match.prefix === "/");
      const cluster = clusters.get(whole?.route?.cluster);
      const policies = Object.values(filters["envoy.filters.http.rbac"]?.rbac.rules.policies ?? {});
      return {
        host: withPort === `${host}:*` && more.length === 0 ? host : domains.join(" and "),
        upstream: cluster ? placesOf(cluster).join(" and ") : "nowhere",
        users: [],
        ranges: policies.flatMap(({ principals }) => principals.map(rangeOf)),
      };
    });
}

function placesOf({ transport_socket, load_assignment }) {
  const endpoints = load_assignment.endpoints.flatMap(({ lb_endpoints }) => lb_endpoints);
  return endpoints.map(({ endpoint }) => {
    const { address, port_value } = endpoint.address.socket_address;
    return `${transport_socket ? "https" : "http"}://${address.includes(":") ? `[${address}]` : address}:${port_value}`;
  });
}

/** Zero is what is not said. */
function rangeOf({ direct_remote_ip: { address_prefix, prefix_len = 0 } }) {
  return `${address_prefix}/${prefix_len}`;
}
