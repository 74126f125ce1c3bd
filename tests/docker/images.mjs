// Images without a registry: a Debian with the servers in it, made once, and what each image adds to it.
//
// `images/NAME/Dockerfile` builds on `local/debian`; NAMES says what Compose files call the result.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createHash } from "node:crypto";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { Skip, must, run } from "./daemon.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));

/** The packages of all servers together: one set of files that every image shares. */
const PACKAGES = ["busybox", "ca-certificates", "curl", "iproute2", "mariadb-server", "openssl", "postgresql", "procps", "python3"];

/**
 * Makes images and gives them their further names, such as `{ postgres: ["postgres:17", "postgres:16"] }`.
 * `debian` is the base image, `busybox` the one with nothing but BusyBox.
 */
export async function loadImages(daemon, names) {
  await base(daemon);
  for (const [image, tags] of Object.entries(names)) {
    const local = daemon.image(`local/${image}`);
    if (image === "busybox") await busybox(daemon, local);
    else if (image !== "debian") {
      // What servers of the proxy tests are made of is in the folder of tools.
      const context = path.join(here, "images", image);
      must(await daemon.docker(["build", "--quiet", "--build-arg", `BASE=${daemon.image("local/debian")}`, "--tag", local, context]));
    }
    for (const tag of tags) must(await daemon.docker(["tag", local, daemon.image(tag)]));
  }
}

/** An image from files of this machine: `files` maps paths in the image to paths here. */
export async function imageOf(daemon, name, files, instructions) {
  const root = mkdtempSync(path.join(os.tmpdir(), "docker-image-"));
  try {
    for (const [inside, outside] of Object.entries(files)) {
      mkdirSync(path.join(root, path.dirname(inside)), { recursive: true });
      must(await run(["cp", "-aL", outside, path.join(root, inside)]));
    }
    const options = instructions.flatMap((it) => ["--change", it]);
    must(await daemon.inside(["sh", "-c", 'tar -C "$0" -c . | docker import "$@"', root, ...options, "-", name]));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function base(daemon) {
  const loaded = await daemon.docker(["image", "inspect", daemon.image("local/debian")]);
  if (loaded.status === 0) return;
  const tools = process.env.TOOLS ?? path.join(os.tmpdir(), "compose-playground-tools");
  const release = /^VERSION_CODENAME=(.*)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "bookworm";
  const hash = createHash("sha256").update([release, ...PACKAGES].join(" ")).digest("hex").slice(0, 12);
  const archive = path.join(tools, `debian-servers-${hash}.tar`);
  if (!existsSync(archive)) {
    if (process.getuid() !== 0) throw new Skip("the images of databases are made with debootstrap, which requires root, once");
    console.log(`Making a Debian with ${PACKAGES.length} packages for the images (minutes, once)`);
    const root = mkdtempSync(path.join(os.tmpdir(), "docker-debian-"));
    try {
      const packages = `--include=${PACKAGES.join(",")}`;
      must(await run(["debootstrap", "--variant=minbase", packages, release, root]));
      for (const left of ["var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale"]) {
        rmSync(path.join(root, left), { recursive: true, force: true });
      }
      mkdirSync(tools, { recursive: true });
      must(await run(["tar", "-C", root, "-cf", `${archive}.new`, "."]));
      renameSync(`${archive}.new`, archive);
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  }
  must(await daemon.docker(["import", archive, daemon.image("local/debian")]));
}

async function busybox(daemon, local) {
  if ((await daemon.docker(["image", "inspect", local])).status === 0) return;
  const program = must(await run(["sh", "-c", "command -v busybox"])).out.trim();
  const links = must(await run([program, "--list"])).out.trim().split("\n");
  const root = mkdtempSync(path.join(os.tmpdir(), "docker-busybox-"));
  try {
    for (const folder of ["bin", "etc", "tmp", "proc", "sys", "dev"]) mkdirSync(path.join(root, folder));
    must(await run(["cp", program, path.join(root, "bin/busybox")]));
    for (const link of links) if (link !== "busybox") must(await run(["ln", "-s", "busybox", path.join(root, "bin", link)]));
    must(await run(["sh", "-c", 'printf "root:x:0:0::/:/bin/sh\\n" >"$0/etc/passwd"', root]));
    must(await daemon.inside(["sh", "-c", 'tar -C "$0" -c . | docker import --change "CMD [\\"sh\\"]" - "$1"', root, local]));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
