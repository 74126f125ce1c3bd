// A firewall, asked from another machine: Docker's rules and ufw's are in place, in networks of their own.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { output } from "../proxies/programs.mjs";
import { expect, generate, here, judge } from "./project.mjs";

export async function firewallCases() {
  const files = await generate("firewall", path.join(here, "published.yaml"));
  const folder = mkdtempSync(path.join(os.tmpdir(), "scripts-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    const prefix = process.getuid() === 0 ? [] : ["--map-root-user"];
    const command = ["unshare", ...prefix, "--net", "--mount", "bash", path.join(here, "firewall.sh"), folder];
    const stdout = await output(command);
    // A line for each question: what it was, what was expected, and what came.
    const answers = stdout.split("\n").flatMap((line) => {
      const found = /^(.*): wanted (.*), got (.*)$/.exec(line);
      return found ? [found.slice(1)] : [];
    });
    const cases = Object.fromEntries(
      answers.map(([name, wanted, got]) => [name, () => expect(wanted === got, `wanted ${wanted}, got ${got}`)]),
    );
    cases["all questions were asked"] = () => expect(stdout.endsWith("The end\n") && answers.length > 25, `${stdout}`);
    return judge(cases);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
