// Upgrades of Convex with real containers, images, and volumes; Convex itself is played by `convex.mjs`.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { generate } from "../scripts/project.mjs";
import { must } from "./daemon.mjs";
import { upstreamBase } from "./servers.mjs";

const revision = (digit) => String(digit).repeat(40);

/** What each revision is: the version of its database, and how it fails. */
const OLD = revision("a");
const NEW = revision("b");
const REVISIONS = {
  [OLD]: { VERSION: 120 },
  [NEW]: { VERSION: 120 },
  [revision("c")]: { VERSION: 128 },
  [revision("d")]: { VERSION: 120, FAILS: "start" },
  [revision("e")]: { VERSION: 128, FAILS: "migration" },
  [revision("f")]: { VERSION: 120, FAILS: "silent" },
  [revision("1")]: { VERSION: 110 },
  [revision("2")]: { VERSION: 120, STATUS: 500 },
};

const PROJECT = `
name: moved
services:
  backend:
    image: local/get-convex/convex-backend:${OLD}
    pull_policy: never
    stop_grace_period: 1s
    volumes: ["data:/convex/data"]
  dashboard:
    image: local/get-convex/convex-dashboard:${OLD}
    pull_policy: never
    stop_grace_period: 1s
volumes: {data: }
`;

/** What was upgraded, and what runs afterwards. */
export const rows = [["upgrade", "exit code", "runs afterwards", "started on the volume", "rows kept"]];

export async function cases(daemon) {
  await makeImages(daemon);
  const all = {};
  /** A project at OLD with something in its volume; `judge` gets what a run of `upgrade.sh` did. */
  const add = (name, to, judge, { options = [], run = undefined } = {}) => {
    all[name] = async () => {
      const it = await start(daemon, options);
      try {
        const ran = run ? await run(it) : await it.upgrade(to);
        const words = ran.out + ran.err;
        const kept = await it.inside("cat /convex/data/rows");
        const [backend, dashboard] = await it.images();
        const started = (await it.inside("cat /convex/data/started")).split("\n").map((it) => it[0]).join(" ");
        rows.push([name, ran.status, `${backend[0]}, ${dashboard[0]}`, started, kept]);
        expect(kept === "café ☕", `the rows are ${kept}`);
        expect(backend === dashboard, `backend ${backend}, dashboard ${dashboard}`);
        await judge({ ...it, ...ran, words, backend, started, revision: it.revision() });
      } finally {
        await it.remove();
      }
    };
  };
  const isBack = ({ status, words, backend, revision }) => {
    expect(status === 1 && words.includes(`revision ${OLD} is used again`), `${status}: ${words}`);
    expect(backend === OLD && revision === OLD, `runs ${backend}, the file says ${revision}`);
  };
  add("both services run the new revision, with what was there", NEW, (it) => {
    expect(it.status === 0 && it.backend === NEW && it.revision === NEW, it.words);
    expect(it.exports().length === 1, "no export was written");
    expect(it.started === "a b", it.started);
  });
  add("a migration is waited for", revision("c"), async (it) => {
    expect(it.status === 0 && it.backend === revision("c"), it.words);
    expect((await it.inside("cat /convex/data/version")) === "128", "it was not waited for");
  });
  add("a revision that does not start is one that goes back", revision("d"), (it) => isBack(it));
  add("a dashboard that answers with an error is one that goes back", revision("2"), (it) => isBack(it));
  add("a revision without an image is one that goes back", revision("9"), (it) => isBack(it));
  add("a revision that does not answer is one that goes back", revision("f"), (it) => isBack(it));
  add("after a migration that fails the old revision never runs on the new database", revision("e"), (it) => {
    expect(it.status === 1 && /may have changed the database|does not say that the migration has ended/.test(it.words) && /The way back is the export/.test(it.words), it.words);
    expect(it.revision === revision("e") && !/ a/.test(it.started), `${it.revision}, started: ${it.started}`);
  });
  add("a revision that is older than the database is stopped, and the one before runs again", revision("1"), (it) => {
    expect(/newer than revision/.test(it.words), it.words);
    isBack(it);
  });
  add("an upgrade that is interrupted goes back", revision("f"), (it) => isBack(it), { run: (it) => it.end(revision("f"), "SIGTERM") });
  add("an upgrade that is killed is done by the next one", NEW, (it) => {
    expect(it.status === 0 && it.backend === NEW && it.revision === NEW, it.words);
  }, {
    run: async (it) => {
      await it.end(revision("f"), "SIGKILL");
      return await it.upgrade(NEW);
    },
  });
  add("with --env-file the revision is written into that file", NEW, (it) => {
    expect(it.status === 0 && it.backend === NEW && it.revision === NEW, it.words);
    expect(!existsSync(path.join(it.folder, ".env")), "there is a .env");
  }, { options: ["--env-file", "prod.env"] });
  return all;
}

