// Plays Convex's backend or dashboard in a container: what an upgrade can see of them. The log has upstream's lines.
//
// `VERSION` is the version of the database that this revision has; the volume holds the one that is there. `FAILS` says
// how it fails: at `start`, in the middle of a `migration`, or it is `silent`. Each start is written down in the volume.

import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

const { FAILS, PORT, REVISION, STATUS, VERSION } = process.env;
for (const signal of ["SIGTERM", "SIGINT"]) process.on(signal, () => process.exit());
const listen = () => createServer((_, answer) => answer.writeHead(Number(STATUS)).end(REVISION)).listen(Number(PORT));
if (VERSION) await runBackend();
else listen();

async function runBackend() {
  const [started, version] = ["/convex/data/started", "/convex/data/version"];
  appendFileSync(started, `${REVISION}\n`);
  console.log("INFO convex_local_backend: Starting");
  if (FAILS === "start") process.exit(1);
  const there = existsSync(version) ? Number(readFileSync(version, "utf8")) : 0;
  // It answers while it migrates.
  if (FAILS !== "silent") listen();
  else setInterval(() => {}, 60_000);
  console.log("INFO Attempting migration");
  if (there > Number(VERSION)) console.log(`WARN persisted db metadata version is ahead at ${there}, this binary is at ${VERSION}`);
  else if (there !== 0 && there < Number(VERSION)) await migrate(version);
  else console.log(`INFO db metadata version up to date at ${VERSION}`);
  if (there === 0) writeFileSync(version, VERSION);
  console.log("INFO Migration complete");
}

async function migrate(version) {
  console.log(`INFO Migrating to ${VERSION}`);
  console.log(`WARN Executing Migration ${VERSION}/${VERSION}. Wait for log line 'Migrated ${VERSION}'`);
  await sleep(1500);
  writeFileSync(version, VERSION);
  if (FAILS === "migration") process.exit(1);
  console.log(`INFO Migrated ${VERSION}`);
  console.log(`INFO db metadata version up to date at ${VERSION}`);
}
