// Images of proxies and of what is behind them, made from programs of this machine and from the folder of tools.
//
// Each starts its program as the official image of that name does: the same paths, user, and command.

import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createConnection } from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { APACHE } from "../proxies/apache.mjs";
import { CADDY } from "../proxies/caddy.mjs";
import { ENVOY } from "../proxies/envoy.mjs";
import { QUIC_HAPROXY } from "../proxies/haproxy.mjs";
import { NEW_NGINX } from "../proxies/nginx.mjs";
import { TRAEFIK } from "../proxies/traefik.mjs";
import { Skip, must, run } from "./daemon.mjs";
import { imageOf, loadImages } from "./images.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));

/** Users that the programs become. */
const PASSWD = "root:x:0:0::/:/bin/sh\nwww-data:x:33:33::/:/bin/sh\nnginx:x:101:101::/:/bin/sh\nhaproxy:x:99:99::/:/bin/sh\n";
const GROUP = "root:x:0:\nwww-data:x:33:\nnginx:x:101:\nhaproxy:x:99:\n";

/** nginxinc/docker-nginx has Debian's `nginx.conf` of nginx.org. */
const NGINX_CONF = `user nginx;
worker_processes auto;
error_log /dev/stderr notice;
pid /run/nginx.pid;
events {
    worker_connections 1024;
}
http {
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    access_log off;
    sendfile on;
    keepalive_timeout 65;
    include /etc/nginx/conf.d/*.conf;
}
`;

/** By the name that Compose files have for the image: what is in it, and how it starts. */
const PROXIES = {
  nginx: {
    server: NEW_NGINX,
    files: (program) => ({ "usr/sbin/nginx": program, "etc/nginx/mime.types": "/etc/nginx/mime.types" }),
    texts: { "etc/nginx/nginx.conf": NGINX_CONF },
    instructions: [`CMD ["nginx", "-p", "/etc/nginx/", "-c", "/etc/nginx/nginx.conf", "-g", "daemon off;"]`],
  },
  caddy: {
    server: CADDY,
    files: (program) => ({ "usr/bin/caddy": program }),
    instructions: [
      "ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data",
      `CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]`,
    ],
  },
  haproxy: {
    server: QUIC_HAPROXY,
    files(program) {
      const root = path.join(path.dirname(program), "../usr");
      return {
        "usr/local/sbin/haproxy": `${root}/sbin/haproxy`,
        "usr/lib/x86_64-linux-gnu": `${root}/lib/x86_64-linux-gnu`,
        "lib64/ld-linux-x86-64.so.2": `${root}/lib64/ld-linux-x86-64.so.2`,
      };
    },
    instructions: ["USER haproxy", `CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]`],
  },
  httpd: {
    server: APACHE,
    files: (program) => ({ "usr/local/apache2/bin/httpd": program, "usr/local/apache2/modules": "/usr/lib/apache2/modules" }),
    folders: ["usr/local/apache2/logs"],
    // Debian's program has other paths built in than the image's own.
    instructions: [
      "WORKDIR /usr/local/apache2",
      `CMD ["/usr/local/apache2/bin/httpd", "-d", "/usr/local/apache2", "-f", "conf/httpd.conf", "-c", "PidFile logs/httpd.pid", "-c", "DefaultRuntimeDir logs", "-D", "FOREGROUND"]`,
    ],
  },
  traefik: {
    server: TRAEFIK,
    files: (program) => ({ "usr/local/bin/traefik": program }),
    instructions: [`ENTRYPOINT ["traefik"]`],
  },
  "envoyproxy/envoy": {
    server: ENVOY,
    files: (program) => ({ "usr/local/bin/envoy": wheelProgram(program) }),
    instructions: [`ENTRYPOINT ["envoy"]`, `CMD ["-c", "/etc/envoy/envoy.yaml"]`],
  },
};

/** What runs behind the proxies, by the name of its image: the ports that it listens on. */
const UPSTREAMS = {
  "ghcr.io/example/shop": [3000],
  "ghcr.io/example/api": [4000],
  "valkey/valkey": [6379],
  "ghcr.io/get-convex/convex-backend": [3210, 3211],
  "ghcr.io/get-convex/convex-dashboard": [6791],
};

/** The version of the program that plays a published image. */
export function versionOf(image) {
  return PROXIES[repositoryOf(image)]?.server.find().version;
}

/** Databases are what their names say. */
const DATABASES = { postgres: "postgres" };

/** Gives the daemon each of `images` by its name. */
export async function pretend(daemon, images) {
  for (const image of images) {
    const name = repositoryOf(image);
    const local = daemon.image(`local/${name.split("/").at(-1)}`);
    if (DATABASES[name]) {
      await loadImages(daemon, { [DATABASES[name]]: [image] });
      continue;
    }
    if (!PROXIES[name] && !UPSTREAMS[name]) throw new Error(`the tests have no image for ${image}`);
    if ((await daemon.docker(["image", "inspect", local])).status !== 0) {
      await (PROXIES[name] ? makeProxy(daemon, local, PROXIES[name]) : makeUpstream(daemon, local, UPSTREAMS[name]));
    }
    must(await daemon.docker(["tag", local, daemon.image(image)]));
  }
}

