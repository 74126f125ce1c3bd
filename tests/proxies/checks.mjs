// What a proxy must do for the services behind it, asked from the outside as a browser would.

import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import https from "node:https";
import { Readable } from "node:stream";
import { gunzipSync } from "node:zlib";

import { PAGE, PAUSE, SILENCE } from "./backend.mjs";
import { CLOSE, TEXT, frame, proofFor, readFrames } from "./websocket.mjs";

const PATIENCE = 10_000;

/** Escapes, dots and an empty value: what a proxy that parses and writes again would change. */
const TARGET = "/caf%C3%A9/a%2Fb/..c?x=1&y=%20&z=";

/** A password that is not the site's, and no password at all. */
const WRONG = { "a wrong password": { authorization: basic("admin", "correct mule") }, "no password": {} };

/**
 * The checks of one site, by name. Each throws a sentence when it fails.
 * `door` says how to reach the proxy: `{ address, http, https, isSecure, certificate, offers }`, and, where the
 * proxy sees another address than 127.0.0.1, `client`.
 */
export function siteChecks(site, door) {
  if (site.isShut || site.isMissing) return shutChecks(site, door);
  const { isSecure, offers } = door;
  const key = keyTo(site);
  const prefix = site.prefix ?? "";
  const ask = ({ headers, target = "/", ...options }) =>
    request({ door, host: site.host, isSecure, headers: { ...key, ...headers }, target: prefix + target, ...options });

  const checks = {
    async "reaches its service"() {
      const { seen } = await ask({ target: TARGET });
      expect(seen.name === site.name, `${site.host} reached ${seen.name}, not ${site.name}`);
      const wanted = site.strips ? TARGET : prefix + TARGET;
      expect(seen.target === wanted, `the request for ${prefix}${TARGET} became ${seen.target}`);
      if (site.strips) expectHeader(seen, "x-forwarded-prefix", prefix);
    },

    async "keeps the host name"() {
      const { seen } = await ask({});
      expectHeader(seen, "host", site.host);
    },

    async "says truly who asked"() {
      const lies = {
        "x-forwarded-for": "6.6.6.6",
        "x-forwarded-host": "evil.example",
        "x-forwarded-proto": "gopher",
        "x-forwarded-prefix": "/evil",
        "x-real-ip": "6.6.6.6",
      };
      const { seen } = await ask({ headers: lies });
      expectHeader(seen, "x-forwarded-for", door.client ?? "127.0.0.1");
      expectHeader(seen, "x-forwarded-proto", isSecure ? "https" : "http");
      for (const [name, lie] of Object.entries(lies)) {
        const got = (seen.headers[name] ?? []).join();
        expect(!got.includes(lie), `a client's own ${name} reaches the service: ${got}`);
      }
    },

    async "passes WebSockets"() {
      const socket = await openWebSocket({ door, host: site.host, isSecure, headers: key, prefix });
      for (const text of ["café ☕ 🐳 é中", "x".repeat(70_000)]) {
        const echo = await socket.ask(text);
        expect(echo === text, `a message of ${text.length} letters came back as ${echo.length}`);
      }
      socket.close();
    },

    async "takes large uploads"() {
      const body = randomBytes(site.upload ?? 2 << 20);
      const { seen } = await ask({ method: "POST", target: "/upload", body });
      const sent = createHash("sha256").update(body).digest("hex");
      expect(seen.body === sent, "the upload arrived changed");
    },

    async "passes on what comes bit by bit"() {
      // As browsers do: whoever compresses must not wait for more.
      const { firstAfter, lastAfter } = await ask({ target: "/stream", headers: { "accept-encoding": "gzip, deflate, br, zstd" } });
      expect(lastAfter >= PAUSE / 2, `the whole answer was there after ${lastAfter} ms`);
      expect(lastAfter - firstAfter >= PAUSE / 2, `the first part came after ${firstAfter} ms, the last after ${lastAfter}`);
    },
  };

  if (site.user) {
    checks["asks for a password, and keeps it to itself"] = async () => {
      for (const [name, headers] of Object.entries(WRONG)) {
        const answer = await request({ door, host: site.host, isSecure, headers, target: `${prefix}/`, anyStatus: true });
        expect(answer.status === 401 && !answer.headers["x-backend"], `${name} was answered ${answer.status}`);
        const asks = answer.headers["www-authenticate"] ?? "nothing";
        expect(/^basic realm=/i.test(asks), `${name} is asked for ${asks}`);
      }
      const { seen } = await ask({});
      expect(!seen.headers.authorization, "the password reaches the service");
    };
  } else {
    checks["passes on what the application itself takes for a password"] = async () => {
      const { seen } = await ask({ headers: { authorization: "Convex a|b" } });
      expectHeader(seen, "authorization", "Convex a|b");
    };
  }
  checks["passes on a page as it is"] = async () => {
    const { headers, body } = await ask({ target: "/page" });
    expect(!headers["content-encoding"], "it was compressed for one who did not ask");
    expect(body === PAGE, "it was changed on the way");
  };
  if (site.isText && offers.includes("gzip")) {
    checks["compresses a page for who asks"] = async () => {
      const { headers, bytes } = await ask({ target: "/page", headers: { "accept-encoding": "gzip" } });
      expect(headers["content-encoding"] === "gzip", `it is encoded as ${headers["content-encoding"] ?? "it was"}`);
      expect(gunzipSync(bytes).toString() === PAGE, "it was changed on the way");
    };
  }
  if (isSecure && offers.includes("http2")) {
    checks["speaks HTTP/2 with who can"] = async () => {
      const { seen } = await requestByHttp2({ door, host: site.host, headers: key, target: `${prefix}/` });
      expect(seen.name === site.name, `${site.host} reached ${seen.name}, not ${site.name}`);
      expectHeader(seen, "host", site.host);
    };
  }
  if (isSecure) {
    checks["sends plain HTTP to HTTPS"] = async () => {
      const answer = await ask({ isSecure: false, target: TARGET, anyStatus: true });
      expect([301, 308].includes(answer.status), `plain HTTP was answered ${answer.status}`);
      const wanted = `https://${site.host}${prefix}${TARGET}`;
      expect(answer.headers.location === wanted, `it leads to ${answer.headers.location}, not ${wanted}`);
    };
    checks["asks browsers to stay with HTTPS, once"] = async () => {
      const { headers } = await ask({});
      const got = headers["strict-transport-security"] ?? "nothing";
      expect(/^max-age=\d+$/.test(got), `Strict-Transport-Security is ${got}`);
    };
  }
  if (site.closed) {
    checks[`keeps ${site.closed} to itself`] = async () => {
      const answer = await ask({ target: site.closed, anyStatus: true });
      expect(answer.status === 404 && !answer.headers["x-backend"], `${site.closed} was answered ${answer.status}`);
    };
  }
  return prefix || site.besides ? { ...checks, ...pathChecks(site, door) } : checks;
}

