// What a first visit loads, part by part, as a server with brotli and as one with gzip sends it. Too much fails.
import { readFileSync, readdirSync } from "node:fs";
import { extname, join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** In KB, of all files. */
const BUDGETS = { brotli: 560, gzip: 650 };

const dist = process.argv[2] ?? "dist";
let files;
try {
  files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((it) => it.isFile());
} catch {
  console.error(`There is no ${dist}: run make build first.`);
  process.exit(2);
}

const parts = new Map();
for (const file of files) {
  const path = join(file.parentPath ?? file.path, file.name);
  const bytes = readFileSync(path);
  const brotli = brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length } });
  const gzip = gzipSync(bytes, { level: 9 });
  const part = parts.get(partOf(path)) ?? { raw: 0, brotli: 0, gzip: 0 };
  parts.set(partOf(path), { raw: part.raw + bytes.length, brotli: part.brotli + brotli.length, gzip: part.gzip + gzip.length });
}
const all = { raw: 0, brotli: 0, gzip: 0 };
for (const part of parts.values()) for (const encoding of ["raw", "brotli", "gzip"]) all[encoding] += part[encoding];
parts.set("all", all);

for (const [name, { raw, brotli, gzip }] of parts) {
  console.log(`${name.padEnd(8)} ${kilobytes(raw)} raw ${kilobytes(brotli)} brotli ${kilobytes(gzip)} gzip`);
}
const over = Object.entries(BUDGETS).filter(([encoding, budget]) => all[encoding] / 1000 > budget);
console.log(`budget   ${Object.entries(BUDGETS).map(([encoding, budget]) => `${budget} KB ${encoding}`).join(", ")}`);
for (const [encoding, budget] of over) console.log(`OVER     ${kilobytes(all[encoding] - budget * 1000)} of ${encoding}`);
process.exit(over.length > 0 ? 1 : 0);

function partOf(path) {
  if (path.endsWith(".wasm")) return "modules";
  if (path.includes("snippets")) return "editor";
  return { ".js": "glue", ".css": "styles", ".html": "html" }[extname(path)] ?? "other";
}

function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1).padStart(7)} KB`;
}
