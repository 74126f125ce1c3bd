// An upgrade of Convex: what it does in which order, and how it goes back.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

import { expect, generate, here, judge, project } from "./project.mjs";

const [OLD, NEW] = ["a".repeat(40), "b".repeat(40)];

export async function upgradeCases() {
  const files = await generate("upgrade", path.join(here, "../../examples/convex-upstream/compose.yaml"));
  const cases = {};
  /** A case of its own: a project at revision OLD, whose backend answers at `answering`. */
  const add = (name, answering, check, { env = `A=1\nCONVEX_REVISION=${OLD}\nB='2 3'\n`, backup = "exit 0" } = {}) => {
    cases[name] = () => {
      const it = project({ ...files, "backup.sh": `#!/bin/sh\necho "backup $*" >>"$FAKE/calls"\n${backup}\n` }, { running: ["backend", "dashboard"] });
      const dotenv = path.join(it.folder, ".env");
      writeFileSync(dotenv, env);
      const curl = `#!/bin/sh\nrevision=$(sed -n 's/^CONVEX_REVISION=//p' .env)\ncase "$revision" in ${answering}) ;; *) exit 7 ;; esac\n`;
      writeFileSync(it.path("inside/curl"), curl, { mode: 0o755 });
      it.env = () => readFileSync(dotenv, "utf8");
      it.upgrade = (options, more = {}) => it.run("upgrade.sh", options, { PATIENCE: "1", ...more });
      try {
        check(it);
        expect(!existsSync(`${dotenv}.new`), ".env.new stays");
      } finally {
        it.remove();
      }
    };
  };

  add("an upgrade exports, pulls, starts and asks, in this order", "*", (it) => {
    const { status, words } = it.upgrade([NEW]);
    expect(status === 0, words);
    const order = ["backup --export", "compose pull backend dashboard", "compose up --detach --no-deps backend dashboard", "compose exec"];
    const places = order.map((call) => it.calls().indexOf(call));
    expect(places.every((place, index) => place >= 0 && place > (places[index - 1] ?? -1)), it.calls());
    expect(it.env() === `A=1\nB='2 3'\nCONVEX_REVISION=${NEW}\n`, it.env());
  });
  add("a backend that does not answer is one that goes back", OLD, (it) => {
    const { status, words } = it.upgrade([NEW]);
    expect(status === 1 && words.includes(`back to ${OLD}`), `${status}: ${words}`);
    expect(it.env() === `A=1\nB='2 3'\nCONVEX_REVISION=${OLD}\n`, it.env());
    expect(it.calls().match(/compose up/g).length === 2, it.calls());
  });
  add("what cannot be pulled is one that goes back", "*", (it) => {
    const { status } = it.upgrade([NEW], { FAKE_FAIL: "^compose pull" });
    expect(status === 1 && it.env().includes(OLD) && !it.env().includes(NEW), it.env());
  });
  add("without a revision before it goes back to what the file says", '""', (it) => {
    const { status, words } = it.upgrade([NEW]);
    expect(status === 1 && it.env() === "A=1\n", `${status}: ${words}${it.env()}`);
  }, { env: "A=1\n" });
  add("an export that fails is no upgrade", "*", (it) => {
    const { status } = it.upgrade([NEW]);
    expect(status !== 0 && it.env().includes(OLD) && !/compose (pull|up)/.test(it.calls()), it.calls());
  }, { backup: "exit 4" });
  add("what is no revision is refused, and nothing is touched", "*", (it) => {
    for (const options of [[], ["latest"], [NEW.slice(1)], [`${NEW}x`], [NEW.toUpperCase()], [NEW, OLD], ["$(id)"]]) {
      const { status, words } = it.upgrade(options);
      expect(status === 2 && it.calls() === "" && it.env().includes(OLD), `${options}: ${status}, ${words}${it.calls()}`);
    }
  });
  add("where Compose does not read the second file nothing is touched", "*", (it) => {
    const { status, words } = it.upgrade([NEW], { FAKE_IMAGES: "fixed" });
    expect(status === 1 && /COMPOSE_FILE/.test(words) && !/backup|pull/.test(it.calls()), words + it.calls());
  });
  return judge(cases);
}