/** What becomes of the paths around those of a site. */
function pathChecks(site, door) {
  const { isSecure } = door;
  const scheme = isSecure ? "https" : "http";
  const { host, prefix } = site;
  const ask = (target, headers = {}) => request({ door, host, isSecure, target, headers, anyStatus: true });
  const checks = {};
  if (site.strips) {
    checks["leads to the path as a folder"] = async () => {
      for (const query of ["", "?x=1&y=%20"]) {
        const { status, headers } = await ask(prefix + query);
        expect([301, 308].includes(status), `${prefix}${query} was answered ${status}`);
        const wanted = `${prefix}/${query}`;
        expect([wanted, `${scheme}://${host}${wanted}`].includes(headers.location), `it leads to ${headers.location}`);
      }
    };
  } else if (prefix) {
    checks["has the path itself, too"] = async () => {
      const { seen } = await ask(`${prefix}?x=1`, keyTo(site));
      expect(seen?.name === site.name && seen.target === `${prefix}?x=1`, `it reached ${seen?.name} as ${seen?.target}`);
    };
  }
  if (site.besides) {
    checks["has what only begins alike"] = async () => {
      for (const target of site.besides.map((it) => `${it}s/x`)) {
        const { seen } = await ask(target);
        expect(seen?.name === site.name && seen.target === target, `${target} reached ${seen?.name} as ${seen?.target}`);
      }
    };
  }
  if (site.leadsNowhereElse) {
    checks["leads nowhere else"] = async () => {
      for (const target of ["/", `${prefix}s`, "/x"]) {
        const { status, headers } = await ask(target);
        expect(status === 404 && !headers["x-backend"], `${target} was answered ${status}`);
      }
    };
  }
  if (site.user) checks["is guarded however the path is spelled"] = () => isGuarded(site, ask);
  return checks;
}

