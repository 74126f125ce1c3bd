// nginx with a generated configuration: its files in place, `nginx -t`, and the server itself.

import { execFile } from "node:child_process";
import path from "node:path";

import { findProgram, toolFolder } from "./programs.mjs";
import { makeCertificate, startServer, writeAt } from "./stage.mjs";

/** Debian's. */
export const NGINX = {
  id: "nginx",
  target: "nginx",
  offers: ["http2", "gzip", "users", "ranges"],
  naive: [
    {
      place: "host",
      file: "naive.conf",
      breaks: [
        "says truly who asked",
        "passes WebSockets",
        "takes large uploads",
        "keeps /metrics to itself",
        "unknown hosts are refused",
      ],
      // Only before nginx 1.29.7.
      mayBreak: ["passes on what comes bit by bit"],
      tires: ["waits for an answer that takes its time", "keeps a WebSocket on which nothing is said"],
    },
  ],
  readsServices: false,
  isOlderThanImage: true,
  find: () => findProgram("nginx", "-v"),
  runsOnLoopback: () => true,
  usesPublished: ({ place }) => place === "host",
  follows: ({ place }) => place === "network",
  prepare,
};

/** Debian 11's: the oldest that is offered, and what is written where nobody says which. */
export const OLD_NGINX = {
  ...NGINX,
  id: "nginx, old",
  find: () => findProgram("nginx", "-v", toolFolder("nginx", "OLD_NGINX")),
};

/** The newest, which follows names by itself. What guides recommend breaks alike, but for streams. */
export const NEW_NGINX = {
  ...NGINX,
  id: "nginx, new",
  isOlderThanImage: false,
  find: () => findProgram("nginx", "-v", toolFolder("nginx", "NEW_NGINX")),
};

/** Debian 13's, which speaks HTTP/3. */
export const QUIC_NGINX = {
  ...NGINX,
  id: "nginx, HTTP/3",
  offers: [...NGINX.offers, "http3"],
  isForHttp3: true,
  find: () => findProgram("nginx", "-v", toolFolder("nginx", "QUIC_NGINX")),
};

const PATHS = /\b(ssl_certificate|ssl_certificate_key|root|auth_basic_user_file)\s+(\/[^\s;]+)/g;

/** Puts everything in its place; `start` then has nginx judge it and serve it. */
function prepare(it, stage) {
  const files = it.files
    .filter((file) => file.name.endsWith(".conf"))
    .map((file) => ({ path: `/etc/nginx/conf.d/${file.name}`, text: file.text }));
  const named = files.flatMap(({ text }) => [...text.matchAll(PATHS)]).map(([, directive, file]) => ({ directive, file }));
  const certificate = writeCertificate(it, stage, named);
  const challenge = writeChallenge(stage, named);
  for (const { name, text } of it.files) {
    if (name.endsWith(".htpasswd")) stage.write(`/etc/nginx/${name}`, text);
  }
  for (const file of files) {
    const move = (_, directive, place) => `${directive} ${stage.pathOf(place)}`;
    stage.write(file.path, movedPorts(stage.movedUpstreams(file.text), stage).replace(PATHS, move));
  }
  // Where Debian 11's begins to write before it has read its configuration.
  if (!stage.isMoved) writeAt("/var/log/nginx/error.log", "");
  const main = path.join(it.folder, "nginx.conf");
  writeAt(main, mainConfiguration(it, files.map((file) => stage.pathOf(file.path))));
  const signal = { name: "HUP", pid: `${it.folder}/nginx.pid` };
  return { isSecure: Boolean(certificate), certificate, challenge, signal, start: () => start(it, main, stage.ports.http) };
}

/** Without namespaces, other ports and one address only. */
function movedPorts(text, { isMoved, ports, nameServer }) {
  if (!isMoved) return text;
  return text
    .replace(/^\s*listen\s+\[::\]:.*$/gm, "")
    .replace(/\blisten\s+80\b/g, `listen 127.0.0.1:${ports.http}`)
    .replace(/\blisten\s+443\b/g, `listen 127.0.0.1:${ports.https}`)
    .replace(/\bresolver\s+127\.0\.0\.11\b/g, `resolver ${nameServer.join(":")}`);
}

/** Wherever the configuration looks for one. */
function writeCertificate(it, stage, named) {
  const places = named.filter(({ directive }) => directive.startsWith("ssl_certificate"));
  if (places.length === 0) return;
  const made = makeCertificate(it.folder, it.sites.map((site) => site.host));
  for (const { directive, file } of places) {
    stage.write(file, directive === "ssl_certificate" ? made.certificate : made.key);
  }
  return made.certificate;
}

/** What certbot would leave for the certificate authority to find. */
function writeChallenge(stage, named) {
  const root = named.find(({ directive }) => directive === "root");
  if (!root) return;
  const challenge = { token: "a-token", content: "a-token.and-its-proof" };
  stage.write(`${root.file}/.well-known/acme-challenge/${challenge.token}`, challenge.content);
  return challenge;
}

/** What Debian's package and nginx's own have around the files of `conf.d`. */
function mainConfiguration(it, includes) {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return [
    // Without `user`, a worker of root's would become somebody who may not see the folder.
    ...(process.getuid() === 0 ? ["user root;"] : []),
    "worker_processes 1;",
    "daemon off;",
    "error_log stderr warn;",
    `pid ${it.folder}/nginx.pid;`,
    "events {}",
    "http {",
    "    access_log off;",
    "    default_type application/octet-stream;",
    "    ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;",
    "    ssl_prefer_server_ciphers on;",
    "    gzip on;",
    ...temporary.map((kind) => `    ${kind}_temp_path ${it.folder}/${kind};`),
    ...includes.map((file) => `    include ${file};`),
    "}",
    "",
  ].join("\n");
}

/** The running server, once `nginx -t` has nothing to say against it. */
async function start(it, main, port) {
  // `-e` is of 1.19.5.
  const options = it.version.startsWith("1.18.") ? ["-p", it.folder, "-c", main] : ["-e", "stderr", "-p", it.folder, "-c", main];
  const test = await new Promise((resolve) => {
    execFile(it.program, [...options, "-t"], (error, _, words) => resolve({ error, words }));
  });
  const complaints = test.words.split("\n").filter((line) => /\[(warn|error|crit|alert|emerg)\]/.test(line));
  if (test.error || complaints.length > 0) throw new Error(complaints.join("; ") || test.words);
  await startServer(it.program, options, port);
}
