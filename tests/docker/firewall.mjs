// A firewall, asked from other machines, beside the rules that Docker and ufw write themselves.

import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";

import { generate } from "../scripts/project.mjs";
import { Skip } from "./daemon.mjs";
import { loadImages } from "./images.mjs";

const here = import.meta.dirname;

/** What was asked, from where, and what came: ports before and after. */
export const rows = [["firewall: asked", "wanted", "got"]];

export async function cases(daemon) {
  if (!daemon.isPrivate) throw new Skip("its rules would be those of your machine; it requires a private daemon");
  await loadImages(daemon, { answers: ["game", "inner", "postgres:17", "caddy:2"] });
  const files = await generate("firewall", path.join(here, "published.yaml"));
  const folder = mkdtempSync(path.join(os.tmpdir(), "docker-firewall-"));
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    copyFileSync(path.join(here, "published.yaml"), path.join(folder, "compose.yaml"));
    copyFileSync(path.join(here, "images/answers/answers.py"), path.join(folder, "answers.py"));
    const { out, err } = await daemon.inside(["unshare", "--mount", "bash", path.join(here, "firewall.sh"), folder]);
    // A line for each question: what it was, what was expected, and what came.
    const answers = out.split("\n").flatMap((line) => {
      const found = /^(.*): wanted (.*), got (.*)$/.exec(line);
      return found ? [found.slice(1)] : [];
    });
    rows.push(...answers.filter(([name]) => /: port /.test(name)));
    const cases = Object.fromEntries(
      answers.map(([name, wanted, got]) => [name, () => expect(wanted === got, `wanted ${wanted}, got ${got}`)]),
    );
    cases["all questions were asked"] = () => expect(out.endsWith("The end\n") && answers.length > 60, `${answers.length} answers\n${out}${err}`);
    return cases;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function expect(condition, failure) {
  if (!condition) throw new Error(failure);
}