/** Whatever a service may take for the path of `site` is guarded as it is. */
async function isGuarded({ prefix }, ask) {
  const spelled = ["/", "/x", "//x", "/./x", "/y/../x", "/%78", "%2fx"].map((rest) => prefix + rest);
  const name = prefix.slice(1);
  const escaped = `/%${name.charCodeAt(0).toString(16)}${name.slice(1)}/x`;
  const inside = ["%2f", "//", "/./", "/y/../"].map((between) => `/${name.replaceAll("/", between)}/x`);
  const around = [`/${prefix}/x`, `/y/..${prefix}/x`, `/.${prefix}/x`, `/y/%2e%2e${prefix}/x`, `/y/..%2f${name}/x`, `/y%2f..${prefix}/x`, `/%2f${name}/x`];
  for (const target of [...spelled, ...inside, escaped, ...around]) {
    const { seen } = await ask(target);
    const path = seen ? new URL(decodeURIComponent(seen.target).replace(/\/+/g, "/"), "http://a").pathname : "";
    expect(!`${path}/`.startsWith(`${prefix}/`), `${target} reached ${seen?.name} as ${seen?.target}`);
  }
}

/** What must outlast a minute in which nothing is said, or little. They take as long, and may all be asked at once. */
export function patientChecks(site, door) {
  const { isSecure } = door;
  const headers = keyTo(site);
  const ask = (options) => request({ door, host: site.host, isSecure, patience: SILENCE + PATIENCE, ...options });
  return {
    async "waits for an answer that takes its time"() {
      const { seen } = await ask({ target: "/slow", headers });
      expect(seen.name === site.name, `${site.host} reached ${seen.name}, not ${site.name}`);
    },

    async "keeps a WebSocket on which nothing is said"() {
      const socket = await openWebSocket({ door, host: site.host, isSecure, headers, patience: SILENCE + PATIENCE });
      await pause(SILENCE);
      const echo = await socket.ask("still there");
      expect(echo === "still there", `the message came back as ${echo}`);
      socket.close();
    },

    async "takes an upload that takes its time"() {
      const parts = Array.from({ length: SILENCE / 1_000 + 2 }, () => randomBytes(4 << 10));
      const whole = Buffer.concat(parts);
      const slowly = async function* () {
        for (const part of parts) {
          yield part;
          await pause(1_000);
        }
      };
      const upload = { method: "POST", target: "/upload", body: Readable.from(slowly()) };
      const { seen } = await ask({ ...upload, headers: { ...headers, "content-length": whole.length } });
      expect(seen.body === createHash("sha256").update(whole).digest("hex"), "the upload arrived changed");
    },
  };
}

