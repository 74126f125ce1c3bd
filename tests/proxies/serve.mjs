// One configuration, really served and asked: reads a case from standard input, writes the outcomes as JSON.
//
// In a namespace of its own, nothing of the configuration is changed: its ports, paths and names are all there.
// On loopback, ports and paths are moved to where an ordinary user may have them.

import { execFile, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";

import { startBackend, startNameServer } from "./backend.mjs";
import { followsTo, refusesUnknownHosts, servesChallenge, siteChecks } from "./checks.mjs";

/** What programs ask of `/etc`, whatever they do. */
const KEPT = ["/etc/group", "/etc/nsswitch.conf", "/etc/passwd", "/etc/nginx/mime.types", "/etc/ssl/openssl.cnf"];

const PATHS = /\b(ssl_certificate|ssl_certificate_key|auth_basic_user_file|root|alias)\s+(\/[^\s;]+)/g;

const it = JSON.parse(readFileSync(0, "utf8"));
const outcomes = [];
try {
  await serve(it);
} catch (error) {
  outcomes.push({ name: "is served", failure: error.message });
}
process.stdout.write(JSON.stringify(outcomes), () => process.exit());

/** `it`: `{ mode, nginx, folder, place, files: [{ path, text }], sites }`. */
async function serve(it) {
  const stage = it.mode === "namespace" ? ownNamespace(it) : await loopback(it);
  const text = it.files.map((file) => file.text).join("\n");
  const named = [...text.matchAll(PATHS)].map(([, directive, path]) => ({ directive, path }));
  const door = { address: "127.0.0.1", ...stage.ports, certificate: writeCertificate(it, stage, named) };
  const challenge = writeChallenge(stage, named);

  const addresses = new Map();
  const backends = [];
  for (const site of it.sites) {
    const address = it.place === "host" ? "127.0.0.1" : addressOf(addresses, site.service);
    backends.push([site, await startBackend(site.name, address, stage.portOf(site))]);
  }
  if (it.place === "network") await startNameServer(addresses, ...stage.nameServer);

  const configuration = writeConfiguration(it, stage);
  const nginx = await check("nginx accepts it", () => startNginx(it, configuration, stage.ports.http));
  if (!nginx) return;
  for (const site of it.sites) {
    for (const [name, run] of Object.entries(siteChecks(site, door))) await check(`${site.host} ${name}`, run);
    if (challenge) {
      await check(`${site.host} answers the certificate authority`, () =>
        servesChallenge(door, site.host, challenge.token, challenge.content),
      );
    }
  }
  await check("unknown hosts are refused", () => refusesUnknownHosts(door));
  if (it.place === "network") {
    const [site] = it.sites;
    await check(`${site.host} follows its container to a new address`, async () => {
      for (const [other, backend] of backends) if (other.service === site.service) backend.stop();
      const address = "127.0.1.1";
      addresses.set(site.service, address);
      await startBackend(site.name, address, stage.portOf(site));
      await followsTo(address, site, door);
    });
  }
  nginx.kill("SIGKILL");
}

async function check(name, run) {
  try {
    const result = await run();
    outcomes.push({ name });
    return result ?? true;
  } catch (error) {
    outcomes.push({ name, failure: error.message });
  }
}

/** Ports 80 and 443, `/etc`, `/var` and Docker's name server, all for this process alone. */
function ownNamespace(it) {
  execFileSync("ip", ["link", "set", "lo", "up"]);
  const kept = KEPT.filter((file) => existsSync(file)).map((file) => [file, readFileSync(file)]);
  for (const folder of ["/etc", "/var"]) execFileSync("mount", ["-t", "tmpfs", "tmpfs", folder]);
  for (const [file, text] of kept) writeAt(file, text);
  // As in a container: names come from Docker's name server, and only from there.
  writeAt("/etc/resolv.conf", "nameserver 127.0.0.11\n");
  writeAt("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n");
  return {
    ports: { http: 80, https: 443 },
    portOf: (site) => (it.place === "host" ? site.published : site.port),
    nameServer: ["127.0.0.11", 53],
    write(file, text) {
      if (!/^\/(etc|var)\//.test(file)) throw new Error(`the test has no ${file} of its own to write`);
      writeAt(file, text);
    },
    adapt: (text) => text,
  };
}

/** Free ports of this machine, and everything else below the case's folder. */
async function loopback(it) {
  const [http, https, names, ...own] = await freePorts(3 + it.sites.length);
  const portOf = (site) => own[it.sites.indexOf(site)];
  return {
    ports: { http, https },
    portOf,
    nameServer: ["127.0.0.1", names],
    write: (file, text) => writeAt(path.join(it.folder, file), text),
    adapt(text) {
      for (const site of it.sites) {
        const [hosts, port] = it.place === "host" ? [["localhost", "127.0.0.1"], site.published] : [[site.service], site.port];
        for (const host of hosts) text = text.replaceAll(`${host}:${port};`, `${host}:${portOf(site)};`);
      }
      return text
        .replace(/^\s*listen\s+\[::\]:.*$/gm, "")
        .replace(/\blisten\s+80\b/g, `listen 127.0.0.1:${http}`)
        .replace(/\blisten\s+443\b/g, `listen 127.0.0.1:${https}`)
        .replace(/\bresolver\s+127\.0\.0\.11\b/g, `resolver 127.0.0.1:${names}`)
        .replace(PATHS, (_, directive, file) => `${directive} ${path.join(it.folder, file)}`);
    },
  };
}

/** One certificate for all hosts, wherever the configuration looks for one. */
function writeCertificate(it, stage, named) {
  const places = named.filter(({ directive }) => directive.startsWith("ssl_certificate"));
  if (places.length === 0) return;
  const [key, certificate] = ["key.pem", "certificate.pem"].map((name) => path.join(it.folder, name));
  const names = it.sites.map((site) => `DNS:${site.host}`).join();
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"].concat(
      ["-keyout", key, "-out", certificate, "-subj", "/CN=proxy test", "-addext", `subjectAltName=${names}`],
    ),
    { stdio: "pipe" },
  );
  for (const { directive, path } of places) {
    stage.write(path, readFileSync(directive === "ssl_certificate" ? certificate : key));
  }
  return readFileSync(certificate);
}

