// Hostile text in every field that reaches a configuration: what each server itself understood must be the plan.
//
// `hostile_plans.rs` types the strings and puts what is taken into a few projects of many sites. Where a server tells
// which routes it has (`understood`), they are held against the plan's, none more and none less; whether it does or
// not, every name is asked for, and so is every string that was refused, as far as a request can name it.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import os from "node:os";
import { join } from "node:path";

import { startNameServer } from "./backend.mjs";
import { output } from "./programs.mjs";

/** Of `hostile_plans.rs`, whose users all have it, but those whose hash was changed. */
const PASSWORD = "correct horse";
const HASH = "$2y$05$Gu8MZNd17/VpMJMMFqmsj.RWB.RUqPzQ8M80eauAh4YGbwX9TzgFq";
const US = "127.0.0.1";
const PATIENCE = 10_000;
/** How many requests at once. */
const WIDTH = 16;
/** As many failures are told of one case. */
const TOLD = 8;

/** What `hostilePlans` makes of them for all servers: `{ fields, cases }`. */
export async function injectionCases(servers, hostilePlans) {
  const folder = mkdtempSync(join(os.tmpdir(), "hostile-"));
  try {
    await output([hostilePlans, folder, ...servers.map(({ target, version }) => `${target}=${version}`)]);
    return casesIn(folder, servers);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function casesIn(folder, servers) {
  const { fields, projects, mails } = JSON.parse(readFileSync(join(folder, "plans.json"), "utf8"));
  const cases = projects.flatMap(({ name, text, ...project }, which) =>
    servers.map(({ id, target, offers }, index) => ({
      ...project,
      name: `hostile text, ${name}`,
      isHostile: true,
      server: id,
      target,
      offers,
      project: text,
      files: filesIn(join(folder, String(which), String(index))),
    })),
  );
  const readers = servers.filter(({ readsMail }) => readsMail);
  const mailed = readers.map(({ id, target, offers }) => ({
    ...{ name: "hostile text, e-mail", isHostile: true, server: id, target, offers, mails, files: [], sites: [] },
  }));
  return { fields, cases: [...cases, ...mailed] };
}

/** What became of the strings of each field. */
export function printFields(fields) {
  const width = Math.max(...fields.map(({ name }) => name.length));
  for (const { name, strings, unlike, served } of fields) {
    console.log(`${name.padEnd(width)}  ${strings} strings, ${unlike} unlike others, ${served} of them served`);
  }
}

/** The checks of a case, by `check(name, run)`. */
export async function judgeHostile(it, server, stage, check) {
  if (it.mails) return void (await check(`${it.mails.length} addresses are read as such`, () => server.readsMail(it)));
  // Any address leads to this machine: whoever is let in by a range can be played.
  for (const family of ["-4", "-6"]) execFileSync("ip", [family, "route", "add", "local", "default", "dev", "lo"]);
  const addresses = new Map();
  const addressOf = (name) => {
    const key = name.toLowerCase().replace(/\.+$/, "");
    const number = addresses.size + 1;
    if (!addresses.has(key)) addresses.set(key, `127.1.${number >> 8}.${number & 255}`);
    return addresses.get(key);
  };
  for (const { service } of it.sites) addressOf(service);
  const sites = it.sites.map((site) => {
    const reached = reachedAt(site, addressOf, server.asksDocker);
    return { ...site, reached, told: server.asksDocker ? reached : site.upstream };
  });
  await Promise.all([...new Set(sites.map(({ reached }) => portOf(reached)))].map(startUpstream));
  await startNameServer(addresses, ...stage.nameServer);
  const proxy = await server.prepare(it, stage, addressOf);
  const isSilent = it.tls === "acme" && server.certifiesItself;
  if (!(await check("the server accepts it", proxy.start))) return;
  if (server.understood) {
    await check("its routes are the plan's", async () => {
      const routes = await server.understood(it, sites);
      // Where a name leads by path, each server tells it in its own way: these are only asked for.
      const parted = sites.filter(({ path }) => path).map(({ host }) => host);
      const isWhole = ({ host }) => !parted.some((name) => host === name || host.startsWith(`Host(\`${name}\`)`));
      const got = routes.filter(isWhole).map((route) => written(route, route));
      expectSame(got, expected(sites.filter(isWhole), routes[0] ?? {}, it.offers));
    });
  }
  if (it.place === "network") await check("it joins the networks that it should", () => joins(it));
  // Nobody certifies so many names here.
  if (isSilent) return;
  const door = { ...stage.ports, isSecure: proxy.isSecure };
  const failures = [];
  const questions = [...sites.map((site) => [`${site.host}${site.path}`, () => leads(site, it, server, door)]), ...it.refused.map((text) => [JSON.stringify(text), () => leadsNowhere(text, sites, door)])];
  await inTurn(questions, async ([name, run]) => {
    try {
      await run();
    } catch (error) {
      failures.push([name, error.message]);
      return;
    }
    await check(name, () => {});
  });
  for (const [name, message] of failures.slice(0, TOLD)) await check(name, () => fail(message));
  if (failures.length > TOLD) await check("the others", () => fail(`${failures.length - TOLD} more of the like`));
}

/** `host:port` of whatever answers, as it calls itself. */
function reachedAt({ service, port, upstream }, addressOf, asksDocker) {
  if (asksDocker) return `${addressOf(service)}:${port}`;
  const name = upstream.slice(0, upstream.lastIndexOf(":"));
  const address = name.replace(/^\[|\]$/g, "");
  return `${net.isIP(address) ? name : addressOf(name)}:${portOf(upstream)}`;
}

function portOf(upstream) {
  return Number(upstream.slice(upstream.lastIndexOf(":") + 1));
}

/** Answers on a port of every address by saying which it was. */
async function startUpstream(port) {
  const upstream = http.createServer((request, response) => {
    const address = request.socket.localAddress.replace(/^::ffff:/, "");
    response.setHeader("x-backend", `${net.isIPv6(address) ? `[${address}]` : address}:${port}`);
    response.end();
  });
  upstream.listen(port, "::", 4096);
  await once(upstream, "listening");
}

/** What a server should have understood, as far as it tells. */
function expected(sites, told, offers) {
  return sites.map((site) => {
    const lacks = site.users.length > 0 && !offers.includes("users");
    const users = site.users.map(({ name, hash }) => `${name}:${hash}`);
    const upstream = lacks ? "nowhere" : `${site.scheme}://${site.told}`;
    return written({ ...site, upstream, users: lacks ? [] : users }, told);
  });
}

function written({ host, upstream, users, ranges }, told) {
  const words = [host];
  if (told.upstream !== undefined) words.push(`→ ${upstream}`);
  if (told.users !== undefined) words.push(`for ${[...users].sort().join(" ") || "everyone"}`);
  if (told.ranges !== undefined) words.push(`from ${[...ranges].sort().join(" ") || "everywhere"}`);
  return words.join(" ");
}

function expectSame(got, wanted) {
  const lacking = wanted.filter((it) => !got.includes(it));
  const added = got.filter((it) => !wanted.includes(it));
  const few = (all) => all.slice(0, TOLD).join("; ") || "none";
  if (lacking.length > 0 || added.length > 0) fail(`it lacks ${few(lacking)}; it has besides ${few(added)}`);
  if (got.length !== wanted.length) fail(`it has ${got.length} routes, not ${wanted.length}`);
}

/** What Compose would read of the generated file. */
function joins({ services, networks, server: id }) {
  const own = Object.entries(services).find(([, { isGenerated }]) => isGenerated);
  if (!own) fail(`there is no service of ${id}`);
  const got = own[1].networks ?? ["default"];
  expectSame(got, networks);
}

/** A name leads where it should, for whom it should. */
async function leads(site, it, server, door) {
  const isLacking = site.users.length > 0 && !it.offers.includes("users");
  const known = site.users.find(({ hash }) => hash === HASH);
  const inside = site.ranges.map(addressIn).find(Boolean);
  const isInside = site.ranges.length === 0 || site.ranges.some((range) => holds(range, US));
  const ask = (options) => request(site.host, door, { path: `${site.path}/`, ...options });
  const reaches = async (options) => {
    if (server.losesService?.(site.service) && it.place === "network") return refused(503, await ask(options));
    let { status, backend } = await ask(options);
    // All names are asked for at once when a server starts.
    for (const deadline = Date.now() + PATIENCE; [502, 503].includes(status) && Date.now() < deadline; ) {
      await new Promise((resolve) => setTimeout(resolve, 500));
      ({ status, backend } = await ask(options));
    }
    if (status === 200 && backend === site.reached) return;
    fail(`it was answered ${status} by ${backend ?? "the proxy"}, not by ${site.reached}`);
  };
  const refused = (wanted, { status, backend }) => {
    if (status !== wanted || backend) fail(`it was answered ${status} by ${backend ?? "the proxy"}, not ${wanted}`);
  };
  const credentials = known && asUser(known.name, PASSWORD);
  if (net.isIP(site.host) && door.isSecure) return;
  if (server.deniesHost?.(site.host)) return refused(400, await ask({}));
  if (isLacking) return refused(403, await ask({}));
  if (!isInside) refused(403, await ask({ headers: credentials }));
  const from = isInside ? US : inside;
  if (!from) return;
  if (site.users.length === 0) return reaches({ from });
  refused(401, await ask({ from }));
  refused(401, await ask({ from, headers: asUser(site.users[0].name, "correct mule") }));
  if (credentials) await reaches({ from, headers: credentials });
}

function asUser(name, password) {
  return { authorization: `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}` };
}

/** What was refused leads nowhere, but where a request names a host that is there. */
async function leadsNowhere(text, sites, door) {
  if (/[^\t\x20-\x7e\u0080-\u{10ffff}]/u.test(text) || text.trim() === "") return;
  const host = text.trim();
  const { backend } = await request(Buffer.from(host).toString("latin1"), door, { isLoose: true });
  if (!backend) return;
  // What stands around the name of a host may be cut off, and no other name put in its place.
  const isNamed = (site) => site.reached === backend && host.toLowerCase().includes(site.host);
  if (!sites.some(isNamed)) fail(`it leads to ${backend}`);
}

const agents = new Map();

/** The status, and who answered. `isLoose`: any answer will do, be it that none comes. */
function request(host, { isSecure, ...ports }, { path = "/", headers, from = US, isLoose }) {
  const is6 = net.isIPv6(from);
  // One connection serves many names, but where each name has a certificate.
  if (!agents.has(from)) agents.set(from, new http.Agent({ keepAlive: true, maxSockets: WIDTH }));
  return new Promise((resolve, reject) => {
    const end = (error) => (isLoose ? resolve({}) : reject(error));
    const options = {
      host: is6 ? "::1" : US,
      localAddress: from,
      port: isSecure ? ports.https : ports.http,
      path,
      headers: { host, ...headers },
      agent: isSecure ? false : agents.get(from),
      servername: isLoose || net.isIP(host) ? "" : host,
      rejectUnauthorized: false,
      timeout: PATIENCE,
    };
    const asked = (isSecure ? https : http).request(options, (response) => {
      response.resume();
      response.on("error", end);
      response.on("end", () => resolve({ status: response.statusCode, backend: response.headers["x-backend"] }));
    });
    asked.on("timeout", () => asked.destroy(new Error(`no answer in ${PATIENCE / 1000} s`)));
    asked.on("error", end);
    asked.end();
  });
}

/** An address that a range lets in and that can be ours. */
function addressIn(range) {
  const [address, bits] = range.split("/");
  if (net.isIPv6(address)) return bits === "128" && address !== "::" ? address : undefined;
  const first = Number(address.split(".")[0]);
  if (bits === "0") return "198.51.100.7";
  return first > 0 && first < 224 ? address.replace(/\.0$/, Number(bits) < 31 ? ".1" : ".0") : undefined;
}

function holds(range, address) {
  const [base, bits] = range.split("/");
  const list = new net.BlockList();
  list.addSubnet(base, Number(bits), net.isIPv6(base) ? "ipv6" : "ipv4");
  return list.check(address);
}

function filesIn(folder) {
  return readdirSync(folder).map((name) => ({ name, text: readFileSync(join(folder, name), "utf8") }));
}

async function inTurn(items, work) {
  const waiting = [...items];
  const worker = async () => {
    for (let item; (item = waiting.shift()); ) await work(item);
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
}

function fail(sentence) {
  throw new Error(sentence);
}
