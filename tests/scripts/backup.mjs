// Backups, and what may go wrong with them and with putting them back.

import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { truncateSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { POSTGRES, expect, generate, here, judge, project } from "./project.mjs";

/** Where guides keep Convex's data, besides a volume with a name. */
const FOLDERS = { "a folder of the host": "./data:/convex/data", "a volume without a name": "/convex/data" };
const RUNNING = ["db", "game.server_1", "maria", "web"];

export async function backupCases() {
  const files = await generate("backup", path.join(here, "compose.yaml"));
  const convex = await generate("backup", path.join(here, "../../examples/convex-upstream/compose.yaml"));
  const folders = {};
  for (const [what, mount] of Object.entries(FOLDERS)) {
    const file = path.join(mkdtempSync(path.join(os.tmpdir(), "scripts-")), "compose.yaml");
    writeFileSync(file, `services:\n  backend:\n    image: ghcr.io/get-convex/convex-backend\n    volumes: ["${mount}"]\n`);
    folders[what] = await generate("backup", file);
    rmSync(path.dirname(file), { recursive: true });
  }
  const cases = {};
  /** A case of its own: a project with data, whose services must run afterwards as before. */
  const add = (name, check, { running = RUNNING, image, databasePrograms } = {}) => {
    cases[name] = () => {
      const it = withData(files, { running, databasePrograms });
      const run = it.run;
      if (image) it.run = (script, options, env) => run(script, options, { FAKE_IMAGE: image, ...env });
      try {
        check(it);
        expect(it.running() === running.join(" "), `${it.running()} run afterwards, not ${running.join(" ")}`);
        expect(!/anonymous/.test(it.volumes()), `a temporary volume stays: ${it.volumes()}`);
      } finally {
        it.remove();
      }
    };
  };

  for (const image of ["busybox", "gnu"]) {
    add(
      `a round trip brings everything back, dot files, rights, owners and links, with ${image}'s tar`,
      (it) => {
        const before = it.state();
        const backup = backedUp(it);
        change(it);
        expect(it.state() !== before, "the test changed nothing");
        succeed(it.run("restore.sh", ["--yes", backup]));
        expect(it.state() === before, difference(before, it.state()));
      },
      { image },
    );
  }
  add(
    "MariaDB without the names of MySQL is asked by its own",
    (it) => {
      const before = it.state();
      const backup = backedUp(it);
      change(it);
      succeed(it.run("restore.sh", ["--yes", backup]));
      expect(it.state() === before, difference(before, it.state()));
    },
    { databasePrograms: POSTGRES.concat("mariadb", "mariadb-dump") },
  );
  add("a backup stops who writes, only while it copies, and no database", (it) => {
    backedUp(it);
    const calls = it.calls();
    const stops = calls.match(/^compose stop .*$/gm).join(" ");
    expect(/web/.test(stops) && /game\.server_1/.test(stops) && !/\bdb\b|maria|idle/.test(stops), stops);
    expect(calls.indexOf("compose stop") < calls.indexOf("tar -czf") && calls.lastIndexOf("run ") < calls.indexOf("compose start"), calls);
  });
  add("a backup may be put back by a path that begins where the user is", (it) => {
    const backup = backedUp(it);
    const before = it.state();
    change(it);
    succeed(it.run("restore.sh", ["--yes", path.relative("/", backup)]));
    expect(it.state() === before, difference(before, it.state()));
  });
  add("what did not run is not started", (it) => backedUp(it), { running: ["db", "maria", "web"] });
  add("a backup holds nothing of the databases' own files", (it) => {
    const backup = backedUp(it);
    const volumes = readdirSync(path.join(backup, "volumes")).join(" ");
    expect(volumes === "my_world.1.tar.gz uploads.tar.gz", volumes);
    const dumps = ["db", "maria"].flatMap((service) => readdirSync(path.join(backup, "databases", service)).map((name) => `${service}/${name}`));
    expect(dumps.join(" ") === "db/shop-main.dump db/shop_old.dump maria/shop.dump", dumps.join(" "));
  });
  add("a backup is for its owner alone", (it) => {
    const backup = backedUp(it);
    const mode = (statSync(backup).mode & 0o777).toString(8);
    expect(mode === "700", `the folder's rights are ${mode}`);
  });
  add("restore without an argument fails, and touches nothing", untouched([]));
  add("restore with two arguments fails, and touches nothing", (it) => untouched([backedUp(it), backedUp(it, "b")])(it));
  add("restore of what is not there fails, and touches nothing", untouched(["/nowhere"]));
  add("restore of a file fails, and touches nothing", (it) => untouched([path.join(it.folder, "backup.sh")])(it));
  add("restore of a folder that is no backup fails, and touches nothing", (it) => untouched([it.folder])(it));
  const damages = {
    "a damaged archive": (backup) => truncateSync(path.join(backup, "volumes/uploads.tar.gz"), 60),
    "a damaged archive whose checksum was made anew": (backup, it) => {
      truncateSync(path.join(backup, "volumes/uploads.tar.gz"), 60);
      sumAnew(backup, it);
    },
    "a changed dump": (backup, it) => it.append(path.join(backup, "databases/db/shop-main.dump"), "x"),
    "a wrong checksum": (backup) => {
      const file = path.join(backup, "SHA256SUMS");
      writeFileSync(file, readFileSync(file, "utf8").replace(/^./, (digit) => (digit === "0" ? "1" : "0")));
    },
    "half a list of checksums": (backup) => {
      const file = path.join(backup, "SHA256SUMS");
      writeFileSync(file, `${readFileSync(file, "utf8").split("\n").slice(0, 2).join("\n")}\n`);
    },
    "no checksums": (backup) => rmSync(path.join(backup, "SHA256SUMS")),
    "a volume missing": (backup, it) => {
      rmSync(path.join(backup, "volumes/uploads.tar.gz"));
      sumAnew(backup, it);
    },
    "a dump that is none": (backup, it) => {
      writeFileSync(path.join(backup, "databases/maria/shop.dump"), "nonsense\n");
      sumAnew(backup, it);
    },
  };
  for (const [name, damage] of Object.entries(damages)) {
    add(`a backup with ${name} is refused, and nothing is touched`, (it) => {
      const backup = backedUp(it);
      damage(backup, it);
      untouched([backup])(it);
    });
  }
  add("a volume that is not there fails before anything is stopped, and none is made", (it) => {
    const backup = backedUp(it);
    rmSync(it.path("volumes/shop_uploads"), { recursive: true });
    const volumes = it.volumes();
    for (const [script, options] of [["backup.sh", []], ["restore.sh", ["--yes", backup]]]) {
      fail(it.run(script, options), /no volume uploads/);
      expect(it.volumes() === volumes, `there are ${it.volumes()}`);
      expect(!/compose stop|run /.test(it.calls()), it.calls());
    }
  });
  add("under another project's name nothing is found, and nothing is touched", (it) => {
    const before = it.state();
    fail(it.run("backup.sh", [], { COMPOSE_PROJECT_NAME: "other" }), /project other has no volume uploads/);
    expect(it.state() === before && it.backups().length === 0, it.backups().join(" "));
  });
  add("a volume of another project with the same name in the file is not taken", (it) => {
    it.volume("other_uploads", "uploads");
    it.write("labels/other_uploads", "com.docker.compose.project=other\ncom.docker.compose.volume=uploads\n");
    it.write("volumes/other_uploads/theirs", "theirs");
    const before = readFileSync(it.path("volumes/other_uploads/theirs"), "utf8");
    const backup = backedUp(it);
    change(it);
    succeed(it.run("restore.sh", ["--yes", backup]));
    expect(readFileSync(it.path("volumes/other_uploads/theirs"), "utf8") === before, "it was changed");
  });
  for (const [what, env] of Object.entries({
    "a tar that fails": { FAKE_FAIL: "tar -czf" },
    "the second volume's tar that fails": { FAKE_FAIL: "the_world.*tar -czf" },
    "a dump that fails": { FAKE_REFUSES: "^pg_dump" },
    "a database that does not list": { FAKE_REFUSES: "^mysql SELECT SCHEMA_NAME" },
    "a stop that fails": { FAKE_FAIL: "^compose stop" },
  })) {
    add(`${what} is a backup that fails, and leaves no half of one`, (it) => {
      fail(it.run("backup.sh", [], env));
      expect(it.backups().length === 0, it.backups().join(" "));
    });
  }
  add("a database that does not run fails before anything is stopped", (it) => {
    it.setRunning(["web"]);
    fail(it.run("backup.sh"), /db does not run/);
    expect(!/compose stop/.test(it.calls()), it.calls());
    it.setRunning(RUNNING);
  });
  add("a backup that is told more than it knows fails", (it) => fail(it.run("backup.sh", ["now"]), /expected no arguments/));
  for (const keep of ["0", "all", "-1", ""]) {
    add(`KEEP=${keep} is ${keep === "" ? "the usual number" : "refused"}`, (it) => {
      const done = it.run("backup.sh", [], { KEEP: keep });
      if (keep === "") succeed(done);
      else fail(done, /KEEP/);
    });
  }
  add("no more than KEEP backups stay, the newest, and none of others is taken for one", (it) => {
    const others = ["other-20200101T000000Z", "shop-2-20200101T000000Z", "shop-notes", "shop-20200101T000000Z.old"];
    for (const name of [...others, "shop-20200101T000000Z", "shop-20210101T000000Z", "shop-20220101T000000Z"]) {
      mkdirSync(path.join(it.folder, "backups", name), { recursive: true });
    }
    succeed(it.run("backup.sh", [], { KEEP: "2" }));
    const left = it.backups().filter((name) => !others.includes(name));
    expect(left.length === 2 && left[0] === "shop-20220101T000000Z", left.join(" "));
    expect(others.every((name) => it.backups().includes(name)), it.backups().join(" "));
  });
  add("a backup that fails takes no older one away", (it) => {
    mkdirSync(path.join(it.folder, "backups/shop-20200101T000000Z"), { recursive: true });
    fail(it.run("backup.sh", [], { KEEP: "1", FAKE_FAIL: "tar -czf" }));
    expect(it.backups().join() === "shop-20200101T000000Z", it.backups().join(" "));
  });
  for (const [what, env] of Object.entries({
    "unpacking": { FAKE_FAIL: "tar -xzf" },
    "making a volume": { FAKE_FAIL: "^volume create" },
    "loading a database": { FAKE_REFUSES: "^pg_restore" },
    "loading the second database": { FAKE_REFUSES: "^mysql  compose_restore_new" },
    "stopping": { FAKE_FAIL: "^compose stop" },
    "the change of the first database": { FAKE_REFUSES: 'compose_restore_new_0" RENAME TO' },
    "the change of a MySQL database": { FAKE_REFUSES: "^mysql CREATE DATABASE `shop`" },
    "loading a MySQL database for good": { FAKE_REFUSES: "^mysql  shop$" },
    "it is ended in the middle": { FAKE_KILL: "dst=/data --mount" },
    "it is ended between two databases": { FAKE_KILL: "exec -T maria .* sh mysqldump" },
    "the change of the first volume": { FAKE_FAIL: "shop_uploads,dst=/data --mount" },
    "the change of the second volume": { FAKE_FAIL: "the_world.of-games,dst=/data --mount" },
    "copying half of the second volume": { FAKE_FULL: "cp -a /new" },
  })) {
    const isForGood = /for good|CREATE DATABASE `shop`/.test(what + env.FAKE_REFUSES);
    add(`a restore that fails while ${what} leaves what was there`, (it) => {
      it.write("volumes/the_world.of-games/large", noise(300_000));
      const backup = backedUp(it);
      change(it);
      const before = it.state();
      // Whoever refuses for good refuses what comes back as well: then it is kept, and said where.
      const done = it.run("restore.sh", ["--yes", backup], env);
      if (isForGood) {
        fail(done, /could not be put back/);
        const kept = /or in (\/.+)$/m.exec(done.words)[1];
        expect(readFileSync(path.join(kept, "2.dump"), "utf8").endsWith("maria, changed\n"), "its dump is gone");
        rmSync(kept, { recursive: true });
        return;
      }
      fail(done);
      expect(it.state() === before, difference(before, it.state()));
    });
  }
  add("what an earlier restore had put aside is not run over", (it) => {
    const backup = backedUp(it);
    it.write("volumes/shop_uploads/.compose-restore-old/only-copy", "x");
    const before = it.state();
    fail(it.run("restore.sh", ["--yes", backup]), /cut off/);
    expect(it.state() === before, difference(before, it.state()));
  });
  add("a restore without a confirmation says what it would replace, and changes nothing", (it) => {
    const backup = backedUp(it);
    const before = it.state();
    const done = it.run("restore.sh", [backup]);
    fail(done, /needs a confirmation/);
    expect(/replaces:\n {2}- volume uploads\n/.test(done.words) && done.words.includes("  - database shop-main of db\n"), done.words);
    expect(/does NOT contain.*\n( {2}- .*\n)* {2}- the Compose files, \.env/.test(done.words), done.words);
    expect(it.state() === before && !/compose stop|tar -xzf/.test(it.calls()), it.calls());
  });
  add("a backup says before and after what it does not contain", (it) => {
    const { stdout } = succeed(it.run("backup.sh"));
    const [first, ...lines] = stdout.split("\n");
    const gap = "users, passwords and privileges of maria";
    expect(first === "NOT in this backup:" && lines[1].startsWith("  - users"), stdout);
    expect(lines.some((line) => line.startsWith(`  - ${gap}`)), stdout);
    expect(lines.some((line) => /^Wrote .*: contains .*volume uploads.*\. NOT in it: /.test(line) && line.includes(gap)), stdout);
  });
  for (const script of ["backup.sh", "restore.sh"]) {
    add(`${script} is refused while another one runs`, (it) => {
      const backup = backedUp(it);
      const before = it.state();
      const options = script === "restore.sh" ? ["--yes", backup] : [];
      const held = spawnSync("flock", [path.join(it.folder, ".compose-backup.lock"), "sh", "-c", 'cd / && exec "$@"', "sh", path.join(it.folder, script), ...options], {
        encoding: "utf8",
        env: { ...process.env, FAKE: it.fake, COMPOSE_PROJECT_NAME: "shop", PATH: `${it.fake}/programs:${process.env.PATH}` },
      });
      fail({ status: held.status, words: held.stdout + held.stderr }, /another backup, restore or upgrade of this project is running/);
      expect(it.state() === before && it.backups().length === 0, it.backups().join(" "));
    });
  }
  add("without flock a directory is the lock, and one of a process that has ended is removed", (it) => {
    const lock = path.join(it.folder, ".compose-backup.lock.d");
    const env = { PATH_WITHOUT_FLOCK: "1" };
    mkdirSync(lock);
    writeFileSync(path.join(lock, "pid"), `${process.pid}\n`);
    fail(it.run("backup.sh", [], env), /is running/);
    expect(it.backups().length === 0, it.backups().join(" "));
    writeFileSync(path.join(lock, "pid"), `${spawnSync("true").pid}\n`);
    succeed(it.run("backup.sh", [], env));
    expect(!existsSync(lock), "the lock stays");
  });
  add("a start that fails is said, and the status is not 0", (it) => {
    fail(it.run("backup.sh", [], { FAKE_FAIL: "^compose start" }), /could not start/);
    it.setRunning(RUNNING);
  });
  add("an empty volume comes back empty", (it) => {
    rmSync(it.path("volumes/shop_uploads"), { recursive: true });
    it.volume("shop_uploads", "uploads");
    const before = it.state();
    const backup = backedUp(it);
    change(it);
    succeed(it.run("restore.sh", ["--yes", backup]));
    expect(it.state() === before, difference(before, it.state()));
  });

  const withConvex = (check) => () => {
    const it = project(convex, { running: ["backend", "dashboard"] });
    it.volume("shop_data", "data");
    it.write("volumes/shop_data/db.sqlite3", "x");
    const npx = '#!/bin/sh\necho "npx $*" >>"$FAKE/calls"\ncase $2 in export) printf zip >"$5" ;; env) echo "KEY=value" ;; esac\nexit "${NPX:-0}"\n';
    writeFileSync(it.path("programs/npx"), npx, { mode: 0o755 });
    try {
      check(it);
      expect(it.running() === "backend dashboard", `${it.running()} run afterwards`);
    } finally {
      it.remove();
    }
  };
  cases["Convex's own export stops nothing, and comes back by its own import"] = withConvex((it) => {
    succeed(it.run("backup.sh", ["--export"]));
    expect(!/compose stop|run --/.test(it.calls()), it.calls());
    const backup = path.join(it.folder, "backups", it.backups()[0]);
    const variables = path.join(backup, "convex/backend.env");
    expect(readFileSync(variables, "utf8") === "KEY=value\n" && (statSync(variables).mode & 0o777) === 0o600, "its variables are not saved");
    succeed(it.run("restore.sh", ["--yes", backup]));
    expect(it.calls().includes(`npx convex import --replace-all --yes ${backup}/convex/backend.zip`), it.calls());
    it.append(path.join(backup, "convex/backend.zip"), "x");
    fail(it.run("restore.sh", ["--yes", backup]), /damaged/);
    expect(!/npx/.test(it.calls()), it.calls());
  });
  cases["an export that fails is a backup that fails"] = withConvex((it) => {
    fail(it.run("backup.sh", ["--export"], { NPX: "3" }), /^/);
    expect(it.backups().length === 0, it.backups().join(" "));
  });
  const S3 = ["AWS_REGION", ...["EXPORTS", "SNAPSHOT_IMPORTS", "MODULES", "FILES", "SEARCH"].map((it) => `S3_STORAGE_${it}_BUCKET`)];
  cases["where database and files are elsewhere a backup is refused, and nothing is written"] = withConvex((it) => {
    it.write("containers/backend", "volume|shop_data|/convex/data\n");
    it.write("environments/backend", ["POSTGRES_URL=postgres://u:p@db.example.com", ...S3.map((name) => `${name}=x`)].join("\n"));
    fail(it.run("backup.sh"), /Nothing was written.*--export/);
    expect(!existsSync(path.join(it.folder, "backups")) && !/compose stop/.test(it.calls()), it.calls());
    succeed(it.run("backup.sh", ["--export"]));
    it.write("environments/backend", "POSTGRES_URL=postgres://u:p@db.example.com\n");
    succeed(it.run("backup.sh", [], { BACKUPS: "others" }));
  });
  cases["Convex's data is copied while its backend is stopped"] = withConvex((it) => {
    succeed(it.run("backup.sh"));
    expect(/compose stop backend/.test(it.calls()), it.calls());
  });

  for (const [what, mount] of Object.entries(FOLDERS)) {
    const isFolder = mount.includes(":");
    const withFolder = (check) => () => {
      const it = project(folders[what], { running: ["backend"] });
      const data = isFolder ? path.join(it.folder, "data") : it.path("volumes/0a1b");
      mkdirSync(path.join(data, "storage/.deep"), { recursive: true });
      writeFileSync(path.join(data, "db.sqlite3"), "café ☕");
      chmodSync(data, 0o2750);
      it.write("containers/backend", `volume|other|/other\n${isFolder ? `bind|${data}` : "volume|0a1b"}|/convex/data\n`);
      const contents = () => execFileSync("sh", ["-c", "stat -c '%a %n' . ./*; find . -type f -exec cat {} + ; find ."], { cwd: data, encoding: "utf8" });
      try {
        check(it, data, contents);
        expect(it.running() === "backend", `${it.running()} run afterwards`);
        expect(!/anonymous/.test(it.volumes()), `a temporary volume stays: ${it.volumes()}`);
      } finally {
        it.remove();
      }
    };
    cases[`Convex's data in ${what} comes back whole`] = withFolder((it, data, contents) => {
      const before = contents();
      const backup = backedUp(it);
      expect(/compose stop backend/.test(it.calls()), it.calls());
      writeFileSync(path.join(data, "db.sqlite3"), "changed");
      writeFileSync(path.join(data, "new"), "");
      chmodSync(data, 0o700);
      succeed(it.run("restore.sh", ["--yes", backup]));
      expect(contents() === before, `it is not as before: ${contents()}`);
    });
    cases[`a restore of ${what} that fails leaves what was there`] = withFolder((it, data, contents) => {
      const backup = backedUp(it);
      writeFileSync(path.join(data, "db.sqlite3"), "changed");
      const before = contents();
      fail(it.run("restore.sh", ["--yes", backup], { FAKE_FAIL: "dst=/data --mount" }), /put back/);
      expect(contents() === before, `it is not as before: ${contents()}`);
    });
    cases[`${what} of a container that was never made fails before anything is stopped`] = withFolder((it) => {
      rmSync(it.path("containers"), { recursive: true });
      fail(it.run("backup.sh"), /no container of backend/);
      expect(!/compose stop|run /.test(it.calls()) && it.backups().length === 0, it.calls());
    });
  }
  return judge(cases);
}

function withData(files, options) {
  const it = project(files, options);
  it.volume("shop_uploads", "uploads");
  it.volume("shop_db-data", "db-data");
  it.volume("the_world.of-games", "my_world.1");
  it.write("volumes/shop_uploads/.hidden/.deep", "hidden");
  it.write("volumes/shop_uploads/..two dots", "x");
  it.write("volumes/shop_uploads/sub dir/a'b \"c\" $d", "café ☕ 中");
  it.write("volumes/shop_uploads/-dash", "x");
  it.write("volumes/shop_uploads/program", "#!/bin/sh\n");
  chmodSync(it.path("volumes/shop_uploads/program"), 0o4750);
  chmodSync(it.path("volumes/shop_uploads"), 0o1777);
  mkdirSync(it.path("volumes/shop_uploads/empty"));
  if (process.getuid() === 0) chownSync(it.path("volumes/shop_uploads/.hidden"), 1234, 4321);
  symlinkSync("../nowhere", it.path("volumes/shop_uploads/link"));
  it.write("volumes/the_world.of-games/level.dat", noise(5_000));
  it.write("volumes/shop_db-data/PG_VERSION", "17\n");
  it.write("databases/db/shop-main", "db\n");
  it.write("databases/db/shop_old", "old\n");
  it.write("databases/maria/shop", "maria\n");
  return it;
}

/** As time goes: files come, go and change. */
function change(it) {
  chmodSync(it.path("volumes/shop_uploads"), 0o750);
  it.write("volumes/shop_uploads/.stale", "stale");
  it.write("volumes/shop_uploads/new/file", "new");
  it.write("volumes/shop_uploads/-dash", "changed");
  rmSync(it.path("volumes/the_world.of-games/level.dat"));
  it.write("databases/db/shop-main", "db, changed\n");
  it.write("databases/maria/shop", "maria, changed\n");
}

let backups = 0;

/** The folder of a backup that was made just now, under a name of its own. */
function backedUp(it, name = `${backups++}`) {
  const { stdout } = succeed(it.run("backup.sh", [], { BACKUPS: path.join(it.folder, `of case ${name}`) }));
  return /^Wrote (.*?): contains /m.exec(stdout)[1];
}

function untouched(options) {
  return (it) => {
    const before = it.state();
    const done = it.run("restore.sh", ["--yes", ...options]);
    fail(done);
    expect(it.state() === before, difference(before, it.state()));
    expect(!/compose stop/.test(it.calls()), it.calls());
  };
}

function succeed(done) {
  expect(done.status === 0, `it ended with ${done.status}: ${done.words}`);
  return done;
}

function fail(done, words = /./) {
  expect(done.status !== 0, `it ended with 0: ${done.words}`);
  expect(words.test(done.words), `it said: ${done.words}`);
}

/** Whoever changes a backup may change its checksums, too. */
function sumAnew(backup) {
  const command = "find . -type f ! -name SHA256SUMS -print0 | xargs -0 sha256sum >SHA256SUMS";
  execFileSync("sh", ["-c", command], { cwd: backup });
}

/** Bytes that no compression makes fewer. */
function noise(length) {
  let state = 7;
  return Buffer.from(Array.from({ length }, () => (state = (state * 1_664_525 + 1_013_904_223) >>> 0) >>> 24));
}

function difference(before, after) {
  const [olds, news] = [before, after].map((text) => JSON.parse(text).flat().map((entry) => JSON.stringify(entry).slice(0, 120)));
  const gone = olds.filter((entry) => !news.includes(entry)).map((entry) => `- ${entry}`);
  const come = news.filter((entry) => !olds.includes(entry)).map((entry) => `+ ${entry}`);
  return `it is not as before:\n${[...gone, ...come].join("\n")}`;
}