/** A command of `docker compose` with the images of this run, where the daemon is somebody's own and has others by their names. */
export async function inOwnImages(daemon, command, folder, env) {
  const found = /docker compose(?: -\S+ \S+)*/.exec(command)?.[0];
  if (daemon.isPrivate || !found) return command;
  const { services } = JSON.parse(must(await daemon.inside(["sh", "-c", `${found} config --format json`], { cwd: folder, env })).out);
  const images = Object.entries(services).map(([name, { image }]) => [name, { image: daemon.image(image) }]);
  writeFileSync(path.join(folder, ".images.yaml"), JSON.stringify({ services: Object.fromEntries(images) }));
  const named = found.includes(" -f ") ? "" : " -f compose.yaml";
  return command.replace(found, `${found}${named} -f .images.yaml`);
}

/** Skips a check whose ports are taken on the machine of somebody's own daemon. */
export async function requirePorts(daemon, ports) {
  if (daemon.isPrivate) return;
  for (const port of ports) {
    const isTaken = await new Promise((resolve) => {
      const socket = createConnection({ host: "127.0.0.1", port }, () => resolve(true)).on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (isTaken) throw new Skip(`port ${port} of your machine is taken`);
  }
}

function repositoryOf(image) {
  return image.replace(/^compose-playground-test-\d+\//, "").replace(/@.*$/, "").replace(/:[^/:]*$/, "");
}

async function makeProxy(daemon, name, { server, files, texts = {}, folders = [], instructions }) {
  await make(daemon, name, files(server.find().program), { texts, folders, instructions });
}

/** A server for each port, and, as Convex's backend has them, `curl` for health checks and a script for admin keys. */
async function makeUpstream(daemon, name, ports) {
  const base = await upstreamBase(daemon);
  const dockerfile = `FROM ${base}\nENV LISTENS="${ports.join(" ")}"\nEXPOSE ${ports.join(" ")}\n`;
  must(await daemon.docker(["build", "--quiet", "--tag", name, "-"], { input: dockerfile }));
}

/** Node, `curl`, a shell, and the programs that play what is behind a proxy; the name of that image. */
export async function upstreamBase(daemon) {
  const base = daemon.image("local/upstream");
  if ((await daemon.docker(["image", "inspect", base])).status !== 0) {
    const files = {
      "usr/local/bin/node": process.execPath,
      "usr/bin/curl": await whereIs("curl"),
      "bin/sh": await whereIs("busybox"),
      "srv/upstream.mjs": path.join(here, "upstream.mjs"),
      "srv/convex.mjs": path.join(here, "convex.mjs"),
      "srv/backend.mjs": path.join(here, "../proxies/backend.mjs"),
      "srv/websocket.mjs": path.join(here, "../proxies/websocket.mjs"),
    };
    const texts = { "convex/generate_admin_key.sh": "#!/bin/sh\necho pretended-admin-key\n" };
    const instructions = ["WORKDIR /convex", `CMD ["node", "/srv/upstream.mjs"]`];
    await make(daemon, base, files, { texts, folders: ["convex/data"], instructions });
  }
  return base;
}

async function make(daemon, name, files, { texts = {}, folders = [], instructions }) {
  const root = mkdtempSync(path.join(os.tmpdir(), "docker-parts-"));
  try {
    const all = { ...(await librariesOf(Object.values(files))), ...files };
    for (const [inside, text] of Object.entries({ "etc/passwd": PASSWD, "etc/group": GROUP, ...texts })) {
      const file = path.join(root, inside);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
      all[inside] = file;
    }
    for (const folder of ["run", "tmp", "var/run", ...folders]) {
      mkdirSync(path.join(root, folder), { recursive: true });
      all[folder] ??= path.join(root, folder);
    }
    await imageOf(daemon, name, all, instructions);
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** The shared libraries of programs, and of what is in folders, by their paths; a static program has none. */
async function librariesOf(places) {
  const { out } = await run(["find", "-L", ...places, "-type", "f", "-perm", "-u+r", "-size", "+4k", "(", "-perm", "-u+x", "-o", "-name", "*.so*", ")"]);
  const libraries = {};
  const own = out.split("\n").filter((it) => it && !it.includes("/haproxy-") && !it.endsWith(".mjs"));
  if (own.length === 0) return libraries;
  const { out: text } = await run(["ldd", ...own]);
  for (const [, library] of text.matchAll(/(?:=> |^\s+)(\/\S+) \(0x/gm)) libraries[library.slice(1)] = library;
  return libraries;
}

/** A wheel may start its program by a script. */
function wheelProgram(program) {
  const isScript = readFileSync(program).subarray(0, 2).toString() === "#!";
  if (!isScript) return program;
  const root = path.join(path.dirname(program), "../lib");
  const isIt = (it) => it.isFile() && it.name === path.basename(program) && path.basename(it.parentPath ?? it.path) === "_bin";
  const found = readdirSync(root, { recursive: true, withFileTypes: true }).find(isIt);
  if (!found) throw new Error(`${program} is a script, and its program is not below ${root}`);
  return path.join(found.parentPath ?? found.path, found.name);
}

async function whereIs(program) {
  return must(await run(["sh", "-c", 'command -v "$0"', program])).out.trim();
}