/** A site that is not for us, and one the proxy cannot guard as it should, lead nowhere. */
function shutChecks(site, door) {
  const { isSecure } = door;
  const headers = keyTo(site);
  const { prefix = "" } = site;
  return {
    async "is shut"() {
      let answer;
      try {
        answer = await request({ door, host: site.host, isSecure, headers, target: `${prefix}/`, anyStatus: true, anyCertificate: true });
      } catch (error) {
        // One that is missing may be a name that nobody serves.
        expect(site.isMissing && !error.message.includes("no answer"), error.message);
        return;
      }
      const isRefused = site.isMissing ? answer.status >= 400 : answer.status === 403;
      expect(isRefused && !answer.headers["x-backend"], `it was answered ${answer.status}`);
    },
    async "is shut to WebSockets"() {
      let socket;
      try {
        socket = await openWebSocket({ door, host: site.host, isSecure, headers, prefix });
      } catch {
        return;
      }
      socket.close();
      throw new Error("a WebSocket was opened");
    },
    ...(prefix && {
      async "is shut however the path is spelled"() {
        await isGuarded(site, (target) => request({ door, host: site.host, isSecure, target, anyStatus: true }));
      },
    }),
  };
}

/** A name that nobody serves must not lead to whichever site stands first. */
export async function refusesUnknownHosts(door) {
  for (const isSecure of door.isSecure ? [false, true] : [false]) {
    let answer;
    try {
      answer = await request({ door, host: "unknown.example", isSecure, anyStatus: true, anyCertificate: true });
    } catch (error) {
      // A closed connection or a refused handshake is the best answer; silence is none.
      expect(!error.message.includes("no answer"), error.message);
      continue;
    }
    const name = answer.headers["x-backend"];
    expect(!name, `an unknown host name reached ${name}`);
    // To HTTPS and refused there: that leads nowhere either.
    const isRedirect = door.isSecure && !isSecure && answer.headers.location?.startsWith("https://unknown.example/");
    expect(isRedirect || answer.status >= 400, `an unknown host name was answered ${answer.status}`);
  }
}

/** A name behind which nobody answers is known all the same. */
export async function leadsOn(host, door) {
  const { status } = await request({ door, host, isSecure: door.isSecure, anyStatus: true });
  expect([502, 503, 504].includes(status), `it was answered ${status}`);
}

/** The certificate authority asks for a file, over plain HTTP. */
export async function servesChallenge(door, host, { token, content }) {
  const target = `/.well-known/acme-challenge/${token}`;
  const answer = await request({ door, host, isSecure: false, target, anyStatus: true });
  expect(answer.status === 200, `the challenge was answered ${answer.status}`);
  expect(answer.body === content, "the challenge was answered with something else");
}

/** A container that comes back has another address. */
export async function followsTo(address, site, door) {
  const deadline = Date.now() + 20_000;
  for (let last = "never"; ; await pause(500)) {
    try {
      const target = `${site.prefix ?? ""}/`;
      const { seen } = await request({ door, host: site.host, isSecure: door.isSecure, headers: keyTo(site), target });
      if (seen.address === address) return;
      last = seen.address;
    } catch (error) {
      last = error.message;
    }
    expect(Date.now() < deadline, `20 s after ${site.name} moved: ${last}`);
  }
}

/**
 * One request; `body` is bytes or a stream. Fails on any status but 200, unless `anyStatus`, on a wrong certificate,
 * unless `anyCertificate`, and when nothing moves for `patience` milliseconds.
 */
async function request({ door, host, isSecure, target = "/", method = "GET", headers = {}, body, ...leniency }) {
  const started = performance.now();
  const outgoing = send({ door, host, isSecure, target, method, headers: lengthOf(body, headers), ...leniency });
  // A proxy may answer before it has read everything, and close.
  const failure = new Promise((_, reject) => outgoing.on("error", reject));
  if (body instanceof Readable) body.pipe(outgoing);
  else outgoing.end(body);
  const [response] = await Promise.race([once(outgoing, "response"), failure]);
  let firstAfter;
  const parts = [];
  for await (const part of response) {
    firstAfter ??= Math.round(performance.now() - started);
    parts.push(part);
  }
  const bytes = Buffer.concat(parts);
  const text = bytes.toString();
  expect(leniency.anyStatus || response.statusCode === 200, `${method} ${target} was answered ${response.statusCode}`);
  const isJson = response.headers["content-type"] === "application/json";
  return {
    status: response.statusCode,
    headers: response.headers,
    bytes,
    body: text,
    seen: isJson ? JSON.parse(text) : undefined,
    firstAfter,
    lastAfter: Math.round(performance.now() - started),
  };
}

