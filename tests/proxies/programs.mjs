// Other programs: where they are, and what they say.

import { spawn, spawnSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const here = path.dirname(fileURLToPath(import.meta.url));
export const repository = path.join(here, "../..");

/**
 * Where a program is, and its version, as the first number with dots in what it says to `question`.
 * Looked for in `folder`, or where programs are.
 */
export function findProgram(name, question, folder) {
  for (const place of folder ? [folder] : [...process.env.PATH.split(":"), "/usr/sbin"]) {
    const program = path.join(place, name);
    const { status, stdout, stderr } = spawnSync(program, [question], { encoding: "utf8" });
    const version = status === 0 && /\d+(\.\d+)+/.exec(stdout + stderr);
    if (version) return { program, version: version[0] };
  }
  console.error(`${name} is missing, and the proxy tests serve what they judge: \`make proxies\` installs it.`);
  process.exit(2);
}

/** Where `make` keeps a program that does not come from Debian; `version` is named by a variable of the Makefile's. */
export function toolFolder(name, version) {
  return path.join(process.env.TOOLS ?? "/", `${name}-${process.env[version]}`, "bin");
}

/** What a command writes, given `input`; throws what it says when it fails. */
export function output([command, ...options], input = "") {
  return new Promise((resolve, reject) => {
    const child = spawn(command, options, { cwd: repository });
    let text = "";
    let words = "";
    child.stdout.on("data", (data) => (text += data));
    child.stderr.on("data", (data) => (words += data));
    child.on("error", reject);
    child.on("close", (code) => (code === 0 ? resolve(text) : reject(new Error(`${command} ended with ${code}: ${words}`))));
    // A program that asks for nothing may be gone already.
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** Where the program of this repository is that `which` names to Cargo, built where it is not yet. */
export async function ownProgram(...which) {
  const lines = await output(["cargo", "build", "--quiet", "--locked", "--message-format", "json", ...which]);
  const built = lines.split("\n").filter(Boolean).map((line) => JSON.parse(line));
  return built.findLast(({ executable }) => executable).executable;
}
