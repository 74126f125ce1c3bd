// An upgrade of Convex: what it does in which order, and how it goes back.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { expect, generate, here, judge, project } from "./project.mjs";

const [OLD, NEW] = ["a".repeat(40), "b".repeat(40)];

// As `crates/model/src/migrations.rs` and `crates/migrations_model/src/lib.rs` of Convex print it.
const CURRENT = "INFO Attempting migration\nINFO db metadata version up to date at 128\nINFO Migration complete\n";
const BEGUN = "INFO Attempting migration\nINFO Migrating to 128\nWARN Executing Migration 128/128. Wait for log line 'Migrated 128'\n";
const AHEAD = "INFO Attempting migration\nWARN persisted db metadata version is ahead at 128, this binary is at 122\nINFO Migration complete\n";
const TOO_OLD = "INFO Attempting migration\nINFO Migrating to 116\nthread panicked at crates/migrations_model/src/lib.rs:45:24:\nTransition too old!\n";

export async function upgradeCases() {
  const files = await generate("upgrade", path.join(here, "../../examples/convex-upstream/compose.yaml"));
  const folder = mkdtempSync(path.join(os.tmpdir(), "scripts-"));
  const image = "image: ghcr.io/get-convex/convex-";
  writeFileSync(path.join(folder, "compose.yaml"), `services:\n  a: {${image}backend}\n  b: {${image}backend}\n  dashboard: {${image}dashboard}\n`);
  const two = await generate("upgrade", path.join(folder, "compose.yaml"));
  const twoBackups = await generate("backup", path.join(folder, "compose.yaml"));
  rmSync(folder, { recursive: true });
  const cases = {};
  /** A case of its own: a project at revision OLD, whose backend answers at `answering`. */
  const add = (name, answering, check, { env = `A=1\nCONVEX_REVISION=${OLD}\nB='2 3'\n`, backup = "exit 0", log = CURRENT, dashboard = 0 } = {}) => {
    cases[name] = () => {
      const it = project({ ...files, "backup.sh": `#!/bin/sh\necho "backup $*" >>"$FAKE/calls"\n${backup}\n` }, { running: ["backend", "dashboard"] });
      const dotenv = path.join(it.folder, ".env");
      writeFileSync(dotenv, env);
      const curl = `#!/bin/sh\nrevision=$(sed -n 's/^CONVEX_REVISION=//p' .env)\ncase "$revision" in ${answering}) ;; *) exit 7 ;; esac\n`;
      writeFileSync(it.path("inside/curl"), curl, { mode: 0o755 });
      writeFileSync(it.path("log"), log);
      // One that is not generated here.
      writeFileSync(`${dotenv}.new`, "SECRET=x\n");
      writeFileSync(it.path("inside/node"), `#!/bin/sh\nexit ${dashboard}\n`, { mode: 0o755 });
      it.write("containers/backend", "volume|shop_data|/convex/data\n");
      it.env = () => readFileSync(dotenv, "utf8");
      it.upgrade = (options, more = {}) => it.run("upgrade.sh", options, { PATIENCE: "1", ...more });
      try {
        check(it);
        expect(readFileSync(`${dotenv}.new`, "utf8") === "SECRET=x\n", "a file of the user is gone");
        const others = readdirSync(it.folder).filter((name) => name.startsWith(".env.") && name !== ".env.new");
        expect(others.length === 0, `${others} stay`);
      } finally {
        it.remove();
      }
    };
  };

  add("an upgrade exports, pulls, starts and asks, in this order", "*", (it) => {
    const { status, words } = it.upgrade([NEW]);
    expect(status === 0, words);
    const order = ["backup --export", "compose pull backend dashboard", "compose up --detach --no-deps backend dashboard", "compose exec"];
    const places = order.map((call) => it.calls().indexOf(call));
    expect(places.every((place, index) => place >= 0 && place > (places[index - 1] ?? -1)), it.calls());
    expect(it.env() === `A=1\nB='2 3'\nCONVEX_REVISION=${NEW}\n`, it.env());
  });
  add("a backend that does not answer is one that goes back", OLD, (it) => {
    const { status, words } = it.upgrade([NEW]);
    expect(status === 1 && words.includes(`revision ${OLD} is used again`), `${status}: ${words}`);
    expect(it.env() === `A=1\nB='2 3'\nCONVEX_REVISION=${OLD}\n`, it.env());
    expect(it.calls().match(/compose up/g).length === 2, it.calls());
  });
  const DONE = `${BEGUN}INFO Migrated 128\nINFO db metadata version up to date at 128\n`;
  add("an upgrade ends when the log says that the database is migrated", "*", (it) => {
    const { status, words } = it.upgrade([NEW]);
    expect(status === 0 && it.env().includes(NEW) && /compose logs/.test(it.calls()), words);
  }, { log: DONE });
  const stays = (it, done, words) => {
    expect(done.status === 1 && words.test(done.words) && /The way back is the export/.test(done.words), `${done.status}: ${done.words}`);
    expect(it.env().includes(NEW) && it.calls().match(/compose up/g).length === 1, it.calls());
  };
  add("a migration that does not end is no success, and no old revision is started on it", "*", (it) => {
    stays(it, it.upgrade([NEW]), /does not say that the migration has ended/);
  }, { log: BEGUN });
  add("a line that a migration names is waited for", "*", (it) => {
    stays(it, it.upgrade([NEW]), /does not say that the migration has ended/);
  }, { log: DONE.replace("'Migrated 128'", "'Backfill done'") });
  add("after a migration a backend that stops answering does not bring back the old revision", OLD, (it) => {
    stays(it, it.upgrade([NEW]), /may have changed the database/);
  }, { log: DONE });
  add("a log that says nothing about migrations is no permission to go back", OLD, (it) => {
    stays(it, it.upgrade([NEW]), /may have changed the database/);
  }, { log: "" });
  add("a revision that is older than the database is stopped, and the one before is used again", "*", (it) => {
    const { status, words } = it.upgrade([NEW]);
    expect(status === 1 && /newer than revision/.test(words) && /The way back is the export/.test(words), words);
    const calls = it.calls();
    expect(calls.indexOf("compose stop backend") < calls.lastIndexOf("compose up") && it.env().includes(OLD) && !it.env().includes(NEW), calls);
  }, { log: AHEAD });
  add("a database that is too old names the revision to go through", "*", (it) => {
    const { status, words } = it.upgrade([NEW]);
    expect(status === 1 && words.includes("be8a4f397810ce3d04dc3cb32bc81969fe64685a first") && it.env().includes(OLD), words);
  }, { log: TOO_OLD });
  add("a dashboard that answers with an error is one that goes back", "*", (it) => {
    const { status, words } = it.upgrade([NEW]);
    expect(status === 1 && /dashboard does not answer/.test(words) && it.env().includes(OLD), words);
  }, { dashboard: 1 });
  add("what cannot be pulled is one that goes back", "*", (it) => {
    const { status } = it.upgrade([NEW], { FAKE_FAIL: "^compose pull" });
    expect(status === 1 && it.env().includes(OLD) && !it.env().includes(NEW), it.env());
  });
  add("without a revision before it goes back to what the file says", '""', (it) => {
    const { status, words } = it.upgrade([NEW]);
    expect(status === 1 && it.env() === "A=1\n", `${status}: ${words}${it.env()}`);
  }, { env: "A=1\n" });
  add("an export that fails is no upgrade", "*", (it) => {
    const { status } = it.upgrade([NEW]);
    expect(status !== 0 && it.env().includes(OLD) && !/compose (pull|up)/.test(it.calls()), it.calls());
  }, { backup: "exit 4" });
  add("a revision in the environment, which Compose would take, is refused", "*", (it) => {
    const { status, words } = it.upgrade([NEW], { CONVEX_REVISION: OLD });
    expect(status === 1 && /CONVEX_REVISION is set in the environment/.test(words) && !/backup|pull/.test(it.calls()) && it.env().includes(OLD), words);
  });
  add("where .env cannot be written its content is kept, and said where", "*", (it) => {
    writeFileSync(it.path("programs/cat"), '#!/bin/sh\ncase $1 in .env.*) exit 1 ;; esac\nexec /bin/cat "$@"\n', { mode: 0o755 });
    const { status, words } = it.upgrade([NEW]);
    const kept = /is in (.*\.env\.\w+): put it back/.exec(words)?.[1];
    expect(status === 1 && kept && !/compose (pull|up)/.test(it.calls()), words);
    expect(readFileSync(kept, "utf8") === `A=1\nB='2 3'\nCONVEX_REVISION=${NEW}\n`, readFileSync(kept, "utf8"));
    rmSync(kept);
  });
  add("the file that COMPOSE_ENV_FILES names last is written, and no other", "*", (it) => {
    const file = path.join(it.folder, "prod.env");
    writeFileSync(file, `CONVEX_REVISION=${OLD}\nC=3`);
    const before = it.env();
    const { status, words } = it.upgrade([NEW], { COMPOSE_ENV_FILES: "/dev/null,prod.env", FAKE_VARIABLES: "prod.env" });
    expect(status === 0 && it.env() === before, words + it.env());
    expect(readFileSync(file, "utf8") === `C=3\nCONVEX_REVISION=${NEW}\n`, readFileSync(file, "utf8"));
  });
  add("where Compose reads another file than the one that is written nothing is pulled", "*", (it) => {
    const { status, words } = it.upgrade([NEW], { FAKE_VARIABLES: "/dev/null" });
    expect(status === 1 && /does not read CONVEX_REVISION from \.env/.test(words) && it.env().includes(OLD) && !/pull/.test(it.calls()), words);
  });
  cases["a project with --env-file has its revision in the last one"] = async () => {
    const source = path.join(here, "../../examples/convex-upstream/compose.yaml");
    const named = await generate("upgrade", source, ["--env-file", "/dev/null"]);
    expect(/^ENV_FILE=\/dev\/null$/m.test(named["upgrade.sh"]), named["upgrade.sh"].match(/^ENV_FILE.*$/m)?.[0]);
    expect(/^COMPOSE=\(docker compose --env-file \/dev\/null/m.test(named["upgrade.sh"]), named["upgrade.sh"].match(/^COMPOSE=.*$/m)?.[0]);
  };
  cases["each of two backends is exported from its own application, and moved"] = () => {
    const it = project({ ...two, ...twoBackups }, { running: ["a", "b", "dashboard"] });
    try {
      writeFileSync(path.join(it.folder, ".env"), `CONVEX_REVISION=${OLD}\n`);
      writeFileSync(it.path("log"), CURRENT);
      for (const name of ["curl", "node"]) writeFileSync(it.path("inside", name), "#!/bin/sh\n", { mode: 0o755 });
      for (const name of ["app-a", "app-b"]) mkdirSync(path.join(it.folder, name));
      writeFileSync(it.path("programs/npx"), '#!/bin/sh\necho "npx $2 in ${PWD##*/}" >>"$FAKE/calls"\n[ "$2" != export ] || printf zip >"$5"\n', { mode: 0o755 });
      const refused = it.run("upgrade.sh", [NEW], { PATIENCE: "1", CONVEX_APP_A: "app-a" });
      expect(refused.status !== 0 && /CONVEX_APP_B/.test(refused.words) && !/compose up/.test(it.calls()), refused.words);
      const same = it.run("upgrade.sh", [NEW], { PATIENCE: "1", CONVEX_APP_A: "app-a", CONVEX_APP_B: "app-a" });
      expect(same.status !== 0 && /same application/.test(same.words) && !/compose up/.test(it.calls()), same.words);
      const { status, words } = it.run("upgrade.sh", [NEW], { PATIENCE: "1", CONVEX_APP_A: "app-a", CONVEX_APP_B: "app-b" });
      expect(status === 0, words);
      for (const call of ["npx export in app-a", "npx export in app-b", "npx env in app-a", "npx env in app-b", "compose up --detach --no-deps a b dashboard"]) {
        expect(it.calls().includes(call), `${call}: ${it.calls()}`);
      }
      const [backup] = it.backups();
      for (const name of ["a.zip", "a.env", "b.zip", "b.env"]) expect(existsSync(path.join(it.folder, "backups", backup, "convex", name)), name);
    } finally {
      it.remove();
    }
  };
  add("what is no revision is refused, and nothing is touched", "*", (it) => {
    for (const options of [[], ["latest"], [NEW.slice(1)], [`${NEW}x`], [NEW.toUpperCase()], [NEW, OLD], ["$(id)"]]) {
      const { status, words } = it.upgrade(options);
      expect(status === 2 && it.calls() === "" && it.env().includes(OLD), `${options}: ${status}, ${words}${it.calls()}`);
    }
  });
  add("where Compose does not read the second file nothing is touched", "*", (it) => {
    const { status, words } = it.upgrade([NEW], { FAKE_IMAGES: "fixed" });
    expect(status === 1 && /COMPOSE_FILE/.test(words) && !/backup|pull/.test(it.calls()), words + it.calls());
  });
  return judge(cases);
}
