// A certificate authority that plays Let's Encrypt, for servers that get their certificates by themselves.
//
// It is Caddy, which is one, too. It has a network of its own beside the server's, because both want port 443.

import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import path from "node:path";
import tls from "node:tls";

import { findProgram, toolFolder } from "./programs.mjs";
import { writeAt } from "./stage.mjs";

const NAME = "acme-v02.api.letsencrypt.org";
const [OURS, ITS] = ["198.51.100.1", "198.51.100.2"];
const PATIENCE = 30_000;

/** Let's Encrypt's own address leads to `/directory`; Caddy's is elsewhere. */
const CADDYFILE = `{
	admin off
	skip_install_trust
	auto_https disable_redirects
}
${NAME} {
	tls internal
	rewrite /directory /acme/local/directory
	acme_server
}
`;

/** Where the certificate lies that all others are known by. Whoever asks for `hosts` from now on finds us. */
export async function startAuthority(folder, hosts) {
  const { program } = findProgram("caddy", "version", toolFolder("caddy", "NEW_CADDY"));
  const home = path.join(folder, "authority");
  const file = path.join(home, "Caddyfile");
  writeAt(file, CADDYFILE);
  const commands = [
    "ip link set lo up",
    "until ip link show its; do sleep 0.05; done",
    `ip address add ${ITS}/30 dev its`,
    "ip link set its up",
    `exec ${program} run --config ${file} --adapter caddyfile`,
  ];
  const env = { PATH: process.env.PATH, HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home };
  const authority = spawn("unshare", ["--net", "sh", "-ec", commands.join("\n")], { env, detached: true, stdio: "ignore" });
  process.on("exit", () => process.kill(-authority.pid, "SIGKILL"));
  // Its network is there as soon as it is not ours.
  const networkOf = (pid) => execFileSync("readlink", [`/proc/${pid}/ns/net`], { encoding: "utf8" });
  await until(() => networkOf(authority.pid) !== networkOf(process.pid));
  const ip = (...words) => execFileSync("ip", words);
  ip("link", "add", "ours", "type", "veth", "peer", "name", "its", "netns", String(authority.pid));
  ip("address", "add", `${OURS}/30`, "dev", "ours");
  ip("link", "set", "ours", "up");
  appendFileSync("/etc/hosts", [`${ITS} ${NAME}`, ...hosts.map((host) => `${OURS} ${host}`), ""].join("\n"));
  const root = path.join(home, "caddy/pki/authorities/local/root.crt");
  await until(() => existsSync(root));
  await until(() => isKnown({ host: ITS, port: 443, servername: NAME, ca: readFileSync(root) }));
  return root;
}

/** Waits until each of `hosts` has a certificate that is known by `ca`. */
export async function untilCertified(hosts, port, ca) {
  for (const servername of hosts) await until(() => isKnown({ host: "127.0.0.1", port, servername, ca }));
}

function isKnown(options) {
  return new Promise((resolve) => {
    const socket = tls.connect(options);
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("secureConnect", () => end(true));
    socket.on("error", () => end(false));
  });
}

async function until(condition) {
  for (const deadline = Date.now() + PATIENCE; !(await condition()); ) {
    if (Date.now() > deadline) throw new Error(`no certificate in ${PATIENCE / 1000} s`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
