// Judges what is generated under a real Docker daemon: `node tests/docker/run.mjs [--own] [PART…]`.
//
// A part is a module here that exports `cases(daemon)`: an object of named checks, each of which throws a sentence when
// it fails, and, as `rows`, what the table at the end says was started.

import { Skip, useDocker } from "./daemon.mjs";

const PARTS = ["harness", "backup", "upgrade", "firewall", "proxies", "files"];

const began = performance.now();
const wantsOwn = process.argv.includes("--own");
const wanted = process.argv.slice(2).filter((it) => it !== "--own");
const unknown = wanted.filter((it) => !PARTS.includes(it));
if (unknown.length > 0) {
  console.error(`Unknown part ${unknown[0]}. Parts: ${PARTS.join(", ")}.`);
  process.exit(2);
}

const daemon = await useDocker({ wantsOwn });
console.log(`Docker ${daemon.engine}, Compose ${daemon.composeVersion}`);
let [passed, failed, skipped] = [0, 0, 0];
const table = [];
for (const part of PARTS.filter((it) => wanted.length === 0 || wanted.includes(it))) {
  try {
    const { cases, rows = [] } = await import(`./${part}.mjs`);
    for (const [name, check] of Object.entries(await cases(daemon))) await judge(`${part}: ${name}`, check);
    table.push(...rows);
  } catch (error) {
    await judge(error instanceof Skip ? part : `${part} is prepared`, () => {
      throw error;
    });
  }
}
if (daemon.isPrivate) daemon.stop();
else await judge("your own Docker is as it was before", daemon.stop);
if (table.length > 0) console.log(["", ...table.map((row) => row.join(" | ")), ""].join("\n"));
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped, in ${Math.round((performance.now() - began) / 1000)} s`);
process.exit(failed > 0 || (skipped > 0 && process.env.CI) ? 1 : 0);

async function judge(name, check) {
  try {
    await check();
    passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    if (error instanceof Skip) {
      skipped += 1;
      console.log(`skipped ${name}: ${error.message}`);
      return;
    }
    failed += 1;
    console.log(`FAILED  ${name}\n        ${(error.message ?? String(error)).trim().replaceAll("\n", "\n        ")}`);
  }
}
