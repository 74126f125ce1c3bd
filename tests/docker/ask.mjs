// Asks a proxy in the network namespace of the daemon: reads what to check from standard input, writes outcomes as JSON.

import { readFileSync } from "node:fs";

import { followsTo, refusesUnknownHosts, siteChecks } from "../proxies/checks.mjs";

/** How long a project may take to answer after `up`, in milliseconds. */
const START = 60_000;

const { sites, door, moved } = JSON.parse(readFileSync(0, "utf8"));
const outcomes = [];
if (moved) {
  await check(`${moved.site.host} follows its container to a new address`, () => followsTo(moved.address, moved.site, door));
} else {
  for (const site of sites) await isStarted(site);
  for (const site of sites) {
    for (const [name, run] of Object.entries(siteChecks(site, door))) await check(`${site.host} ${name}`, run);
  }
  await check("unknown hosts are refused", () => refusesUnknownHosts(door));
}
process.stdout.write(JSON.stringify(outcomes), () => process.exit());

/** Waits until a site answers; one that never does fails its checks. */
async function isStarted(site) {
  const run = siteChecks(site, door)["keeps the host name"];
  for (const deadline = Date.now() + START; Date.now() < deadline; await new Promise((resolve) => setTimeout(resolve, 250))) {
    try {
      return await run();
    } catch {
      // Not yet.
    }
  }
}

async function check(name, run) {
  try {
    await run();
    outcomes.push({ name });
  } catch (error) {
    outcomes.push({ name, failure: error.message });
  }
}