/** What certbot would leave for the certificate authority to find. */
function writeChallenge(stage, named) {
  const root = named.find(({ directive }) => directive === "root");
  if (!root) return;
  const challenge = { token: "a-token", content: "a-token.and-its-proof" };
  stage.write(`${root.path}/.well-known/acme-challenge/${challenge.token}`, challenge.content);
  return challenge;
}

/** The files where they belong, and around them what nginx's own packages have. */
function writeConfiguration(it, stage) {
  for (const file of it.files) stage.write(file.path, stage.adapt(file.text));
  const prefix = it.mode === "namespace" ? "" : it.folder;
  const includes = it.files.map((file) => `    include ${prefix}${file.path};`);
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `    ${kind}_temp_path ${it.folder}/${kind};`,
  );
  // Without `user`, a worker of root's would become somebody who may not see the folder.
  const user = process.getuid() === 0 ? ["user root;"] : [];
  const main = path.join(it.folder, "nginx.conf");
  const lines = [
    ...user,
    "worker_processes 1;",
    "daemon off;",
    "error_log stderr warn;",
    `pid ${it.folder}/nginx.pid;`,
    "events {}",
    "http {",
    "    access_log off;",
    "    default_type application/octet-stream;",
    ...temporary,
    ...includes,
    "}",
    "",
  ];
  writeAt(main, lines.join("\n"));
  return main;
}

/** The running server, once `nginx -t` has nothing to say against it and it listens. */
async function startNginx(it, configuration, port) {
  const options = ["-e", "stderr", "-p", it.folder, "-c", configuration];
  const test = await new Promise((resolve) => {
    execFile(it.nginx, [...options, "-t"], (error, _, words) => resolve({ error, words }));
  });
  const complaints = test.words.split("\n").filter((line) => /\[(warn|error|crit|alert|emerg)\]/.test(line));
  if (test.error || complaints.length > 0) throw new Error(complaints.join("; ") || test.words);
  const nginx = spawn(it.nginx, options, { stdio: ["ignore", "ignore", "pipe"] });
  process.on("exit", () => nginx.kill("SIGKILL"));
  let log = "";
  nginx.stderr.on("data", (data) => (log += data));
  for (const deadline = Date.now() + 10_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    if (nginx.exitCode !== null) throw new Error(`nginx stopped: ${log}`);
    if (await listens(port)) return nginx;
    if (Date.now() > deadline) throw new Error(`nginx does not listen on port ${port}: ${log}`);
  }
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("connect", () => resolve(true) ?? socket.destroy());
    socket.on("error", () => resolve(false));
  });
}

/** All of them held until the last is known, so that they differ. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => net.createServer());
  const ports = await Promise.all(
    servers.map((server) => new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)))),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

/** Every service has an address of its own, as in a network of Docker's. */
function addressOf(addresses, service) {
  if (!addresses.has(service)) addresses.set(service, `127.0.0.${addresses.size + 20}`);
  return addresses.get(service);
}

function writeAt(file, text) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
