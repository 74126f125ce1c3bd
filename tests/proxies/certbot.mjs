// Certificates as the steps say, from an authority that plays Let's Encrypt: issued, set up for renewal, and renewed by
// certbot itself, which starts in `/` as its timer and cron do. The proxy must serve each new certificate.

import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import tls from "node:tls";

import { startAuthority, untilCertified } from "./authority.mjs";
import { siteChecks } from "./checks.mjs";
import { findProgram, toolFolder } from "./programs.mjs";

/** Debian 12's certbot, and Ubuntu 22.04's. */
export const CERTBOTS = {
  debian: () => findProgram("certbot", "--version", "/usr/bin"),
  old: () => findProgram("certbot", "--version", toolFolder("certbot", "OLD_CERTBOT")),
};

/** Long enough for a command, in milliseconds. */
const PATIENCE = 180_000;

/** `it` is a case with `steps`, as they are printed, `project`, the folder of its Compose file, and `certbot`. */
export async function judgeRenewal(it, proxy, check) {
  const hosts = [...new Set(it.sites.map(({ host }) => host))];
  const root = await startAuthority(it.folder, hosts);
  const ca = readFileSync(root);
  const door = { address: "127.0.0.1", http: 80, https: 443, isSecure: true, certificate: ca, offers: it.offers };
  const bin = path.join(it.folder, "bin");
  const told = path.join(it.folder, "told");
  mkdirSync(bin);
  // What the test put there for a server that is judged alone.
  for (const folder of ["/etc/letsencrypt", "/var/www"]) rmSync(folder, { recursive: true, force: true });
  symlinkSync(it.certbot.program, path.join(bin, "certbot"));
  const signal = proxy.signal ? `kill -s ${proxy.signal.name} "$(cat ${proxy.signal.pid})"` : "true";
  program(bin, "systemctl", [`echo "$PWD: systemctl $*" >>${told}`, signal]);
  program(bin, "docker", [
    // Where a file is not, Compose ends, and so does this.
    `previous=; for word; do if [ "$previous" = -f ] && ! [ -f "$word" ]; then echo "$PWD has no $word" >&2; exit 1; fi; previous=$word; done`,
    `echo "$PWD: docker $*" >>${told}`,
    'case "$*" in *" run "*" certbot "*)',
    '    while [ "$1" != certbot ]; do shift; done',
    "    shift",
    '    if [ "$1" = renew ]; then set -- "$@" --force-renewal --no-random-sleep-on-renew; fi',
    '    exec certbot "$@";;',
    "esac",
    signal,
  ]);
  const env = { PATH: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin`, HOME: it.folder, REQUESTS_CA_BUNDLE: root, SSL_CERT_FILE: root };
  /** In `/`, where cron and systemd start what they start. */
  const run = (command) => {
    const { status, stdout, stderr } = spawnSync("sh", ["-c", command], { cwd: "/", env, encoding: "utf8", timeout: PATIENCE });
    if (status !== 0) throw new Error(`${command} ended with ${status}: ${stdout}${stderr}${logOf()}`);
  };
  const commands = it.steps.flatMap((step) => [...step.matchAll(/`([^`]+)`/g)].map(([, command]) => command));
  const wanted = commands.filter((it) => /\bcertbot\b.* certonly |^certbot |\binstall -m |^ln -s /.test(it));
  const starts = wanted.findIndex((it) => it.includes(" certonly "));
  const [before, after] = [wanted.slice(0, starts + 1), wanted.slice(starts + 1)];
  while (after[0]?.startsWith("ln ")) before.push(after.shift());
  // Cron's folder is there on every machine that has cron.
  mkdirSync("/etc/cron.weekly", { recursive: true });
  const served = () => serial({ host: "127.0.0.1", port: 443, servername: hosts[0], ca });
  const reloads = () => (existsSync(told) ? readFileSync(told, "utf8").split("\n").filter(Boolean) : []);
  /** Runs `work`, after which another certificate must be served, and the proxy told of it from the right folder. */
  const renews = async (work) => {
    const [last, count] = [await served(), reloads().length];
    await work();
    const said = reloads().slice(count);
    const is = it.place === "host" ? (it) => it.includes("systemctl re") : (line) => line.startsWith(`${it.project}: docker compose -f docker-compose.yml -f docker-compose.override.yml -f compose.`);
    if (!said.some(is)) throw new Error(`nothing told the proxy, but: ${said.join("; ")}`);
    if (!proxy.signal) await proxy.restart();
    await untilOther(served, last);
  };
  if (!(await check("the first certificate is issued", () => before.forEach(run)))) return;
  if (!(await check("the server accepts it", proxy.start))) return;
  await check("the certificate is served", () => untilCertified(hosts, 443, ca));
  for (const site of it.sites) await check(`${site.host} reaches its service`, siteChecks(site, door)["reaches its service"]);
  const weekly = "/etc/cron.weekly/compose-playground";
  const isWeekly = after.some((it) => it.includes(weekly));
  if (isWeekly) {
    await check("the script is installed", () => after.forEach(run));
  } else {
    await check("renewals are set up", () => renews(() => after.forEach(run)));
  }
  const renewal = isWeekly ? weekly : "certbot renew --force-renewal --no-random-sleep-on-renew";
  await check("the certificate is renewed", () => renews(() => run(renewal)));
  await check("and once more", () => renews(() => run(renewal)));
}

function program(folder, name, lines) {
  const file = path.join(folder, name);
  writeFileSync(file, `#!/bin/sh\nset -eu\n${lines.join("\n")}\n`);
  chmodSync(file, 0o755);
}

function logOf() {
  const log = "/var/log/letsencrypt/letsencrypt.log";
  return existsSync(log) ? readFileSync(log, "utf8").split("\n").slice(-12).join("\n") : "";
}

function serial(options) {
  return new Promise((resolve, reject) => {
    const socket = tls.connect(options, () => {
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      resolve(serialNumber);
    });
    socket.on("error", reject);
  });
}

async function untilOther(served, last) {
  for (const deadline = Date.now() + 10_000; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const now = await served().catch(() => last);
    if (now !== last) return;
    if (Date.now() > deadline) throw new Error("the old certificate is still served");
  }
}
