// Backups and restores of real volumes and databases, with the passwords that the offers write: rows before and after.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { generate } from "../scripts/project.mjs";
import { must } from "./daemon.mjs";
import { loadImages } from "./images.mjs";

// `mysql` is as the offer "Use MySQL" writes it (crates/operations/src/offers.rs).
const PROJECT = `
name: keep
services:
  web:
    image: busybox:1
    command: [sleep, "99999"]
    stop_grace_period: 1s
    volumes: ["uploads:/uploads", "./html:/html"]
    environment: ["DATABASE_URL=postgres://u:p@db.example.com/x"]
  db:
    image: postgres:17
    environment: {POSTGRES_USER: shop, POSTGRES_PASSWORD_FILE: /run/secrets/word}
    secrets: [word]
    volumes: ["pg:/var/lib/postgresql/data", "conf:/etc/postgresql-custom"]
  mysql:
    image: mysql:8
    environment: {MYSQL_USER: convex, MYSQL_PASSWORD: pa55, MYSQL_DATABASE: my_shop, MYSQL_RANDOM_ROOT_PASSWORD: "yes"}
    volumes: ["my:/var/lib/mysql"]
  maria:
    image: mariadb:11
    environment: {MARIADB_ROOT_PASSWORD_FILE: /run/secrets/word, MARIADB_DATABASE: shop}
    secrets: [word]
    volumes: ["maria:/var/lib/mysql"]
volumes: {uploads: , pg: , conf: , my: , maria: }
secrets: {word: {file: ./word}}
`;
const REFUSED = `
name: none
services:
  web:
    image: busybox:1
    volumes: ["modules:/app/node_modules"]
    environment: ["DATABASE_URL=postgres://u:p@db.example.com/x"]
volumes: {modules: }
`;
const FOLDER = `
name: folder
services:
  backend:
    image: local/get-convex/convex-backend
    command: [sleep, "99999"]
    stop_grace_period: 1s
    volumes: ["./data:/convex/data"]
`;
// PostgreSQL without `POSTGRES_USER`, and MariaDB whose root has a password that nothing knows.
const KILLED = `
name: killed
services:
  web:
    image: busybox:1
    command: [sleep, "99999"]
    stop_grace_period: 1s
    volumes: ["uploads:/uploads"]
  db:
    image: postgres:17
    environment: {POSTGRES_PASSWORD: pa55}
    volumes: ["pg:/var/lib/postgresql/data"]
  maria:
    image: mariadb:11
    environment: {MARIADB_USER: shop, MARIADB_PASSWORD: pa55, MARIADB_DATABASE: shop, MARIADB_RANDOM_ROOT_PASSWORD: "1"}
    volumes: ["maria:/var/lib/mysql"]
volumes: {uploads: , pg: , maria: }
`;
// A volume that is a small disk of its own, and something large enough to be killed on the way.
const DISK = `
name: disk
services:
  web:
    image: busybox:1
    command: [sleep, "99999"]
    stop_grace_period: 1s
    volumes: ["small:/small"]
volumes: {small: {driver_opts: {type: tmpfs, device: tmpfs, o: size=24m}}}
`;

export const rows = [];

