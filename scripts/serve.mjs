// Serves a folder of static files to this machine: `node scripts/serve.mjs dist`, on PORT or 8080.

import { createServer } from "node:http";
import { readFile, stat } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";

const types = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webmanifest": "application/manifest+json",
  ".woff2": "font/woff2",
};

/** A server for `folder`, not yet listening. */
export function staticServer(folder) {
  const root = path.resolve(folder);
  return createServer(async (request, response) => {
    const answer = (status, headers, body) => {
      // A new build must show at the next load.
      response.writeHead(status, { "cache-control": "no-cache", "content-length": body.length, ...headers });
      response.end(request.method === "HEAD" ? undefined : body);
    };
    if (request.method !== "GET" && request.method !== "HEAD") {
      return answer(405, { allow: "GET, HEAD" }, Buffer.from("Only GET and HEAD.\n"));
    }
    try {
      const file = await fileFor(root, request.url);
      const type = types[path.extname(file)] ?? "application/octet-stream";
      answer(200, { "content-type": type }, await readFile(file));
    } catch {
      answer(404, { "content-type": "text/plain; charset=utf-8" }, Buffer.from("Not found.\n"));
    }
  });
}

/** The file a URL stands for; throws where it leaves `root` or names nothing. */
async function fileFor(root, url) {
  const wanted = decodeURIComponent(new URL(url, "http://localhost").pathname);
  const file = path.join(root, wanted);
  if (file !== root && !file.startsWith(root + path.sep)) throw new Error("outside");
  return (await stat(file)).isDirectory() ? path.join(file, "index.html") : file;
}

function main() {
  const folder = process.argv[2] ?? "dist";
  const port = Number(process.env.PORT || 8080);
  const fail = (sentence) => {
    console.error(sentence);
    process.exit(2);
  };
  if (!Number.isInteger(port) || port < 0 || port > 65535) fail(`PORT is no port: ${process.env.PORT}`);
  const server = staticServer(folder);
  server.on("error", (/** @type {NodeJS.ErrnoException} */ error) => {
    if (error.code === "EADDRINUSE") fail(`Port ${port} is taken; choose another one: PORT=8081 make serve`);
    fail(`Can't serve on port ${port}: ${error.message}`);
  });
  server.listen(port, "127.0.0.1", () => {
    const address = server.address();
    if (address && typeof address === "object") console.log(`Compose Playground: http://127.0.0.1:${address.port}`);
  });
  // Ctrl+C is how one ends it, and no error.
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) main();
