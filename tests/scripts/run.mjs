// Judges generated scripts by running them: `node tests/scripts/run.mjs [backup] [upgrade]`.
//
// Backups run under a Docker that really moves files; a firewall runs in namespaces, with Docker's rules in place. Both
// want the right to have namespaces. Where there is none, the run says what it did not judge; in CI that is a failure.

import { spawnSync } from "node:child_process";

import { backupCases } from "./backup.mjs";
import { upgradeCases } from "./upgrade.mjs";

const PARTS = { backup: backupCases, upgrade: upgradeCases };

main();

async function main() {
  const began = performance.now();
  const wanted = process.argv.slice(2);
  let [passed, failed] = [0, 0];
  const parts = Object.keys(PARTS).filter((part) => wanted.length === 0 || wanted.includes(part));
  if (!mayHaveNamespaces()) {
    console.log(`not judged  ${parts.join(", ")}: there is no right to make namespaces here`);
    process.exit(process.env.CI ? 1 : 0);
  }
  // All begin at once: the firewall waits for answers that do not come.
  const judged = parts.map((part) => PARTS[part]());
  for (const [index, part] of parts.entries()) {
    for (const { name, failure } of await judged[index]) {
      if (failure) {
        failed += 1;
        console.log(`FAILED  ${part}: ${name}\n        ${failure.trim().replaceAll("\n", "\n        ")}`);
      } else {
        passed += 1;
        console.log(`ok      ${part}: ${name}`);
      }
    }
  }
  const seconds = Math.round((performance.now() - began) / 1000);
  console.log(`${passed} passed, ${failed} failed, in ${seconds} s`);
  process.exit(failed > 0 ? 1 : 0);
}

function mayHaveNamespaces() {
  const prefix = process.getuid() === 0 ? [] : ["--map-root-user"];
  return spawnSync("unshare", [...prefix, "--net", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/tmp"]).status === 0;
}