async function start(daemon, options) {
  const root = mkdtempSync(path.join(os.tmpdir(), `${daemon.prefix}-upgrade-`));
  const folder = path.join(root, "a project's directory");
  mkdirSync(folder);
  const file = path.join(folder, "compose.yaml");
  writeFileSync(file, daemon.text(PROJECT));
  const variables = path.join(folder, options[1] ?? ".env");
  writeFileSync(variables, `CONVEX_REVISION=${OLD}\nCOMPOSE_FILE=compose.yaml:compose.convex.yaml\n`);
  const named = options.length > 0 ? ["--env-file", variables] : [];
  for (const target of ["upgrade", "backup"]) {
    for (const [name, text] of Object.entries(await generate(target, file, named))) writeFileSync(path.join(folder, name), text, { mode: 0o755 });
  }
  mkdirSync(path.join(root, "programs"));
  writeFileSync(path.join(root, "programs/npx"), '#!/bin/sh\n[ "$2" != export ] || printf zip >"$5"\n', { mode: 0o755 });
  const env = { PATH: `${root}/programs:${process.env.PATH}`, PATIENCE: "8" };
  const compose = (...args) => daemon.compose([...options, ...args], { cwd: folder });
  must(await compose("up", "-d"));
  const it = {
    folder,
    inside: async (command) => {
      const volume = must(await daemon.docker(["volume", "ls", "--quiet", "--filter", `name=${daemon.isPrivate ? "" : `${daemon.prefix}-`}moved_data`])).out.trim();
      const mount = ["--mount", `type=volume,src=${volume},dst=/convex/data`];
      const image = daemon.image(`local/get-convex/convex-backend:${OLD}`);
      return must(await daemon.docker(["run", "--rm", ...mount, "--entrypoint", "sh", image, "-c", command])).out.trim();
    },
    // From elsewhere.
    upgrade: (to) => daemon.inside(["bash", path.join(folder, "upgrade.sh"), to], { cwd: "/", env }),
    /** Ends an upgrade by a signal once it waits for the backend. */
    end: async (to, signal) => {
      const command = `echo $$ >"$1/process"; exec bash "$1/upgrade.sh" "$2"`;
      const running = daemon.inside(["bash", "-c", command, "sh", folder, to], { cwd: "/", env: { ...env, PATIENCE: "100" } });
      for (;;) {
        const images = await it.images();
        if (images.length === 2 && images.every((image) => image === to)) break;
        await sleep(200);
      }
      await sleep(2000);
      process.kill(Number(readFileSync(path.join(folder, "process"), "utf8")), signal);
      return await running;
    },
    /** The revisions of the containers that run, or ran last. */
    images: async () => {
      const ids = must(await compose("ps", "--all", "--quiet")).out.split("\n").filter(Boolean);
      if (ids.length === 0) return [];
      // One of them may be replaced meanwhile.
      const { out } = await daemon.docker(["inspect", "--format", "{{.Config.Image}}", ...ids]);
      const found = out.split("\n").filter(Boolean);
      return found.sort().map((image) => image.split(":").at(-1));
    },
    revision: () => /^CONVEX_REVISION=(.*)$/m.exec(readFileSync(variables, "utf8"))?.[1],
    exports: () => readdirSync(path.join(folder, "backups")),
    remove: async () => {
      must(await compose("down", "--volumes", "--timeout", "1"));
      rmSync(root, { recursive: true });
    },
  };
  await it.inside('printf "café ☕" >/convex/data/rows');
  for (let tries = 0; !(await it.inside("cat /convex/data/version 2>/dev/null || true")); tries += 1) expect(tries < 50, "the old revision does not start");
  return it;
}

async function makeImages(daemon) {
  const base = await upstreamBase(daemon);
  for (const [name, more] of Object.entries(REVISIONS)) {
    const { STATUS = 200, VERSION, FAILS = "" } = more;
    const image = (which, port, settings) => {
      const env = Object.entries({ REVISION: name, PORT: port, ...settings }).map(([key, value]) => `${key}="${value}"`);
      const text = `FROM ${base}\nENV ${env.join(" ")}\nCMD ["node", "/srv/convex.mjs"]\n`;
      return daemon.docker(["build", "--quiet", "--tag", daemon.image(`local/get-convex/convex-${which}:${name}`), "-"], { input: text });
    };
    must(await image("backend", 3210, { STATUS: 200, VERSION, FAILS }));
    must(await image("dashboard", 6791, { STATUS }));
  }
}

function expect(condition, failure) {
  if (!condition) throw new Error(failure);
}
