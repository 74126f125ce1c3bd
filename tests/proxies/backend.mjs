// What stands behind the proxy: a server that says what reached it, and Docker's name server.

import { createHash } from "node:crypto";
import dgram from "node:dgram";
import { once } from "node:events";
import { createServer } from "node:http";
import { createServer as createSecureServer } from "node:https";

import { CLOSE, TEXT, frame, proofFor, readFrames } from "./websocket.mjs";

/** How long the backend pauses between the first and the last part of `/stream`, in milliseconds. */
export const PAUSE = 600;

/** How long nothing may come, in milliseconds: longer than the minute that most servers wait unless told otherwise. */
export const SILENCE = 65_000;

/** Long enough to be worth compressing, of letters that a changed encoding would show in. */
export const PAGE = "<p>café ☕ 🐳 é中</p>\n".repeat(1_000);

/** Where certbot answers, as generated. */
export const CERTBOT_PORT = 8402;

/**
 * Answers every request with what it saw of it; echoes WebSocket messages.
 * `name` is how a test recognises it; with a `certificate` and its key it speaks TLS.
 */
export async function startBackend(name, address, port, certificate) {
  const sockets = new Set();
  const answer = async (request, response) => {
    response.setHeader("x-backend", name);
    // As Convex's dashboard does.
    response.setHeader("strict-transport-security", "max-age=1; preload");
    if (request.url.endsWith("/stream")) {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write("data: first\n\n");
      setTimeout(() => response.end("data: last\n\n"), PAUSE);
      return;
    }
    // What is computed meanwhile is nobody's concern.
    if (request.url.endsWith("/slow")) await new Promise((resolve) => setTimeout(resolve, SILENCE));
    if (request.url.endsWith("/page")) {
      response.setHeader("content-type", "text/html; charset=utf-8");
      response.end(PAGE);
      return;
    }
    const hash = createHash("sha256");
    try {
      for await (const part of request) hash.update(part);
    } catch {
      // Who asked did not wait.
      return;
    }
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({ name, address: request.socket.localAddress, target: request.url, headers: headersOf(request), body: hash.digest("hex") }),
    );
  };
  const server = certificate ? createSecureServer({ key: certificate.key, cert: certificate.certificate }, answer) : createServer(answer);
  server.on("upgrade", (request, socket, head) => {
    socket.on("error", () => socket.destroy());
    socket.write(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
        `X-Backend: ${name}\r\nSec-WebSocket-Accept: ${proofFor(request.headers["sec-websocket-key"])}\r\n\r\n`,
    );
    readFrames(socket, head, (opcode, payload) => {
      if (opcode === TEXT) socket.write(frame(TEXT, payload));
      if (opcode === CLOSE) socket.end(frame(CLOSE, payload));
    });
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  server.listen(port, address);
  await once(server, "listening");
  return {
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Plays certbot where it answers the certificate authority by itself, for proxies that serve no files. */
export async function startCertbot({ place }, { portOf }, addressOf) {
  const challenge = { token: "a-token", content: "a-token.and-its-proof" };
  const server = createServer((request, response) => {
    const isAsked = request.url === `/.well-known/acme-challenge/${challenge.token}`;
    response.statusCode = isAsked ? 200 : 404;
    response.end(isAsked ? challenge.content : "");
  });
  server.listen(portOf(CERTBOT_PORT), place === "host" ? "127.0.0.1" : addressOf("certbot"));
  await once(server, "listening");
  return challenge;
}

/** Every value of every header: a proxy that adds where it should replace shows here. */
function headersOf(request) {
  const headers = {};
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    (headers[request.rawHeaders[index].toLowerCase()] ??= []).push(request.rawHeaders[index + 1]);
  }
  return headers;
}

/** Plays Docker's name server. `names` maps service names to addresses and may change at any time. */
export async function startNameServer(names, address, port) {
  const server = dgram.createSocket("udp4");
  server.on("message", (query, from) => {
    const end = query.indexOf(0, 12) + 5;
    const found = names.get(nameIn(query));
    const isAddressQuery = query.readUInt16BE(end - 4) === 1;
    const header = Buffer.from(query.subarray(0, 12));
    header.writeUInt16BE(found ? 0x8180 : 0x8183, 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(found && isAddressQuery ? 1 : 0, 6);
    header.fill(0, 8);
    const answer = [header, query.subarray(12, end)];
    if (found && isAddressQuery) {
      // The name again, type A, class IN, five seconds to live, four bytes of address.
      answer.push(Buffer.of(0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 5, 0, 4, ...found.split(".").map(Number)));
    }
    server.send(Buffer.concat(answer), from.port, from.address);
  });
  server.bind(port, address);
  await once(server, "listening");
  return { port: server.address().port, stop: () => server.close() };
}

function nameIn(query) {
  const labels = [];
  for (let index = 12; query[index] > 0; index += query[index] + 1) {
    labels.push(query.toString("latin1", index + 1, index + 1 + query[index]));
  }
  return labels.join(".").toLowerCase();
}