/** A request by HTTP/2, which must be what the proxy chooses: what the service saw of it, and the headers of the answer. */
export async function requestByHttp2({ door, host, headers, target }) {
  const session = http2.connect(`https://${door.address}:${door.https}`, {
    ca: door.certificate,
    rejectUnauthorized: Boolean(door.certificate),
    servername: host,
    ALPNProtocols: ["h2", "http/1.1"],
  });
  try {
    const failure = new Promise((_, reject) => session.on("error", reject));
    await Promise.race([once(session, "connect"), failure]);
    expect(session.alpnProtocol === "h2", `it chose ${session.alpnProtocol || "nothing"}`);
    const stream = session.request({ ":path": target, ":authority": host, ...headers });
    stream.setTimeout(PATIENCE, () => stream.destroy(new Error(`no answer in ${PATIENCE / 1000} s`)));
    const [response] = await Promise.race([once(stream, "response"), failure]);
    const parts = [];
    for await (const part of stream) parts.push(part);
    expect(response[":status"] === 200, `it was answered ${response[":status"]}`);
    return { seen: JSON.parse(Buffer.concat(parts).toString()), headers: response };
  } finally {
    session.destroy();
  }
}

async function openWebSocket({ door, host, isSecure, headers, patience, prefix = "" }) {
  const key = randomBytes(16).toString("base64");
  const outgoing = send({
    door,
    host,
    isSecure,
    patience,
    target: `${prefix}/api/1.27.0/sync`,
    method: "GET",
    headers: {
      ...headers,
      connection: "Upgrade",
      upgrade: "websocket",
      "sec-websocket-key": key,
      "sec-websocket-version": "13",
      origin: "https://app.example",
    },
  });
  outgoing.end();
  const [response, socket, head] = await new Promise((resolve, reject) => {
    outgoing.on("upgrade", (...all) => resolve(all));
    outgoing.on("response", (other) => reject(new Error(`the handshake was answered ${other.statusCode}, not 101`)));
    outgoing.on("error", reject);
  });
  expect(response.headers["sec-websocket-accept"] === proofFor(key), "the handshake's proof is wrong");
  const waiting = [];
  readFrames(socket, head, (opcode, payload) => opcode === TEXT && waiting.shift()?.(payload.toString()));
  return {
    ask: (text) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error("no answer to a WebSocket message")), PATIENCE);
        waiting.push((answer) => {
          clearTimeout(timer);
          resolve(answer);
        });
        socket.write(frame(TEXT, Buffer.from(text), true));
      }),
    close() {
      socket.end(frame(CLOSE, Buffer.alloc(0), true));
      socket.destroySoon();
    },
  };
}

function send({ door, host, isSecure, target, method, headers, anyCertificate, patience = PATIENCE }) {
  const outgoing = (isSecure ? https : http).request({
    host: door.address,
    port: isSecure ? door.https : door.http,
    path: target,
    method,
    headers: { host, ...headers },
    agent: false,
    // Checked as a browser would, against the certificate that was made for the test, where one was.
    ca: door.certificate,
    rejectUnauthorized: Boolean(door.certificate) && !anyCertificate,
    servername: host,
    timeout: patience,
  });
  outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer in ${patience / 1000} s`)));
  return outgoing;
}

function keyTo({ user }) {
  return user ? { authorization: basic(user.name, user.password) } : {};
}

function basic(name, password) {
  return `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
}

function lengthOf(body, headers) {
  return Buffer.isBuffer(body) ? { ...headers, "content-length": body.length } : headers;
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

function expectHeader(seen, name, wanted) {
  const got = seen.headers[name] ?? [];
  expect(got.length === 1 && got[0] === wanted, `${name} is ${got.length ? got.join(" and ") : "missing"}, not ${wanted}`);
}

function expect(condition, sentence) {
  if (!condition) throw new Error(sentence);
}
