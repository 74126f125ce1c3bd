// What a proxy that speaks HTTP/3 must do for those who ask by it. Node does not; a program of Python's asks.

import { createHash, randomBytes } from "node:crypto";
import path from "node:path";

import { PAUSE } from "./backend.mjs";
import { requestByHttp2 } from "./checks.mjs";
import { here, output, toolFolder } from "./programs.mjs";

const TARGET = "/caf%C3%A9/a%2Fb/..c?x=1&y=%20&z=";
const LIES = { "x-forwarded-for": "6.6.6.6", "x-forwarded-host": "evil.example", "x-forwarded-proto": "gopher", "x-real-ip": "6.6.6.6" };
const UPLOAD = randomBytes(1 << 20);
const STRANGER = { host: "unknown.example", target: "/", headers: {} };

/** The checks of all sites as names and functions that throw a sentence. What they look at is asked for at once. */
export async function http3Checks(sites, door) {
  const asked = sites.map((site) => Object.entries(requestsOf(site)));
  const requests = asked.flatMap((it) => it.map(([, request]) => request));
  // Who gets no handshake at all comes by TCP, as browsers do: silence is an answer here.
  const stranger = { ...STRANGER, anyCertificate: true, patience: 3 };
  const answers = await askByHttp3(door, [...requests, stranger]);
  const checks = sites.flatMap((site, index) => {
    const own = Object.fromEntries(asked[index].map(([name]) => [name, answers.shift()]));
    return Object.entries(checksOf(site, own, door)).map(([name, run]) => [`${site.host} ${name}`, run]);
  });
  return [...checks, ["unknown hosts are refused by HTTP/3", () => expectRefused(answers[0])]];
}

function requestsOf(site) {
  const headers = site.user ? { authorization: basic(site.user) } : {};
  const ask = { host: site.host, headers };
  return {
    plain: { ...ask, target: TARGET, headers: { ...headers, ...LIES } },
    uploaded: { ...ask, target: "/upload", body: UPLOAD.toString("base64") },
    stream: { ...ask, target: "/stream" },
    closed: { ...ask, target: site.closed ?? "/" },
    locked: { ...ask, target: "/", headers: {} },
    stranger: { ...STRANGER, door: site.host },
  };
}

function checksOf(site, { plain, uploaded, stream, closed, locked, stranger }, door) {
  if (site.isShut || site.isMissing) {
    return { "is shut to HTTP/3": () => expectRefused(plain, site.isMissing ? undefined : 403) };
  }
  const checks = {
    "is reached by HTTP/3"() {
      const seen = seenBy(plain);
      expect(seen.name === site.name, `${site.host} reached ${seen.name}, not ${site.name}`);
      expect(seen.target === TARGET, `the request for ${TARGET} became ${seen.target}`);
      const wanted = { host: site.host, "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "https" };
      for (const [name, value] of Object.entries(wanted)) {
        const got = (seen.headers[name] ?? []).join(" and ");
        expect(got === value, `${name} is ${got || "missing"}, not ${value}`);
      }
      for (const [name, lie] of Object.entries(LIES)) {
        const got = (seen.headers[name] ?? []).join();
        expect(!got.includes(lie), `a client's own ${name} reaches the service: ${got}`);
      }
    },
    "takes uploads by HTTP/3"() {
      expect(seenBy(uploaded).body === createHash("sha256").update(UPLOAD).digest("hex"), "the upload arrived changed");
    },
    "passes on what comes bit by bit, by HTTP/3"() {
      const { failure, firstAfter, lastAfter } = stream;
      expect(!failure, failure);
      expect(lastAfter - firstAfter >= PAUSE / 2, `the first part came after ${firstAfter} ms, the last after ${lastAfter}`);
    },
    // Whatever it is answered: Caddy says nothing, and that it is well.
    "serves no stranger at its own door"() {
      expect(!stranger.failure?.startsWith("no answer"), stranger.failure);
      expect(!stranger.headers?.["x-backend"], `it reached ${stranger.headers?.["x-backend"]}`);
    },
    async "invites to HTTP/3"() {
      const { headers } = await requestByHttp2({ door, host: site.host, headers: site.user ? { authorization: basic(site.user) } : {} });
      const got = headers["alt-svc"] ?? "nothing";
      expect(/^h3=":443"(;|$)/.test(got), `Alt-Svc is ${got}`);
    },
  };
  if (site.closed) checks[`keeps ${site.closed} to itself, by HTTP/3`] = () => expectRefused(closed, 404);
  if (site.user) checks["asks for a password by HTTP/3"] = () => expectRefused(locked, 401);
  return checks;
}

async function askByHttp3({ address, https, certificate }, requests) {
  const door = { address, port: https, certificate: certificate?.toString() ?? "" };
  const program = path.join(toolFolder("aioquic", "AIOQUIC"), "aioquic");
  return JSON.parse(await output([program, path.join(here, "http3.py")], JSON.stringify({ door, requests })));
}

function seenBy({ failure, status, body }) {
  expect(!failure, failure);
  expect(status === 200, `it was answered ${status}`);
  return JSON.parse(body);
}

/** By that status, where there is one to wait for. */
function expectRefused({ failure, status, headers }, wanted) {
  if (failure) return expect(!wanted, failure);
  expect(wanted ? status === wanted : status >= 400, `it was answered ${status}`);
  expect(!headers["x-backend"], `it reached ${headers["x-backend"]}`);
}

function basic({ name, password }) {
  return `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
}

function expect(condition, sentence) {
  if (!condition) throw new Error(sentence);
}
