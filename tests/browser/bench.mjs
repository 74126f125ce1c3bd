// How long a first visit waits: `node tests/browser/bench.mjs [DIST…]`. Prints figures and judges nothing.
//
// Folders are visited in turns, so that whatever else the machine does meanwhile meets all of them. Each visit has an empty
// cache, DevTools' "Fast 4G", a CPU four times slower, and a server that compresses with brotli.
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, relative } from "node:path";
import { brotliCompressSync } from "node:zlib";

import { openBrowser, root } from "./chromium.mjs";

const VISITS = Number(process.env.VISITS ?? 9);
const KBIT = 1000 / 8;
// Chromium's own preset, with the factors by which it makes up for working above TCP.
const FAST_4G = { offline: false, downloadThroughput: 9000 * KBIT * 0.9, uploadThroughput: 1500 * KBIT * 0.9, latency: 60 * 2.75 };
const CPU_SLOWDOWN = 4;
const TYPES = /** @type {Record<string, string>} */ ({ ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" });

const folders = process.argv.length > 2 ? process.argv.slice(2) : [join(root, "dist")];
for (const folder of folders) {
  if (existsSync(join(folder, "index.html"))) continue;
  console.error(`There is no index.html in ${folder}.`);
  process.exit(2);
}

const sites = await Promise.all(folders.map(serve));
const browser = await openBrowser();
const visits = sites.map(() => /** @type {Awaited<ReturnType<typeof visit>>[]} */ ([]));
// The first visit of each starts the browser up and does not count.
for (let round = 0; round <= VISITS; round += 1) {
  for (const [index, site] of sites.entries()) {
    const it = await visit(site.url);
    if (round > 0) visits[index].push(it);
  }
}
await browser.close();
for (const { server } of sites) server.close();

console.log(`median and spread of ${VISITS} visits, in ms (Fast 4G, CPU ${CPU_SLOWDOWN} times slower, brotli)`);
for (const [index, folder] of folders.entries()) {
  const row = (/** @type {"paint" | "problems"} */ name) => {
    const sorted = visits[index].map((it) => it[name]).sort((a, b) => a - b);
    const [low, middle, high] = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted[sorted.length - 1]];
    return `${middle.toFixed(0).padStart(5)} (${low.toFixed(0)} to ${high.toFixed(0)})`;
  };
  console.log(`${folder}\n  first paint    ${row("paint")}\n  first problems ${row("problems")}`);
}

/** @param {string} url */
async function visit(url) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
  const page = await context.newPage();
  const devtools = await context.newCDPSession(page);
  await devtools.send("Network.enable");
  await devtools.send("Network.emulateNetworkConditions", FAST_4G);
  await devtools.send("Emulation.setCPUThrottlingRate", { rate: CPU_SLOWDOWN });
  await page.addInitScript(() => {
    new MutationObserver((_, observer) => {
      if (!document.querySelector(".problem, .all-well")) return;
      observer.disconnect();
      // What is in the document now is painted in the next frame.
      requestAnimationFrame(() => Object.assign(window, { problemsAt: performance.now() }));
    }).observe(document, { childList: true, subtree: true });
  });
  await page.goto(url);
  await page.waitForFunction(() => "problemsAt" in window, undefined, { timeout: 60_000 });
  const times = await page.evaluate(() => ({
    paint: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
    problems: Number(Reflect.get(window, "problemsAt")),
  }));
  await context.close();
  return times;
}

/** @param {string} folder */
async function serve(folder) {
  const files = new Map();
  for (const it of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!it.isFile()) continue;
    const path = join(it.parentPath, it.name);
    files.set(`/${relative(folder, path)}`, brotliCompressSync(readFileSync(path)));
  }
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://x").pathname.replace(/\/$/, "/index.html");
    const body = files.get(path);
    if (!body) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": TYPES[extname(path)] ?? "application/octet-stream", "content-encoding": "br", "content-length": body.length });
    response.end(body);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", () => done(undefined)));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("The server has no port.");
  return { url: `http://127.0.0.1:${address.port}/`, server };
}
