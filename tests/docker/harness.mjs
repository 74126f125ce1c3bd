// The images honor what the official ones document: a judge that does not is no judge.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { must } from "./daemon.mjs";
import { loadImages } from "./images.mjs";

const PROJECT = `
name: harness
services:
  pg:
    image: postgres:17
    environment: {POSTGRES_USER: ada, POSTGRES_PASSWORD_FILE: /run/secrets/word, POSTGRES_DB: shop}
    secrets: [word]
    healthcheck: {test: ["CMD-SHELL", "pg_isready -U ada -d shop"], interval: 1s, retries: 60}
  random:
    image: mariadb:11
    environment: {MARIADB_RANDOM_ROOT_PASSWORD: "1", MARIADB_USER: ada, MARIADB_PASSWORD: "it's é", MARIADB_DATABASE: shop}
  root:
    image: mysql:8
    environment: {MYSQL_ROOT_PASSWORD_FILE: /run/secrets/word, MYSQL_DATABASE: shop}
    secrets: [word]
  none:
    image: postgres:17
secrets:
  word: {file: ./word}
`;

export async function cases(daemon) {
  const folder = mkdtempSync(path.join(os.tmpdir(), `${daemon.prefix}-harness-`));
  writeFileSync(path.join(folder, "compose.yaml"), daemon.text(PROJECT));
  writeFileSync(path.join(folder, "word"), "s3cret word");
  await loadImages(daemon, { busybox: ["busybox:1"], postgres: ["postgres:17"], mariadb: ["mariadb:11", "mysql:8"] });
  const compose = (...args) => daemon.compose(args, { cwd: folder });
  const asked = async (service, command, env = {}) => {
    const options = Object.entries(env).flatMap(([name, value]) => ["-e", `${name}=${value}`]);
    for (let tries = 0; ; tries += 1) {
      const ran = await compose("exec", "-T", ...options, service, ...command);
      if (ran.status === 0 || tries > 60) return must(ran).out.trim();
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
  must(await compose("up", "-d", "--pull", "never", "pg", "random", "root"));
  return {
    "PostgreSQL with the password of a file": async () =>
      equal(await asked("pg", ["psql", "-h", "127.0.0.1", "-U", "ada", "shop", "-Atc", "select 40 + 2"], { PGPASSWORD: "s3cret word" }), "42"),
    "PostgreSQL is healthy by its own check": async () => must(await compose("up", "-d", "--wait", "--pull", "never", "pg")),
    "PostgreSQL without a password does not start": async () => {
      const ran = await compose("run", "--rm", "none");
      equal([ran.status, /superuser password is not specified/.test(ran.out + ran.err)].join(" "), "1 true");
    },
    "MariaDB with a random root password knows its user": async () =>
      equal(await asked("random", ["mariadb", "-h", "127.0.0.1", "-uada", "shop", "-Ne", "select 40 + 2"], { MYSQL_PWD: "it's é" }), "42"),
    "and lets nobody in as root without it": async () => equal((await compose("exec", "-T", "random", "mariadb", "-uroot", "-e", "select 1")).status, 1),
    "MySQL's root has the password of a file": async () =>
      equal(await asked("root", ["mariadb", "-h", "127.0.0.1", "-uroot", "shop", "-Ne", "select 40 + 2"], { MYSQL_PWD: "s3cret word" }), "42"),
    "everything goes with the project": async () => {
      must(await compose("down", "--volumes"));
      const label = `label=com.docker.compose.project=${/^name: (.*)$/m.exec(daemon.text(PROJECT))[1]}`;
      const filter = daemon.isPrivate ? [] : ["--filter", label];
      equal(must(await daemon.docker(["ps", "--all", "--quiet", ...filter])).out, "");
      equal(must(await daemon.docker(["volume", "ls", "--quiet", ...filter])).out, "");
      rmSync(folder, { recursive: true });
    },
  };
}

function equal(found, wanted) {
  if (found !== wanted) throw new Error(`wanted ${wanted}, got ${found}`);
}
