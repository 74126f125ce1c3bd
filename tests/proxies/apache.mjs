// Apache with a generated configuration: its files in place, the modules it names, `apache2 -t`, and the server itself.

import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, symlinkSync } from "node:fs";
import net from "node:net";
import path from "node:path";

import { findProgram, output } from "./programs.mjs";
import { becoming, makeCertificate, startServer } from "./stage.mjs";

const MODULES = "/usr/lib/apache2/modules";
const PATHS = /\b(SSLCertificateFile|SSLCertificateKeyFile|AuthUserFile|Alias \S+|Directory) (\/[^\s>]+)/g;

/** What Debian's package enables, and `a2enmod` enables along with others. */
const BASE =
  "mpm_event access_compat alias auth_basic authn_core authn_file authz_core authz_host authz_user autoindex deflate dir env filter mime negotiation reqtimeout setenvif status";
const ALONG = { ssl: ["socache_shmcb"] };

/** The machine's OpenSSL is another; the test's certificate is its own authority; no certificate is for unknown names. */
const HARMLESS = ["AH01882", "AH01906", "AH01909"];

export const APACHE = {
  id: "apache",
  target: "apache",
  offers: ["http2", "gzip", "users", "ranges"],
  naive: [
    {
      place: "host",
      file: "naive-apache.conf",
      breaks: [
        "reaches its service",
        "keeps the host name",
        "says truly who asked",
        "passes WebSockets",
        "keeps /metrics to itself",
        "unknown hosts are refused",
      ],
      mayBreak: ["compresses a page for who asks"],
    },
  ],
  readsServices: false,
  find: () => findProgram("apache2", "-v"),
  // It asks the system's own name server, which is not ours there.
  runsOnLoopback: ({ place }) => place === "host",
  usesPublished: ({ place }) => place === "host",
  follows: ({ place }) => place === "network",
  // By its own strictness: what ends like a number is an address.
  deniesHost: (host) => /(\.\d[^.]*|^\d+)$/.test(host) && !net.isIP(host),
  prepare,
  understood,
};

/** Puts everything in its place; `start` then has Apache judge it and serve it. */
function prepare(it, stage) {
  const { name, text } = it.files.find(({ name }) => name.endsWith(".conf"));
  const named = [...text.matchAll(PATHS)].map(([, directive, file]) => ({ directive, file }));
  const certificate = writeCertificates(it, stage, named);
  const challenge = writeChallenge(stage, named);
  for (const file of it.files.filter(({ name }) => name.endsWith(".htpasswd"))) stage.write(`/etc/apache2/${file.name}`, file.text);
  const site = `/etc/apache2/sites-enabled/${name}`;
  stage.write(site, movedPorts(stage.movedUpstreams(text), stage));
  const root = stage.pathOf("/etc/apache2");
  let main = stage.pathOf(site);
  if (it.place === "host") {
    main = path.join(root, "apache2.conf");
    stage.write("/etc/apache2/apache2.conf", mainConfiguration(text, stage, [main, stage.pathOf(site)]));
  } else {
    // The image has its modules below its own root.
    symlinkSync(MODULES, path.join(root, "modules"));
  }
  mkdirSync(path.join(root, "run"));
  // It reads passwords and files as somebody else.
  chmodSync(it.folder, 0o755);
  const own = ["-c", `PidFile ${root}/run/pid`, "-c", `DefaultRuntimeDir ${root}/run`];
  const options = ["-d", root, "-f", main, ...own];
  it.options = options;
  const signal = { name: "USR1", pid: `${root}/run/pid` };
  return { isSecure: Boolean(certificate), certificate, challenge, signal, start: () => start(it.program, options, stage.ports.http) };
}

function writeCertificates(it, stage, named) {
  const places = named.filter(({ directive }) => directive.startsWith("SSLCertificate"));
  if (places.length === 0) return;
  const made = makeCertificate(it.folder, it.sites.map((site) => site.host));
  for (const { directive, file } of places) stage.write(file, directive === "SSLCertificateFile" ? made.certificate : made.key);
  return made.certificate;
}

/** What certbot would leave for the certificate authority to find. */
function writeChallenge(stage, named) {
  const alias = named.find(({ directive }) => directive.startsWith("Alias"));
  if (!alias) return;
  const challenge = { token: "a-token", content: "a-token.and-its-proof" };
  stage.write(`${alias.file}${challenge.token}`, challenge.content);
  return challenge;
}

/** What Debian has around a site: its own modules, those that the first line asks for, and ports. */
function mainConfiguration(text, { isMoved, ports }, [, site]) {
  const asked = /^# a2enmod: (.*)$/m.exec(text)[1].split(" ");
  const modules = [...new Set([...BASE.split(" "), ...asked.flatMap((name) => [...(ALONG[name] ?? []), name])])];
  const listen = isMoved ? "127.0.0.1:" : "";
  return [
    "ServerName localhost",
    ...(process.getuid() === 0 ? ["User www-data", "Group www-data"] : []),
    "ErrorLog /dev/stderr",
    ...modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`),
    "TypesConfig /dev/null",
    `Listen ${listen}${ports.http}`,
    ...(asked.includes("ssl") ? [`Listen ${listen}${ports.https}`, "SSLSessionCache shmcb:cache(512000)"] : []),
    "<Directory />",
    "    AllowOverride None",
    "    Require all denied",
    "</Directory>",
    `Include ${site}`,
    "",
  ].join("\n");
}

/** Without namespaces, other ports and paths. */
function movedPorts(text, { isMoved, ports, pathOf }) {
  if (!isMoved) return text;
  return text
    .replace(/<VirtualHost \*:80>/g, `<VirtualHost *:${ports.http}>`)
    .replace(/<VirtualHost \*:443>/g, `<VirtualHost *:${ports.https}>`)
    .replace(PATHS, (_, directive, file) => `${directive} ${pathOf(file)}`);
}

/** The running server, once `apache2 -t` has nothing to say against the configuration. */
async function start(program, options, port) {
  const test = await new Promise((resolve) => {
    execFile(program, [...options, "-t"], (error, text, words) => resolve({ error, words: text + words }));
  });
  if (test.error || test.words.trim() !== "Syntax OK") throw new Error(test.words);
  const [command, ...rest] = [...becoming("www-data"), program, ...options, "-D", "FOREGROUND"];
  const { log } = await startServer(command, rest, port);
  const complaints = log()
    .split("\n")
    .filter((line) => /:(warn|error|crit|alert|emerg)\]/.test(line))
    .filter((line) => !HARMLESS.some((code) => line.includes(code)));
  if (complaints.length > 0) throw new Error(complaints.join("; "));
}

/** What `-D DUMP_VHOSTS` tells: the names, and not where they lead. */
async function understood(it) {
  const text = await output([it.program, ...it.options, "-D", "DUMP_VHOSTS"]);
  const names = [...text.matchAll(/(?:\bnamevhost|\balias|\bwild alias) (\S+)/g)].map(([, name]) => name);
  return [...new Set(names)].filter((name) => name !== "unknown.invalid").map((host) => ({ host }));
}
