// Where a configuration is served: what it finds there, and how a test gets in.

import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";

/** What programs ask of `/etc`, whatever they do. */
const KEPT = ["/etc/group", "/etc/nsswitch.conf", "/etc/passwd", "/etc/nginx/mime.types", "/etc/services", "/etc/ssl/openssl.cnf"];

/** Ports 80 and 443, `/etc`, `/var` and Docker's name server, all for this process alone. Nothing is changed. */
export function ownNamespace() {
  execFileSync("ip", ["link", "set", "lo", "up"]);
  const kept = KEPT.filter((file) => existsSync(file)).map((file) => [file, readFileSync(file)]);
  for (const folder of ["/etc", "/var"]) execFileSync("mount", ["-t", "tmpfs", "tmpfs", folder]);
  for (const [file, text] of kept) writeAt(file, text);
  // As in a container: names come from Docker's name server, and only from there.
  writeAt("/etc/resolv.conf", "nameserver 127.0.0.11\n");
  writeAt("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n");
  return {
    isMoved: false,
    ports: { http: 80, https: 443 },
    portOf: (port) => port,
    nameServer: ["127.0.0.11", 53],
    pathOf: (file) => file,
    write(file, text) {
      if (!/^\/(etc|var)\//.test(file)) throw new Error(`the test has no ${file} of its own to write`);
      writeAt(file, text);
    },
    movedUpstreams: (text) => text,
  };
}

/** Free ports of this machine for the `wanted` ones, and every path moved below `folder`. */
export async function loopback({ folder, place, sites }, wanted) {
  const [http, https, names, ...own] = await freePorts(3 + wanted.length);
  const portOf = (port) => own[wanted.indexOf(port)];
  const pathOf = (file) => path.join(folder, file);
  const hosts = place === "host" ? ["localhost", "127.0.0.1"] : [...sites.map(({ service }) => service), "certbot"];
  return {
    isMoved: true,
    ports: { http, https },
    portOf,
    nameServer: ["127.0.0.1", names],
    pathOf,
    write: (file, text) => writeAt(pathOf(file), text),
    movedUpstreams(text) {
      const upstream = new RegExp(`\\b(${hosts.join("|").replaceAll(".", "\\.")}):(\\d+)\\b`, "g");
      return text.replace(upstream, (_, host, port) => `${host}:${portOf(Number(port)) ?? port}`);
    },
  };
}

/** One certificate for all of `hosts`, its own authority. */
export function makeCertificate(folder, hosts) {
  const [key, certificate] = ["key.pem", "certificate.pem"].map((name) => path.join(folder, name));
  execFileSync(
    "openssl",
    ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"].concat(
      ["-keyout", key, "-out", certificate, "-subj", "/CN=proxy test"],
      ["-addext", `subjectAltName=${hosts.map((host) => `DNS:${host}`).join()}`],
    ),
    { stdio: "pipe" },
  );
  return { key: readFileSync(key), certificate: readFileSync(certificate) };
}

export function writeAt(file, text) {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/**
 * What to put before a server that starts as root and becomes `user`: nothing, but in a namespace that knows nobody
 * else but root, where it must be that user from the start, and may have the ports that are root's.
 */
export function becoming(user) {
  if (!/^\s*0\s+\d+\s+1\s*$/.test(readFileSync("/proc/self/uid_map", "utf8"))) return [];
  const known = readFileSync("/etc/passwd", "utf8").split("\n").map((line) => line.split(":"));
  const [, , id, group] = known.find(([name]) => name === user);
  writeFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
  return ["unshare", `--map-user=${id}`, `--map-group=${group}`];
}

/** The running server, once it listens on `port`; throws its words if it ends instead. */
export async function startServer(program, options, port, env = process.env) {
  // Words go to a file that some servers open once more by its descriptor. It has no name, and goes with the process.
  const words = path.join(tmpdir(), `proxies-${process.pid}.log`);
  const descriptor = openSync(words, "a+");
  rmSync(words);
  const log = () => readFileSync(`/proc/self/fd/${descriptor}`, "utf8");
  // A group of its own: its children end with it.
  const server = spawn(program, options, { env, detached: true, stdio: ["ignore", descriptor, descriptor] });
  let failure = "";
  server.on("error", (error) => (failure = error.message));
  process.on("exit", () => {
    try {
      process.kill(-server.pid, "SIGKILL");
    } catch {
      // It has ended, or never began.
    }
  });
  const isOver = () => server.exitCode !== null || !server.pid;
  for (const deadline = Date.now() + 10_000; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    if (isOver()) throw new Error(`it stopped: ${failure}${log()}`);
    if (await listens(port)) break;
    if (Date.now() > deadline) throw new Error(`it does not listen on port ${port}: ${log()}`);
  }
  // Some listen first, and then see why they cannot go on.
  await new Promise((resolve) => setTimeout(resolve, 100));
  if (isOver()) throw new Error(`it stopped: ${log()}`);
  return { log, pid: server.pid };
}

/** `start`, whose server is known by its `pid`, and `restart`, which ends that one first. */
export function restarting(start) {
  let pid;
  const run = async () => ({ pid } = await start());
  return {
    start: run,
    async restart() {
      process.kill(-pid, "SIGKILL");
      await run();
    },
  };
}

function listens(port) {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.on("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}

/** All of them held until the last is known, so that they differ. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => net.createServer());
  const listening = servers.map(
    (server) => new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port))),
  );
  const ports = await Promise.all(listening);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
