// Chromium, and the page of `dist/` on a port of its own, for tests that use it as a person would.

import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

export const root = fileURLToPath(new URL("../..", import.meta.url));

const dist = join(root, "dist");
const chromiumPath = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);
if (!existsSync(join(dist, "index.html"))) end("There is no dist/index.html: run make build first.");
if (!chromiumPath) end("Chromium is missing: install it, for example with apt-get install chromium.");

export function openBrowser() {
  return chromium.launch({
    executablePath: chromiumPath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"],
  });
}

/**
 * Where the page is, and the server to close afterwards. `answer` may take a request over.
 * @param {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse) => unknown} answer
 */
export async function servePage(answer = () => false) {
  const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };
  const server = createServer((request, response) => {
    if (answer(request, response)) return;
    const path = normalize(decodeURIComponent(new URL(request.url, "http://x").pathname)).replace(/\/$/, "/index.html");
    const file = join(dist, path);
    if (!file.startsWith(dist) || !existsSync(file)) return response.writeHead(404).end();
    response.writeHead(200, { "content-type": types[extname(file)] ?? "application/octet-stream" }).end(readFileSync(file));
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  return { url: `http://127.0.0.1:${portOf(server)}/`, server };
}

/** The first answer is on screen, and the lock is on. */
export async function ready(page) {
  await page.waitForSelector(".cm-content");
  await page.waitForFunction(() => "locked" in document.documentElement.dataset);
  await settled(page);
}

/** The answer on screen is that to the text on screen. */
export async function settled(page) {
  await page.waitForTimeout(180);
  await page.waitForFunction(() => {
    const list = document.querySelector(".problems");
    return document.querySelector(".all-well, .output, .output.old") || list?.getAttribute("aria-busy") === "false";
  });
  await page.waitForTimeout(60);
}

/** @param {import("node:net").Server} server */
export function portOf(server) {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return address.port;
}

function end(message) {
  console.error(message);
  process.exit(2);
}
