// One configuration, really served and asked: reads a case from standard input, writes the outcomes as JSON.

import { appendFileSync, readFileSync } from "node:fs";

import { CERTBOT_PORT, startBackend, startNameServer } from "./backend.mjs";
import { followsTo, leadsOn, patientChecks, refusesUnknownHosts, servesChallenge, siteChecks } from "./checks.mjs";
import { judgeRenewal } from "./certbot.mjs";
import { http3Checks } from "./http3.mjs";
import { judgeHostile } from "./injection.mjs";
import { SERVERS } from "./servers.mjs";
import { loopback, makeCertificate, ownNamespace } from "./stage.mjs";

const outcomes = [];
try {
  await serve(JSON.parse(readFileSync(0, "utf8")));
} catch (error) {
  outcomes.push({ name: "is served", failure: error.message });
}
process.stdout.write(JSON.stringify(outcomes), () => process.exit());

/** `it`: a case of `cases.mjs`, with `{ mode, folder, files: [{ name, text }], services, program, version }`. */
async function serve(it) {
  const server = SERVERS.find(({ id }) => id === it.server);
  if (it.isHostile) return judgeHostile(it, server, ownNamespace(), check);
  const isPublished = server.usesPublished(it);
  const portOfSite = (site) => (isPublished ? site.published : site.port);
  const stage = it.mode === "namespace" ? ownNamespace() : await loopback(it, [...it.sites.map(portOfSite), CERTBOT_PORT]);
  const addresses = new Map();
  const addressOf = (service) => {
    // Every service has an address of its own, as in a network of Docker's. Nobody is there in a project from elsewhere.
    const network = it.isForeign ? "192.0.2" : "127.0.0";
    if (!addresses.has(service)) addresses.set(service, `${network}.${addresses.size + 20}`);
    return addresses.get(service);
  };
  const startSite = (site, address) => {
    const certificate = site.isTls ? makeCertificate(it.folder, ["localhost"]) : undefined;
    return startBackend(site.name, address, stage.portOf(portOfSite(site)), certificate);
  };
  const backends = [];
  const isStarted = ({ name }) => backends.some(({ site }) => site.name === name);
  for (const site of it.sites) {
    if (isStarted(site)) continue;
    // What Docker writes into a container that is told of its host.
    if (site.isOnHost) appendFileSync("/etc/hosts", `${addressOf(site.service)} host.docker.internal\n`);
    const address = isPublished ? "127.0.0.1" : addressOf(site.service);
    backends.push({ site, backend: await startSite(site, address) });
  }
  if (!isPublished) await startNameServer(addresses, ...stage.nameServer);

  if (it.isForeign) {
    for (const service of Object.keys(it.services)) addressOf(service);
    appendFileSync("/etc/hosts", `${addressOf("host.docker.internal")} host.docker.internal\n`);
  }

  const proxy = await server.prepare(it, stage, addressOf);
  if (it.isRenewal) {
    // Where the project's certbot is found while it runs.
    addressOf("certbot");
    return judgeRenewal(it, proxy, check);
  }
  const { isSecure, certificate } = proxy;
  const door = { address: "127.0.0.1", ...stage.ports, isSecure, certificate, offers: it.offers };
  if (!(await check("the server accepts it", proxy.start))) return;
  if (it.isPatient) {
    const all = it.sites.flatMap((site) => Object.entries(patientChecks(site, door)).map(([name, run]) => [`${site.host} ${name}`, run]));
    await Promise.all(all.map(([name, run]) => check(name, run)));
    return;
  }
  for (const host of it.isForeign && it.place === "network" ? hostsIn(it.files) : []) {
    await check(`${host} leads on`, () => leadsOn(host, door));
  }
  for (const site of it.sites) {
    for (const [name, run] of Object.entries(siteChecks(site, door))) await check(`${site.host}${site.prefix ?? ""} ${name}`, run);
    if (proxy.challenge && !site.isMissing) {
      await check(`${site.host} answers the certificate authority`, () => servesChallenge(door, site.host, proxy.challenge));
    }
  }
  await check("unknown hosts are refused", () => refusesUnknownHosts(door));
  if (it.http3) {
    await check("HTTP/3 is asked", async () => {
      for (const [name, run] of await http3Checks(it.sites, door)) await check(name, run);
    });
    return;
  }
  const site = it.sites.find(({ isShut, isMissing }) => !isShut && !isMissing);
  if (site && server.follows(it)) {
    await check(`${site.host} follows its container to a new address`, async () => {
      for (const other of backends) if (other.site.service === site.service) other.backend.stop();
      const address = "127.0.1.1";
      addresses.set(site.service, address);
      await startSite(site, address);
      await followsTo(address, site, door);
    });
  }
}

/** The names that are proposed where a project says none. */
function hostsIn(files) {
  const names = files.flatMap(({ text }) => text.match(/(?<![\w.-])[\w-]+\.example\.com\b/g) ?? []);
  return [...new Set(names)];
}

async function check(name, run) {
  try {
    await run();
    outcomes.push({ name });
    return true;
  } catch (error) {
    outcomes.push({ name, failure: error.message });
    return false;
  }
}
