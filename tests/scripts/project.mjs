// A folder with generated scripts, and the Docker that they call.

import { spawnSync } from "node:child_process";
import { appendFileSync, copyFileSync, existsSync, lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync } from "node:fs";
import { rmSync, symlinkSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { here as proxies, output, ownProgram } from "../proxies/programs.mjs";

export const POSTGRES = ["psql", "pg_dump", "pg_restore"];
export const here = path.join(proxies, "../scripts");

let compose;

/** What a generator makes of a Compose file, by name. */
export async function generate(target, file, options = []) {
  const out = mkdtempSync(path.join(os.tmpdir(), "scripts-"));
  try {
    compose ??= ownProgram("--bin", "compose-check");
    await output([await compose, "generate", target, "-f", file, ...options, "--out", out]);
    return Object.fromEntries(readdirSync(out).map((name) => [name, readFileSync(path.join(out, name), "utf8")]));
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** A folder of its own for each case: `run` runs a script in it, `read` and `write` are for what Docker holds. */
export function project(files, { running = [], databasePrograms = POSTGRES.concat("mysql", "mysqldump") } = {}) {
  const root = mkdtempSync(path.join(os.tmpdir(), "scripts-"));
  // What Docker holds is apart from the project, whose folder is one that scripts stumble over.
  const [fake, folder] = [path.join(root, "docker"), path.join(root, "a project's folder")];
  for (const it of ["volumes", "labels", "databases", "programs", "inside"]) mkdirSync(path.join(fake, it), { recursive: true });
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text, { mode: 0o755 });
  for (const program of databasePrograms) symlinkSync(path.join(here, "database"), path.join(fake, "inside", program));
  for (const program of ["bash", "cat", "ls", "mv", "rm", "sed", "sh"]) symlinkSync(`/bin/${program}`, path.join(fake, "inside", program));
  copyFileSync(path.join(here, "docker"), path.join(fake, "programs", "docker"));
  const it = {
    fake,
    folder,
    run(script, options = [], env = {}) {
      writeFileSync(path.join(fake, "calls"), "");
      writeFileSync(path.join(fake, "statements"), "");
      if (env.PATH_WITHOUT_FLOCK) hideFlock(it.path("without-flock"));
      const search = env.PATH_WITHOUT_FLOCK ? it.path("without-flock") : process.env.PATH;
      const { status, stdout, stderr } = spawnSync("bash", ["-c", 'echo $$ >"$FAKE/pid"; exec "$0" "$@"', path.join(folder, script), ...options], {
        // From elsewhere, as cron does.
        cwd: "/",
        encoding: "utf8",
        env: { ...process.env, FAKE: fake, COMPOSE_PROJECT_NAME: "shop", ...env, PATH: `${fake}/programs:${search}` },
      });
      return { status, stdout, words: stdout + stderr };
    },
    path: (...names) => path.join(fake, ...names),
    write(name, text) {
      mkdirSync(path.dirname(it.path(name)), { recursive: true });
      writeFileSync(it.path(name), text);
    },
    volume(name, key) {
      mkdirSync(it.path("volumes", name), { recursive: true });
      if (key) it.write(`labels/${name}`, `com.docker.compose.project=shop\ncom.docker.compose.volume=${key}\n`);
    },
    setRunning: (services) => writeFileSync(it.path("running"), services.map((name) => `${name}\n`).join("")),
    running: () => readFileSync(it.path("running"), "utf8").trim().split("\n").sort().join(" "),
    calls: () => readFileSync(it.path("calls"), "utf8"),
    volumes: () => readdirSync(it.path("volumes")).sort().join(" "),
    /** All that Docker holds: paths, kinds, rights and contents. */
    state: () => JSON.stringify([tree(it.path("volumes")), tree(it.path("databases"))]),
    backups: () => (existsSync(path.join(folder, "backups")) ? readdirSync(path.join(folder, "backups")).sort() : []),
    append: (file, text) => appendFileSync(file, text),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
  it.setRunning(running);
  return it;
}

/** A directory with every program of this machine, except flock. */
function hideFlock(folder) {
  if (existsSync(folder)) return;
  mkdirSync(folder);
  for (const from of process.env.PATH.split(":").filter((it) => existsSync(it))) {
    for (const name of readdirSync(from)) {
      if (name !== "flock" && !existsSync(path.join(folder, name))) symlinkSync(path.join(from, name), path.join(folder, name));
    }
  }
}

/** Runs each case, in turn; each throws a sentence when it fails. */
export async function judge(cases) {
  const outcomes = [];
  for (const [name, check] of Object.entries(cases)) {
    try {
      await check();
      outcomes.push({ name });
    } catch (error) {
      outcomes.push({ name, failure: error.message });
    }
  }
  return outcomes;
}

export function expect(condition, failure) {
  if (!condition) throw new Error(failure);
}

function tree(folder, name = "") {
  const found = [];
  for (const entry of readdirSync(path.join(folder, name)).sort()) {
    const inner = path.join(name, entry);
    const file = path.join(folder, inner);
    const stat = lstatSync(file);
    const what = stat.isSymbolicLink() ? readlinkSync(file) : stat.isFile() ? readFileSync(file, "latin1") : "";
    found.push([inner, (stat.mode & 0o7777).toString(8), stat.uid, what]);
    if (stat.isDirectory()) found.push(...tree(folder, inner));
  }
  return found;
}
