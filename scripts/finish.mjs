// After Trunk: puts both modules into one file, names every file by its content, and writes the content
// security policy.
//
// Trunk hashes some names and not others, and signs files whose names it does not change; a cached
// copy of one beside a fresh other is a blank page. So it hashes nothing, and this does, from the
// leaves up: what refers to a file gets its new name before its own is made.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, extname, join, relative } from "node:path";

import { buildSync, transformSync } from "esbuild";

import { unpack } from "../src/ui/js/modules.js";
import { arrange, pack } from "./pack.mjs";

const dist = process.env.TRUNK_STAGING_DIR ?? "dist";
const all = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((it) => it.isFile());
const files = all.map((it) => join(it.parentPath, it.name));
/** @param {(file: string) => boolean} test */
const find = (test) => files.find(test) ?? fail(`nothing in ${dist} is ${test}`);
const html = join(dist, "index.html");

const snippet = find((it) => it.includes("snippets") && it.endsWith("page.js"));
const app = find((it) => it.endsWith("app.js"));
const appModule = find((it) => it.endsWith("app_bg.wasm"));
const worker = find((it) => it.endsWith("worker.js"));
const workerModule = find((it) => it.endsWith("worker_bg.wasm"));
const styles = files.filter((it) => it.endsWith(".css"));
// It fetches the worker from a URL, which the page must not do.
files.filter((it) => it.endsWith("worker_loader.js")).forEach((it) => rmSync(it));
files.filter((it) => it.endsWith(".d.ts")).forEach((it) => rmSync(it));

// One file for all components.
for (const file of styles) {
  const { outputFiles } = buildSync({ entryPoints: [join("styles", basename(file))], bundle: true, minify: true, write: false });
  writeFileSync(file, outputFiles[0].text);
}

// The glue is written to be read; nobody reads it here. What it and its module call each other is made short as well.
const arranged = [[app, appModule], [worker, workerModule]].map(([glue, module]) => {
  const names = new Map();
  const rename = (name) => {
    if (!/^(__wb|wasm_bindgen__)/.test(name)) return name;
    if (!names.has(name)) names.set(name, `_${names.size.toString(36)}`);
    return names.get(name);
  };
  const res = arrange(readFileSync(module), rename);
  const { code } = transformSync(readFileSync(glue, "utf8"), { minify: true, target: "es2022", legalComments: "none" });
  writeFileSync(glue, code.replace(/\b(__wb|wasm_bindgen__)\w+/g, (name) => names.get(name) ?? name));
  return res;
});

// The page fetches both modules itself; the glue must not look for them. src/ui/js/start.js says why.
const modules = join(dist, "modules.wasm");
const [pageModule, engineModule] = pack(arranged);
arranged.forEach((module, i) => {
  if (!Buffer.from(unpack([pageModule, engineModule][i])).equals(module)) fail("what is packed does not come out as it was");
  if (!WebAssembly.validate(module)) fail("what was put in order is no module any more");
});
writeFileSync(modules, Buffer.concat([pageModule, engineModule]));
[appModule, workerModule].forEach((file) => rmSync(file));

let page = readFileSync(html, "utf8");
const values = { app: "./app.js", snippet: `./${relative(dist, snippet)}`, modules: "./modules.wasm", pageSize: pageModule.length, size: pageModule.length + engineModule.length };
page = replaceOnce(page, /<script id="boot"><\/script>/, `<script>${inlined("boot.js", "iife")}</script>`);
page = replaceOnce(page, /<script type="module">[\s\S]*?<\/script>/, `<script type="module">${inlined("start.js", "esm")}</script>`);
page = replaceOnce(page, /<link rel="preload" href="[^"]*app_bg\.wasm"[^>]*>/, "");
for (const file of [snippet, modules, worker, ...styles]) rename(file, file === snippet ? [app] : []);
rename(app, []);

const inline = [...page.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(([, code]) => code);
const hashes = inline.map((code) => `'sha256-${createHash("sha256").update(code).digest("base64")}'`);
const policy = [
  "default-src 'none'",
  `script-src 'self' ${hashes.join(" ")} 'wasm-unsafe-eval'`,
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "worker-src blob:",
  "base-uri 'none'",
  "form-action 'none'",
  "object-src 'none'",
  "frame-src 'none'",
].join("; ");
if (!page.includes("{{policy}}")) fail("index.html has no place for the policy");
writeFileSync(html, page.replace("{{policy}}", policy));

/**
 * A script of `src/ui/js` as one text, with names and sizes filled in.
 * @param {string} name
 * @param {"iife" | "esm"} format
 */
function inlined(name, format) {
  const contents = readFileSync(join("src/ui/js", name), "utf8").replace(/\{\{(\w+)\}\}/g, (_, key) => values[key]);
  const { outputFiles } = buildSync({ stdin: { contents, resolveDir: "src/ui/js" }, bundle: true, external: [values.app], write: false, minify: true, target: "es2022", format, legalComments: "none" });
  return outputFiles[0].text.trimEnd();
}

/**
 * @param {string} file
 * @param {string[]} users
 */
function rename(file, users) {
  const hash = createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 12);
  const old = basename(file);
  const name = `${basename(file, extname(file))}-${hash}${extname(file)}`;
  renameSync(file, join(dirname(file), name));
  page = page.replaceAll(old, name);
  // The module knows its imports by their old names; only where they are fetched from changes.
  const from = new RegExp(`(from\\s*['"][^'"]*)${old.replaceAll(".", "\\.")}(?=['"])`, "g");
  for (const user of users) writeFileSync(user, readFileSync(user, "utf8").replace(from, `$1${name}`));
}

function replaceOnce(text, pattern, replacement) {
  if (!pattern.test(text)) fail(`Trunk wrote nothing like ${pattern}`);
  return text.replace(pattern, () => replacement);
}

/**
 * @param {string} message
 * @returns {never}
 */
function fail(message) {
  console.error(message);
  process.exit(1);
}