export async function cases(daemon) {
  await loadImages(daemon, { busybox: ["busybox:1", "local/get-convex/convex-backend"], postgres: ["postgres:17"], mariadb: ["mariadb:11", "mysql:8"] });
  const made = [];
  // The script's own choice is `busybox:1`.
  const env = daemon.isPrivate ? {} : { IMAGE: daemon.image("busybox:1") };
  const project = async (text) => {
    const root = mkdtempSync(path.join(os.tmpdir(), `${daemon.prefix}-backup-`));
    const folder = path.join(root, "a project's directory");
    mkdirSync(folder);
    writeFileSync(path.join(folder, "compose.yaml"), daemon.text(text));
    writeFileSync(path.join(folder, "word"), 's3cret "word"');
    for (const [name, script] of Object.entries(await generate("backup", path.join(folder, "compose.yaml")))) {
      writeFileSync(path.join(folder, name), script, { mode: 0o755 });
    }
    made.push([root, folder]);
    return {
      folder,
      compose: (...args) => daemon.compose(args, { cwd: folder }),
      // As cron does: from elsewhere.
      run: (script, ...options) => daemon.inside(["bash", path.join(folder, script), ...options], { cwd: "/", env }),
      backups: () => readdirSync(path.join(folder, "backups")).map((name) => path.join(folder, "backups", name)),
    };
  };
  const shop = await project(PROJECT);
  const asked = async (service, command) => {
    for (let tries = 0; ; tries += 1) {
      const ran = await shop.compose("exec", "-T", service, "sh", "-c", command);
      if (ran.status === 0 || tries > 90) return must(ran).out.trim();
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
  const clients = {
    db: (sql) => asked("db", `psql -U shop -d shop -Atqc "${sql}"`),
    mysql: (sql) => asked("mysql", `MYSQL_PWD=pa55 mariadb -uconvex my_shop -Ne "${sql}"`),
    maria: (sql) => asked("maria", `MYSQL_PWD=$(cat /run/secrets/word) mariadb -uroot shop -Ne "${sql}"`),
  };
  const fill = async (from, to) => {
    const numbers = Array.from({ length: to - from }, (_, index) => `(${from + index})`).join(",");
    for (const ask of Object.values(clients)) await ask(`INSERT INTO t VALUES ${numbers}`);
    await asked("web", `echo ${to} >/uploads/.hidden; chmod 2770 /uploads`);
    await asked("db", `echo ${to} >/etc/postgresql-custom/key`);
  };
  const count = async () => {
    const found = {};
    for (const [service, ask] of Object.entries(clients)) found[service] = Number(await ask("SELECT count(*) FROM t"));
    found.uploads = Number(await asked("web", "cat /uploads/.hidden"));
    found.conf = Number(await asked("db", "cat /etc/postgresql-custom/key"));
    return found;
  };
  must(await shop.compose("up", "-d", "--pull", "never"));
  for (const ask of Object.values(clients)) await ask("CREATE TABLE t (i int)");
  await clients.db("CREATE ROLE app");
  await clients.db("CREATE ROLE reader; GRANT reader TO app; ALTER TABLE t OWNER TO app");
  // It names its database, and loads into no other one.
  await clients.maria("CREATE TRIGGER shop.noted BEFORE INSERT ON shop.t FOR EACH ROW SET NEW.i = NEW.i");
  await clients.db("ALTER DATABASE shop OWNER TO app");
  await fill(0, 700);

  return {
    "a backup of real databases names what is not in it, before and after": async () => {
      const { out } = must(await shop.run("backup.sh"));
      const outside = "the PostgreSQL database at db.example.com that DATABASE_URL of web points to";
      expect(out.startsWith("NOT in this backup:\n") && out.includes(`  - ${outside}`), out);
      expect(new RegExp(`^Wrote .*: contains .*NOT in it: .*${outside}`, "m").test(out), out);
      expect(out.includes("what web keeps in ./html") && out.includes("databases of mysql that its user convex has no access to"), out);
      for (const part of ["database shop of db", "database my_shop of mysql", "database shop of maria", "volume uploads", "volume conf"]) {
        expect(/^Wrote .*$/m.exec(out)[0].includes(part), `no ${part}: ${out}`);
      }
    },
    "a restore brings every row back, and the owner of a database": async () => {
      const before = await count();
      await fill(700, 1000);
      const changed = await count();
      expect(Object.values(before).every((it) => it === 700) && Object.values(changed).every((it) => it === 1000), JSON.stringify([before, changed]));
      const refused = await shop.run("restore.sh", shop.backups()[0]);
      expect(refused.status === 1 && /needs a confirmation/.test(refused.err), refused.err);
      expect(JSON.stringify(await count()) === JSON.stringify(changed), "a refused restore changed something");
      must(await shop.run("restore.sh", "--yes", shop.backups()[0]));
      const after = await count();
      expect(JSON.stringify(after) === JSON.stringify(before), JSON.stringify([before, after]));
      expect((await clients.db("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'shop'")) === "app", "the owner changed");
      expect((await asked("web", "stat -c %a /uploads")) === "2770", "the mode changed");
      for (const what of Object.keys(before)) rows.push(["backup", what, `before ${before[what]}`, `changed ${changed[what]}`, `restored ${after[what]}`]);
    },
    "on a new machine a restore brings back rows, roles, and triggers": async () => {
      const [backup] = shop.backups();
      must(await shop.compose("down", "--volumes"));
      must(await shop.compose("up", "-d", "--pull", "never"));
      for (const ask of Object.values(clients)) await ask("SELECT 1");
      must(await shop.run("restore.sh", "--yes", backup));
      const after = await count();
      expect(Object.values(after).every((it) => it === 700), JSON.stringify(after));
      expect((await clients.db("SELECT tableowner FROM pg_tables WHERE tablename = 't'")) === "app", "the owner of a table changed");
      expect((await clients.db("SELECT pg_has_role('app', 'reader', 'member')")) === "t", "a role has lost its membership");
      expect((await clients.maria("SELECT count(*) FROM information_schema.TRIGGERS WHERE TRIGGER_NAME = 'noted'")) === "1", "the trigger is gone");
      rows.push(["backup", "restore on a new machine", "before 700", "empty", `restored ${Object.values(after).join(", ")}`]);
    },
    "a second run is refused while one runs": async () => {
      const began = shop.backups().length;
      const held = ["flock", path.join(shop.folder, ".compose-backup.lock"), "sh", "-c", 'exec "$@"', "sh", "bash", path.join(shop.folder, "backup.sh")];
      const ran = await daemon.inside(held, { cwd: "/", env });
      expect(ran.status === 1 && /another backup, restore or upgrade/.test(ran.err), ran.err);
      expect(shop.backups().length === began, "it wrote something");
      const [first, second] = await Promise.all([shop.run("backup.sh"), shop.run("backup.sh")]);
      expect([first.status, second.status].sort().join() === "0,1", `${first.err}${second.err}`);
      expect(shop.backups().length === began + 1, "two backups were written");
    },
    "where nothing of value would be saved a backup is refused, and nothing is written": async () => {
      const none = await project(REFUSED);
      must(await none.compose("create", "--pull", "never"));
      const ran = await none.run("backup.sh");
      expect(ran.status === 1 && /nothing of value/.test(ran.err) && ran.out.includes("db.example.com"), ran.out + ran.err);
      expect(!readdirSync(none.folder).includes("backups"), "it wrote something");
      must(await none.compose("down", "--volumes"));
    },
    "Convex's data in a directory of the host comes back": async () => {
      const it = await project(FOLDER);
      mkdirSync(path.join(it.folder, "data"));
      writeFileSync(path.join(it.folder, "data/db.sqlite3"), "café ☕");
      must(await it.compose("up", "-d", "--pull", "never"));
      must(await it.run("backup.sh"));
      writeFileSync(path.join(it.folder, "data/db.sqlite3"), "changed");
      writeFileSync(path.join(it.folder, "data/new"), "");
      must(await it.run("restore.sh", "--yes", it.backups()[0]));
      expect(readFileSync(path.join(it.folder, "data/db.sqlite3"), "utf8") === "café ☕", "it is not as before");
      expect(!readdirSync(path.join(it.folder, "data")).includes("new"), "what is new stays");
      expect(must(await it.compose("ps", "--services", "--status", "running")).out.trim() === "backend", "the backend does not run again");
    },
    "a restore that is killed is ended by the next one, and no backup is made before": async () => {
      const it = await project(KILLED);
      const ask = async (service, command) => {
        for (let tries = 0; ; tries += 1) {
          const ran = await it.compose("exec", "-T", service, "sh", "-c", command);
          if (ran.status === 0 || tries > 90) return must(ran).out.trim();
          await new Promise((resolve) => setTimeout(resolve, 500));
        }
      };
      const sql = { db: (text) => ask("db", `psql -U postgres -Atqc "${text}"`), maria: (text) => ask("maria", `MYSQL_PWD=pa55 mariadb -ushop shop -Ne "${text}"`) };
      const set = async (value) => {
        for (const query of Object.values(sql)) await query(`DELETE FROM t; INSERT INTO t VALUES (${value})`);
        await ask("web", `echo ${value} >/uploads/file`);
      };
      const state = async () => [await sql.db("SELECT i FROM t"), await sql.maria("SELECT i FROM t"), await ask("web", "cat /uploads/file")].join();
      must(await it.compose("up", "-d", "--pull", "never"));
      for (const query of Object.values(sql)) await query("CREATE TABLE t (i int)");
      await set(1);
      must(await it.run("backup.sh"));
      const unfinished = path.join(it.folder, ".compose-backup.unfinished");
      for (const moment of ["maria|mysql", "volume|"]) {
        await set(2);
        const restore = `echo $$ >"$1/process"; exec bash "$1/restore.sh" --yes "$2"`;
        const run = daemon.inside(["bash", "-c", restore, "sh", it.folder, it.backups()[0]], { cwd: "/", env });
        while (!existsSync(unfinished) || !readFileSync(unfinished, "utf8").includes(moment)) await new Promise((resolve) => setTimeout(resolve, 10));
        process.kill(Number(readFileSync(path.join(it.folder, "process"), "utf8")), "SIGKILL");
        await run;
        await new Promise((resolve) => setTimeout(resolve, 2000));
        const refused = await it.run("backup.sh");
        expect(refused.status === 1 && /a restore was killed while it replaced data/.test(refused.err), refused.out + refused.err);
        expect(it.backups().length === 1, "a backup was made");
        const ran = await it.run("restore.sh", "--yes", it.backups()[0]);
        expect(ran.status === 0 && /killed while it replaced data/.test(ran.err), ran.out + ran.err);
        expect((await state()) === "1,1,1", `${moment}: ${await state()}`);
        const left = readdirSync(it.folder).filter((name) => /restore-|unfinished|stopped/.test(name));
        expect(left.length === 0, left.join());
        expect((await sql.db("SELECT count(*) FROM pg_database WHERE datname LIKE 'compose_restore%'")) === "0", "a database is left");
        rows.push(["backup", `restore killed at ${moment}`, "before 1", "changed 2", `restored ${await state()}`]);
      }
    },
    "a full disk, and an end at any moment, leave what was there": async () => {
      const it = await project(DISK);
      must(await it.compose("up", "-d", "--pull", "never"));
      // Its content goes with the last container that has it.
      const volume = must(await it.compose("config", "--format", "json")).out;
      const mount = `type=volume,src=${JSON.parse(volume).volumes.small.name},dst=/small`;
      const keeper = must(await daemon.docker(["run", "--detach", "--mount", mount, daemon.image("busybox:1"), "sleep", "99999"])).out.trim();
      const inside = async (command) => must(await daemon.docker(["exec", keeper, "sh", "-c", command])).out.trim();
      const fill = (value) => inside(`cd /small && rm -rf * && head -c 14000000 /dev/urandom >large && echo ${value} >file`);
      const temporary = async () => must(await daemon.docker(["volume", "ls", "--quiet", "--filter", `label=compose-restore.directory=${it.folder}`])).out.trim();
      const isRunning = async () => must(await it.compose("ps", "--services", "--status", "running")).out.trim() === "web";
      const killed = async (script, options, isDue) => {
        const run = daemon.inside(["bash", "-c", 'echo $$ >"$1/process"; script=$2; shift 2; exec bash "$script" "$@"', "sh", it.folder, path.join(it.folder, script), ...options], { cwd: "/", env });
        while (!(await isDue())) await new Promise((resolve) => setTimeout(resolve, 5));
        process.kill(Number(readFileSync(path.join(it.folder, "process"), "utf8")), "SIGKILL");
        return await run;
      };
      try {
        await fill(1);
        must(await it.run("backup.sh"));
        const [backup] = it.backups();
        await fill(2);
        const sum = await inside("cd /small && sha256sum *");

        // Old and new do not fit beside each other.
        const full = await it.run("restore.sh", "--yes", backup);
        expect(full.status === 1 && /no space left/i.test(full.err) && /Everything is as it was before/.test(full.err), full.out + full.err);
        expect((await inside("cd /small && sha256sum *")) === sum && !(await inside("ls -A /small")).includes(".compose"), "it is not as before");
        expect((await temporary()) === "" && (await isRunning()), "something is left, or stopped");
        rows.push(["backup", "restore onto a full disk", "before 1", "changed 2", `afterwards ${await inside("cat /small/file")}`]);

        if (process.getuid() === 0) {
          const disk = path.join(it.folder, "disk");
          mkdirSync(disk);
          const command = 'mount -t tmpfs -o size=4m tmpfs "$1" && { BACKUPS=$1 bash "$2"; code=$?; ls -A "$1"; exit "$code"; }';
          const ran = await daemon.inside(["unshare", "--mount", "sh", "-c", command, "sh", disk, path.join(it.folder, "backup.sh")], { cwd: "/", env });
          expect(ran.status === 1 && /no space left/i.test(ran.err) && !/Wrote|disk-/.test(ran.out), ran.out + ran.err);
          expect(await isRunning(), "the service does not run again");
          rows.push(["backup", "backup onto a full disk", "refused", "", "nothing is left of it"]);
        }

        await killed("restore.sh", ["--yes", backup], async () => (await temporary()) !== "");
        const left = await temporary();
        expect((await inside("cd /small && sha256sum *")) === sum && left !== "", "the kill came too late");
        await killed("backup.sh", [], () => it.backups().some((name) => name.endsWith(".partial")));
        expect((await temporary()) === "", `volume ${left} is left`);
        const last = await it.run("backup.sh");
        expect(last.status === 0 && it.backups().length === 2 && it.backups().every((name) => !name.endsWith(".partial")), last.err + it.backups());
        expect(/had stopped: web/.test(last.err), last.err);
        rows.push(["backup", "restore killed while unpacking", "before 1", "changed 2", `afterwards ${await inside("cat /small/file")}, no volume left`]);
      } finally {
        must(await daemon.docker(["rm", "--force", keeper]));
      }
    },
    "everything goes with the projects": async () => {
      for (const [root, folder] of made) {
        must(await daemon.compose(["down", "--volumes"], { cwd: folder }));
        rmSync(root, { recursive: true });
      }
    },
  };
}

function expect(condition, failure) {
  if (!condition) throw new Error(failure);
}
