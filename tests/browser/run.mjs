// The page in a real Chromium, as a user has it: `node tests/browser/run.mjs`, after `make build`.
import { execFileSync } from "node:child_process";
import { createSocket } from "node:dgram";
import { mkdirSync, readFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createRequire } from "node:module";
import { createServer as createTcpServer } from "node:net";
import { join } from "node:path";

import { openBrowser, portOf, ready, root, servePage, settled } from "./chromium.mjs";
import { WAYS } from "./ways_out.mjs";

const shots = join(root, "tests/browser/shots");
mkdirSync(shots, { recursive: true });
const axeScript = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const UPSTREAM = readFileSync(join(root, "examples/convex-upstream/compose.yaml"), "utf8");
const GUIDES = readFileSync(join(root, "examples/convex-guides/compose.yaml"), "utf8");
/** What the Proxy tab calls them, where the list of examples has another name. */
const TARGETS = { Traefik: "Traefik labels", "Cloudflare Tunnel": "cloudflared" };
const WEB = `services:
  web:
    image: nginx
    ports: ["8080:80"]
    volumes: ["data:/🐳é中", "dtaa:/x"]
volumes:
  data:
`;

/** @type {Record<string, (page: any, more: any) => Promise<void>>} */
const tests = {
  async "an undefined volume behind 🐳é中 is underlined on exactly its characters, mended, and brought back"(page) {
    await type(page, WEB);
    const marks = await marked(page);
    same(marks, ["dtaa"]);
    await page.getByRole("button", { name: /^Use data/ }).click();
    same(await text(page), WEB.replace("dtaa", "data"));
    await settled(page);
    same(await marked(page), []);
    await page.keyboard.press("Control+z");
    same(await text(page), WEB);
    await settled(page);
    same(await marked(page), ["dtaa"]);
  },

  async "a declared volume goes to the end of the file, and every comment stays"(page) {
    const before = "services: # ☕\n  web:\n    image: nginx # é\n    volumes: [./é中:/y, \"my-data:/x\"] # 🐳\n";
    await type(page, before);
    await page.getByRole("button", { name: /^Declare/ }).click();
    same(await text(page), `${before}\nvolumes:\n  my-data:\n`);
  },

  async "the nginx configuration follows the file and the chosen host name"(page) {
    await type(page, WEB);
    await openProxy(page, "nginx");
    const output = () => page.locator(".code pre").first().innerText();
    contains(await output(), "server 127.0.0.1:8080;");
    await page.locator(".sites input").first().fill("shop.example.org");
    await page.locator(".sites input").first().press("Enter");
    await page.waitForFunction(() => document.querySelector(".code pre").textContent.includes("server_name shop.example.org;"));
    await replace(page, "8080", "9090");
    await page.waitForFunction(() => document.querySelector(".code pre").textContent.includes("server 127.0.0.1:9090;"));
    await page.selectOption("#tls", { index: 1 });
    await page.waitForFunction(() => document.querySelector(".code pre").textContent.includes("listen 443 ssl http2;"));
    if ((await page.locator(".code pre .new").count()) === 0) throw new Error("no changed line is marked");
  },

  async "where nothing is published, the Proxy tab says what can be done"(page) {
    await type(page, WEB);
    await openProxy(page, "nginx");
    await page.locator(".code pre").first().waitFor();
    await replace(page, 'ports: ["8080:80"]', "expose: [80]");
    await page.getByText("A proxy on this host cannot reach any of these ports.").waitFor();
    same(await page.locator(".code pre").count(), 0);
    await page.selectOption("#place", { index: 1 });
    await page.waitForFunction(() => document.querySelector(".code pre")?.textContent.includes("server web:80 resolve;"));
  },

  async "a tab that is gone gives its selection, and the focus, to one that is there"(page) {
    await type(page, WEB);
    await openProxy(page, "nginx");
    await page.locator(".code pre").first().waitFor();
    const chosen = () => page.locator(".side-pane > .tabs [aria-selected=true]").innerText();
    const proxy = page.getByRole("tab", { name: "Proxy", exact: true });
    await page.locator(".cm-content").focus();
    await page.keyboard.press("Control+a");
    await paste(page, "name: é\nservices: {}\n");
    // Before the answer comes.
    await proxy.evaluate((tab) => tab.focus());
    await settled(page);
    await proxy.waitFor({ state: "detached" });
    same(await page.evaluate(() => document.activeElement.id), "tab-problems");
    same((await chosen()).split("\n")[0].replace(/ .*/, ""), "Problems");
  },

  async "in forced colors problems are marked, and names of buttons have spaces"(page) {
    await page.emulateMedia({ forcedColors: "active" });
    await type(page, WEB);
    const { width, color, background } = await page.locator(".cm-lint-marker").first().evaluate((marker) => {
      const style = getComputedStyle(marker);
      return { width: marker.offsetWidth, color: style.borderTopColor, background: getComputedStyle(document.body).backgroundColor };
    });
    if (width < 8 || color === background) throw new Error(`a mark of ${width} pixels in ${color} on ${background}`);
    await type(page, "services:\n  web:\n    image: nginx\n    depends_on: [webb]\n");
    await page.locator(".problem").first().waitFor();
    for (const name of await page.locator(".problem button").allInnerTexts()) if (/[a-z`]changes what runs/.test(name)) throw new Error(name);
    const tree = await page.locator(".problems").ariaSnapshot();
    if (/[^ ,.(]changes what runs/.test(tree)) throw new Error(tree);
    contains(tree, "changes what runs");
  },

  async "a path behind the host name is led to the service, with it or without, and is kept"(page) {
    await type(page, WEB);
    await openProxy(page, "nginx");
    const shows = (wanted) => page.waitForFunction((wanted) => document.querySelector(".code pre").textContent.includes(wanted), wanted);
    await page.locator(".sites input").first().fill("shop.example.org/cart");
    await page.locator(".sites input").first().press("Enter");
    await shows("location ~ ^/cart(?:/|$) {");
    await page.getByLabel("Strip /cart before forwarding").check();
    await shows("location ~ ^/cart/ {");
    await page.waitForTimeout(600);
    await page.reload();
    await ready(page);
    await openProxy(page, "nginx");
    await shows("location ~ ^/cart/ {");
    same(await page.locator(".sites input").first().inputValue(), "shop.example.org/cart");
    for (const [width, height, scheme] of [[1600, 1000, "light"], [360, 740, "dark"]]) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: scheme });
      if (width === 360) await page.getByRole("tab", { name: /Results/ }).click();
      await page.screenshot({ path: join(shots, `path-${width}.png`) });
    }
  },

  async "who may see a site, the version and the e-mail address go into the files, and survive a reload"(page) {
    await type(page, WEB);
    await openProxy(page, "nginx");
    const shows = (what) => page.waitForFunction((what) => document.querySelector(".output").textContent.includes(what), what);
    await page.getByRole("textbox", { name: "Access" }).fill("10.1.2.3/8");
    await page.keyboard.press("Tab");
    await shows("allow 10.0.0.0/8;");
    await page.selectOption("#tls", { index: 1 });
    await page.locator("#email").fill("me@shop.eu");
    await page.keyboard.press("Tab");
    await shows("-m me@shop.eu");
    await page.selectOption("#version", { label: "1.25.1 or newer" });
    await shows("http2 on;");
    await openProxy(page, "Traefik labels");
    await page.getByRole("tab", { name: "Problems" }).click();
    await page.getByRole("tab", { name: "Proxy", exact: true }).click();
    same(await page.locator(".targets [aria-selected=true]").innerText(), "Traefik labels");
    await page.waitForTimeout(600);
    await page.reload();
    await ready(page);
    await openProxy(page, "nginx");
    await shows("http2 on;");
    same(await page.getByRole("textbox", { name: "Access" }).inputValue(), "10.1.2.3/8");
  },

  async "HTTP/3 is a choice where there is encryption, and survives a reload"(page) {
    await type(page, WEB);
    await openProxy(page, "Traefik file");
    const box = page.getByRole("checkbox", { name: "HTTP/3" });
    const shows = (what) => page.waitForFunction((what) => document.querySelector(".output").textContent.includes(what), what);
    same(await box.count(), 0);
    await page.selectOption("#tls", { index: 1 });
    await shows("certificatesResolvers:");
    same(await box.isChecked(), false);
    await box.check();
    await shows("http3: {}");
    await shows("Open 443/udp");
    await page.selectOption("#tls", { index: 0 });
    await page.waitForFunction(() => !document.querySelector(".output").textContent.includes("http3"));
    await page.selectOption("#tls", { index: 2 });
    await shows("http3: {}");
    await page.waitForTimeout(600);
    await page.reload();
    await ready(page);
    await openProxy(page, "nginx");
    same(await box.isChecked(), true);
    await shows("HTTP/3 is left out");
    await page.selectOption("#version", { label: "1.25.1 or newer" });
    await shows("listen 443 quic;");
  },

  async "Convex never sees a path that leads to it, and the page says so"(page) {
    await openExample(page, "As its makers ship it");
    await settled(page);
    await openProxy(page, "nginx");
    await page.locator(".site input").first().fill("shop.example.org/app");
    await page.keyboard.press("Enter");
    const box = page.getByLabel("Strip /app before forwarding");
    await box.waitFor();
    same([await box.isChecked(), await box.isEnabled()], [true, false]);
  },

  async "an answer takes back nothing that is typed meanwhile"(page) {
    await openExample(page, "As its makers ship it");
    await settled(page);
    await openProxy(page, "nginx");
    const fields = page.locator(".site input:not([placeholder='everyone'])");
    const names = ["api.shop.example.org", "actions.shop.example.org", "dashboard.shop.example.org"];
    for (const [index, name] of names.entries()) {
      await fields.nth(index).focus();
      await page.keyboard.press("Control+a");
      await page.keyboard.type(name, { delay: 40 });
    }
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.querySelector(".code pre").textContent.includes("server_name dashboard.shop.example.org;"));
    same(await fields.evaluateAll((all) => all.map((it) => it.value)), names);
  },

  async "all files of a proxy come as one archive"(page) {
    await type(page, WEB);
    await openProxy(page, "nginx");
    await page.selectOption("#place", { index: 1 });
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download all" }).click(),
    ]);
    same(download.suggestedFilename(), "nginx.zip");
    const code = "import sys, zipfile; z = zipfile.ZipFile(sys.argv[1]); assert z.testzip() is None; print(*z.namelist()); sys.stdout.write(z.read(z.namelist()[0]).decode())";
    const read = execFileSync("python3", ["-c", code, await download.path()], { encoding: "utf8" });
    const [names, ...text] = read.split("\n");
    contains(names, "compose.nginx.yaml");
    same(text.join("\n"), await page.locator(".code pre").first().evaluate((it) => it.textContent));
  },

  async "a broken file keeps the last output, and says so"(page) {
    await type(page, WEB);
    await openProxy(page, "Traefik labels");
    await replace(page, 'ports: ["8080:80"]', 'ports: ["8080:80"');
    await page.waitForSelector(".output.old");
    contains(await page.locator(".output .trouble").innerText(), "last version");
  },

  async "all safe fixes are one step, and one step back"(page) {
    await type(page, GUIDES);
    const count = Number((await page.locator("#fix-all").innerText()).match(/\d+/)[0]);
    if (count < 2) throw new Error(`only ${count} safe fixes`);
    await page.locator("#fix-all").click();
    await page.waitForFunction(() => !document.querySelector("#fix-all"));
    const after = await text(page);
    contains(after, "  data-dev:");
    if (after.includes("version:")) throw new Error("version is still there");
    for (const comment of GUIDES.match(/#.*/g)) contains(after, comment);
    await page.locator(".cm-content").focus();
    await page.keyboard.press("Control+z");
    same(await text(page), GUIDES);
  },

  async "after loading, nothing is asked of any server"(page, { requests }) {
    const before = requests.length;
    await type(page, GUIDES);
    await page.locator("#fix-all").click();
    await openProxy(page, "Traefik labels");
    await page.selectOption("#place", { index: 1 });
    await openExample(page, "A small web app with its database");
    await page.getByRole("button", { name: "Add an override" }).click();
    await settled(page);
    // Downloads and workers are made of blobs, which come from this page itself.
    same(requests.slice(before).filter((url) => !url.startsWith("blob:")), []);
  },

  async "of every way out, only those are possible that no page can prevent"() {
    // What is tried may hang a browser: none of these serves another test.
    const browsers = [];
    const hits = [];
    const canary = await openCanary(hits);
    const { url, server } = await servePage((request, response) => {
      hits.push(`${request.url} ${decodeURIComponent(request.headers.cookie ?? "")}`);
      return request.url === "/control" && response.writeHead(200, { "content-type": "text/html" }).end("<!doctype html><title>Control</title><body>");
    });
    const lines = [];
    let count = 0;
    /** Tries a way in a page, and says what came of it. */
    const attempt = async (page, [name, wanted, code], where, patience) => {
      const id = `way-${(count += 1)}-`;
      const before = canary.counts();
      const target = `${where === "own" ? url : canary.url}${id}.png?text=secret`;
      const given = `const to = () => ${JSON.stringify(target)}, stun = ${JSON.stringify(canary.stun)}, bare = ${JSON.stringify(canary.bare)};`;
      const run = `(async () => { ${given} return (${code})(); })().then((it) => (it === "absent" ? it : "tried"), String)`;
      const outcome = await page
        .evaluate(`Promise.race([${run}, new Promise((done) => setTimeout(done, ${patience}, "tried"))])`)
        .catch((error) => String(error.message));
      return { id, name, where, wanted, before, outcome };
    };
    const judge = (it, isHit) => {
      const isAbsent = it.outcome === "absent" || /makes no frames|is not a function|is not a constructor|is not defined|Cannot read properties/.test(it.outcome);
      const found = isHit ? "possible" : isAbsent ? "absent" : "refused";
      lines.push({ ...it, found });
    };
    let context;
    const openContext = async () => {
      const browser = await openBrowser();
      browsers.push(browser);
      context = await browser.newContext();
    };
    const load = async (page) => {
      const go = () => page.goto(`${url}?${count}`);
      // What left the page last may still be on the way.
      await go().catch(() => page.waitForTimeout(500).then(go));
      await ready(page);
    };
    const leave = async (ways, where) => {
      const page = await context.newPage();
      for (const way of ways) {
        await load(page);
        const it = await attempt(page, way, where, 300);
        const isHit = () => hits.some((hit) => hit.includes(it.id));
        for (let round = 0; round < 12 && !isHit(); round += 1) await new Promise((done) => setTimeout(done, 50));
        judge(it, isHit());
      }
    };
    await openContext();
    await leave(WAYS.LEAVING, "other");
    await leave(WAYS.LEAVING, "own");
    await openContext();
    const page = await context.newPage();
    await load(page);
    const tried = [];
    for (const where of ["other", "own"]) for (const way of WAYS.BOTH) tried.push(await attempt(page, way, where, 60));
    await page.waitForTimeout(2_000);
    for (const it of tried) judge(it, hits.some((hit) => hit.includes(it.id)));
    // Nothing that was tried has broken the page.
    same(new URL(page.url()).pathname, "/");
    await type(page, WEB);
    same(await marked(page), ["dtaa"]);
    await breakEngine(page, "panic");
    await page.waitForSelector(".trouble");
    await replace(page, "dtaa", "café");
    await settled(page);
    same(await marked(page), ["café"]);
    for (const [ways, kind] of /** @type {const} */ ([[WAYS.PACKETS, "packets"], [WAYS.CONNECTIONS, "connections"]])) {
      for (const way of ways) {
        const it = await attempt(page, way, "other", 1_500);
        await page.waitForTimeout(300);
        judge(it, canary.counts()[kind] > it.before[kind]);
      }
    }
    await openContext();
    await leave(WAYS.OWN_LEAVING, "own");
    // The same in a page without policies: what is refused above is not refused for lack of trying.
    await openContext();
    const control = await context.newPage();
    await control.goto(`${url}control`);
    const open = [];
    for (const where of ["other", "own"]) for (const way of WAYS.BOTH) open.push(await attempt(control, way, where, 60));
    await control.waitForTimeout(2_000);
    const working = open.filter((it) => hits.some((hit) => hit.includes(it.id)));
    console.log(`        without the policies, ${working.length} of ${open.length} get through`);
    if (working.length < 100) throw new Error("the attempts do not work");
    for (const it of browsers) await Promise.race([it.close(), new Promise((done) => setTimeout(done, 5_000))]);
    canary.close();
    server.close();
    const of = (outcome) => lines.filter((it) => it.found === outcome).length;
    console.log(`        ${lines.length} ways: ${of("refused")} refused, ${of("absent")} absent, ${of("possible")} possible`);
    same(lines.filter((it) => it.found !== it.wanted).map((it) => `${it.name}, ${it.where}: ${it.found}, wanted ${it.wanted} (${it.outcome})`), []);
  },

  async "an engine that breaks costs an answer, never the text"(page) {
    for (const how of ["panic", "hang"]) {
      await type(page, WEB);
      await breakEngine(page, how);
      // A hang shows only once something is asked: this is never answered.
      if (how === "hang") await replace(page, "dtaa", "café");
      await page.waitForSelector(".trouble", { timeout: 8_000 });
      same(await text(page), how === "hang" ? WEB.replace("dtaa", "café") : WEB);
      await replace(page, how === "hang" ? "café" : "dtaa", "é中");
      await settled(page);
      same(await marked(page), ["é中"]);
    }
  },

  async "the keyboard gets in and out of the editor, and finds and mends problems"(page) {
    await type(page, WEB);
    await page.keyboard.press("Control+Home");
    // What F8 selects is what the key fixes.
    for (let it = 0; it < 9 && (await selected(page)) !== "dtaa"; it += 1) await page.keyboard.press("F8");
    await page.keyboard.press("Control+.");
    same(await text(page), `${WEB}  dtaa:\n`);
    await page.keyboard.press("Escape");
    await page.keyboard.press("Tab");
    if (await page.evaluate(() => document.activeElement.classList.contains("editor"))) throw new Error("still in the editor");
    await page.getByRole("tab", { name: /Problems/ }).focus();
    await page.keyboard.press("ArrowRight");
    contains(await page.locator("[role=tab][aria-selected=true]").last().innerText(), "nginx");
  },

  async "starting over, opening an example, and a reload lose no text"(page) {
    await type(page, WEB);
    await page.locator("#start-over").click();
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    await page.screenshot({ path: join(shots, "replace.png") });
    // Escape is a no.
    await page.keyboard.press("Escape");
    same([await dialog.count(), await text(page)], [0, WEB]);
    await page.locator("#start-over").click();
    await page.keyboard.press("Enter");
    await settled(page);
    contains(await text(page), UPSTREAM.slice(0, 300));
    contains(await page.locator("#notice-status").innerText(), "Started over. Undo is available");
    // The button is the next one behind the header.
    await page.locator("#start-over").focus();
    await page.keyboard.press("Tab");
    same(await page.evaluate(() => document.activeElement.id), "undo");
    await page.screenshot({ path: join(shots, "toast.png") });
    await page.keyboard.press("Enter");
    await settled(page);
    same([await text(page), await page.locator(".toast").count()], [WEB, 0]);
    // What was written since comes back as well.
    await page.locator("#start-over").click();
    await page.keyboard.press("Enter");
    await settled(page);
    await type(page, "services:\n  later:\n    image: nginx:1\n");
    await page.locator("#undo").click();
    await settled(page);
    contains(await page.locator("#notice-status").innerText(), "Restored the previous text");
    await page.locator("#undo").click();
    await settled(page);
    contains(await text(page), "  later:");
    await page.locator("#undo").click();
    await settled(page);
    same(await text(page), WEB);
    await openExample(page, "Caddy");
    await settled(page);
    await page.reload();
    await ready(page);
    if ((await text(page)) === WEB) throw new Error("the example is gone");
    await openDraft(page, 1);
    same(await text(page), WEB);
    await page.reload();
    await ready(page);
    same(await text(page), WEB);
  },

  async "choices for the proxy come back with the text"(page) {
    await type(page, WEB);
    await openProxy(page, "nginx");
    await page.locator(".sites input").first().fill("shop.example.org");
    await page.locator(".sites input").first().press("Enter");
    await settled(page);
    await openExample(page, "Its data in Postgres");
    await settled(page);
    await page.locator("#undo").click();
    await settled(page);
    same(await page.locator(".sites input").first().inputValue(), "shop.example.org");
    // An example that nobody wrote into is not asked about.
    await openExample(page, "Its data in Postgres");
    await page.selectOption("#examples", { label: "Its files in MinIO" });
    same([await page.getByRole("dialog").count(), await page.locator("#undo").count()], [0, 0]);
  },

  async "a closed tab comes back, and all fixes are taken back, by one button"(page) {
    await openExample(page, "A small web app with its database");
    await settled(page);
    const names = () => page.locator(".file-tab button:not(.close)").allInnerTexts();
    await page.getByRole("button", { name: ".env", exact: true }).click();
    const before = await text(page);
    await page.getByRole("button", { name: "Remove .env" }).click();
    same(await names(), ["compose.yaml"]);
    await page.locator("#undo").click();
    same([await names(), await text(page)], [["compose.yaml", ".env"], before]);
    await openExample(page, "As the common guides say");
    await settled(page);
    await page.locator("#fix-all").click();
    await page.locator("#undo").waitFor();
    if ((await text(page)) === GUIDES) throw new Error("nothing was fixed");
    await page.locator("#undo").click();
    same(await text(page), GUIDES);
  },

  async "where storage is full, blocked, or too small, the page says so and has the text to save"(page, { browser, url }) {
    const state = async (page, words) => {
      await page.locator("#not-saved").waitFor();
      contains(await page.locator("#not-saved").innerText(), words);
      contains(await page.locator("#drafts").innerText(), "Not saved");
      const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#not-saved").getByRole("button", { name: "Download files" }).click()]);
      same(download.suggestedFilename(), "compose.yaml");
      return readFileSync(await download.path(), "utf8");
    };
    // Full: everything this browser keeps for a site is taken.
    await page.evaluate(() => {
      for (let size = 2 ** 21; size >= 1; size /= 2) {
        try {
          for (let it = 0; ; it += 1) localStorage.setItem(`junk-${size}-${it}`, "x".repeat(size));
        } catch {
          // The next one is smaller.
        }
      }
    });
    await type(page, WEB);
    same(await state(page, "is full"), WEB);
    for (const [width, height, scheme] of [[1600, 1000, "light"], [1024, 800, "dark"], [360, 740, "light"]]) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: scheme });
      await page.screenshot({ path: join(shots, `not-saved-${width}.png`) });
    }
    await page.setViewportSize({ width: 1600, height: 1000 });
    // A question says that the text would be lost.
    await page.locator("#start-over").click();
    contains(await page.getByRole("dialog").innerText(), "not saved");
    await page.keyboard.press("Escape");
    await page.evaluate(() => Object.keys(localStorage).filter((it) => it.startsWith("junk")).forEach((it) => localStorage.removeItem(it)));
    await page.locator(".cm-content").focus();
    await page.keyboard.press("Control+End");
    await page.keyboard.type("# é");
    await page.locator("#not-saved").waitFor({ state: "detached" });
    await page.reload();
    await ready(page);
    same(await text(page), `${WEB}# é`);
    // Too large: 5 MB and more.
    const large = `# ${"x".repeat(99)}\n`.repeat(52_000);
    await page.locator(".cm-content").focus();
    await page.keyboard.press("Control+a");
    await paste(page, large);
    same((await state(page, "larger than 5 MB")).length, large.length);
    // Blocked.
    const context = await browser.newContext();
    await context.addInitScript(() => {
      for (const name of ["localStorage", "sessionStorage", "indexedDB"]) {
        Object.defineProperty(window, name, { get: () => { throw new DOMException("no", "SecurityError"); } });
      }
    });
    const blocked = await context.newPage();
    await blocked.goto(url);
    await ready(blocked);
    await type(blocked, WEB);
    same(await state(blocked, "refuses to store"), WEB);
    await context.close();
  },

  async "tabs of the browser do not overwrite each other"(page, { url }) {
    const context = page.context();
    const open = async () => {
      const it = await context.newPage();
      await it.goto(url);
      await ready(it);
      return it;
    };
    await type(page, WEB);
    await page.waitForTimeout(500);
    // The older one is closed untouched: the newer text stays.
    const other = await open();
    same(await text(other), WEB);
    await replace(other, "dtaa", "newer");
    await other.waitForTimeout(500);
    await page.close({ runBeforeUnload: true });
    const third = await open();
    same(await text(third), WEB.replace("dtaa", "newer"));
    // Both are edited: both are kept, and so is what the first had.
    await replace(third, "newer", "third");
    await replace(other, "newer", "other");
    await third.waitForTimeout(500);
    for (const [it, word] of [[third, "third"], [other, "other"]]) {
      await it.reload();
      await ready(it);
      same(await text(it), WEB.replace("dtaa", word));
    }
    // One starts over: the text does not come back into it, and the other keeps its own.
    await other.locator("#start-over").click();
    await other.keyboard.press("Enter");
    await settled(other);
    await third.close({ runBeforeUnload: true });
    await other.reload();
    await ready(other);
    contains(await text(other), UPSTREAM.slice(0, 300));
    const found = await other.evaluate(() =>
      Object.keys(localStorage).filter((it) => it.includes(":draft:")).map((it) => localStorage.getItem(it).match(/(\w+):\/x/)[1]),
    );
    same(found.sort(), ["dtaa", "other", "third"]);
  },

  async "a draft that a tab shows is not dropped for newer ones, and is no longer called saved once another tab deletes it"(page, { url }) {
    await type(page, WEB);
    await page.locator("#drafts").getByText("Saved").waitFor();
    const other = await page.context().newPage();
    await other.goto(url);
    await ready(other);
    const isStored = () => other.evaluate(() => Object.keys(localStorage).some((it) => it.includes(":draft:") && localStorage.getItem(it).includes("dtaa")));
    // Another tab fills the list.
    await other.evaluate(() => {
      const files = [{ name: "compose.yaml", text: "services: {}" }];
      for (let it = 1; it <= 24; it += 1) localStorage.setItem(`compose-playground:draft:${it}`, JSON.stringify({ changed: Date.now() + it, files, proxy: {} }));
    });
    await openExample(other, "Its data in Postgres");
    await type(other, "name: another\nservices: {}\n");
    await other.waitForFunction(() => Object.keys(localStorage).filter((it) => it.includes(":draft:")).length === 22);
    same(await isStored(), true);
    await other.locator("#drafts").click();
    await other.getByRole("button", { name: /^Delete web/ }).click();
    same(await isStored(), false);
    await page.locator("#drafts").getByText("Saved").waitFor({ state: "detached" });
    await replace(page, "dtaa", "dtaa2");
    await page.locator("#drafts").getByText("Saved").waitFor();
    same(await isStored(), true);
  },

  async "a page that crashes loses next to nothing"(_, { browser, url }) {
    const context = await browser.newContext();
    const crashing = await context.newPage();
    await crashing.goto(url);
    await ready(crashing);
    await type(crashing, WEB);
    await crashing.keyboard.press("Control+End");
    // Without a pause: saving does not wait for one.
    await crashing.keyboard.type("# 0123456789012345678901234567890123456789", { delay: 30 });
    const session = await context.newCDPSession(crashing);
    session.send("Page.crash").catch(() => {});
    await crashing.waitForEvent("crash");
    const next = await context.newPage();
    await next.goto(url);
    await ready(next);
    const kept = await text(next);
    contains(kept, `${WEB}# 0123456789012345678901234`);
    await context.close();
  },

  async "text of a page from before drafts becomes one"(page, { url }) {
    await page.evaluate((files) => {
      localStorage.clear();
      sessionStorage.clear();
      localStorage.setItem("compose-playground", JSON.stringify({ files, proxy: { place: "network", tls: "acme", http3: false, email: "", hosts: [{ service: "web", port: 80, host: "shop.example.org", strips: false }], access: [], versions: [] } }));
    }, [{ name: "compose.yaml", text: WEB }, { name: ".env", text: "A=é" }]);
    await page.reload();
    await ready(page);
    same(await text(page), WEB);
    same(await page.evaluate(() => localStorage.getItem("compose-playground")), null);
    await openProxy(page, "nginx");
    same(await page.locator(".sites input").first().inputValue(), "shop.example.org");
    await page.getByRole("button", { name: ".env", exact: true }).click();
    same(await text(page), "A=é");
    // The file that was open is open after a reload.
    await page.reload();
    await ready(page);
    same(await text(page), "A=é");
    same(await page.getByRole("tab", { name: "Proxy", exact: true }).getAttribute("aria-selected"), "true");
    // Storage is too small for both the old entry and its draft.
    const large = `${WEB}# ${"x".repeat(3_000_000)}`;
    const alone = await page.context().newPage();
    await alone.goto(url);
    await alone.evaluate((text) => {
      localStorage.clear();
      sessionStorage.clear();
      localStorage.setItem("compose-playground", JSON.stringify({ files: [{ name: "compose.yaml", text }], proxy: {} }));
    }, large);
    await alone.reload();
    await ready(alone);
    contains(await text(alone), WEB);
    await alone.locator("#drafts").getByText("Saved").waitFor();
  },

  async "drafts have dates, are deleted and brought back, and are no more than twenty-one"(page, { setScheme }) {
    for (let it = 1; it <= 23; it += 1) {
      await openExample(page, "Its data in Postgres");
      await type(page, `name: project-${it}\n${WEB}`);
      await page.waitForTimeout(300);
    }
    await page.keyboard.press("Control+End");
    await page.locator("#drafts").focus();
    await page.keyboard.press("Enter");
    const titles = () => page.locator(".draft-title").allInnerTexts();
    same([(await titles()).length, (await titles())[0], (await titles()).at(-1)], [21, "project-23", "project-3"]);
    contains(await page.locator(".draft-facts").nth(1).innerText(), `${new Date().getFullYear()}`);
    for (const [width, height, scheme] of [[1600, 1000, "light"], [1024, 800, "dark"], [360, 740, "light"], [360, 740, "dark"]]) {
      await setScheme(scheme);
      await page.setViewportSize({ width, height });
      await page.evaluate(axeScript);
      const found = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
      same(found.violations.map((it) => `${scheme} ${width} ${it.id}: ${it.nodes[0].html}`), []);
      await page.screenshot({ path: join(shots, `drafts-${width}-${scheme}.png`) });
    }
    const stored = () => page.evaluate(() => Object.keys(localStorage).filter((it) => it.includes(":draft:")).length);
    await page.getByRole("button", { name: /^Delete project-22/ }).click();
    same(await stored(), 20);
    await page.locator(".draft").nth(1).getByRole("button", { name: "Undo" }).click();
    same(await stored(), 21);
    // The keyboard opens one.
    await page.getByRole("button", { name: /^project-22/ }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByRole("button", { name: "Replace" }).click();
    await settled(page);
    contains(await text(page), "name: project-22\n");
  },

  async "what is not to be kept is not written, and what is there is deleted only when asked"(page) {
    await type(page, WEB);
    await page.waitForTimeout(500);
    const stored = () => page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
    contains(await stored(), "dtaa");
    await page.locator("#drafts").click();
    await page.getByLabel("Keep my text in this browser").uncheck();
    contains(await page.getByRole("dialog").innerText(), "Delete the stored draft?");
    await page.screenshot({ path: join(shots, "keep-off.png") });
    await page.getByRole("button", { name: "Keep drafts" }).click();
    await page.keyboard.press("Escape");
    contains(await page.locator("#drafts").innerText(), "Saving off");
    const before = await stored();
    await replace(page, "dtaa", "secret");
    await page.waitForTimeout(600);
    same(await stored(), before);
    await page.locator("#drafts").click();
    await page.getByRole("button", { name: /^Delete web/ }).click();
    same((await stored()).includes("dtaa"), false);
    await page.getByLabel("Keep my text in this browser").check();
    await page.keyboard.press("Escape");
    await replace(page, "secret", "kept");
    await page.waitForTimeout(600);
    contains(await stored(), "kept");
  },

  async "line endings and the byte order mark are kept where a file is saved or copied"(page) {
    const windows = `\uFEFF${WEB.replaceAll("\n", "\r\n")}`;
    await type(page, windows);
    const save = async () => {
      const [download] = await Promise.all([page.waitForEvent("download"), page.keyboard.press("Control+s")]);
      return readFileSync(await download.path(), "utf8");
    };
    same(await save(), windows);
    await page.reload();
    await ready(page);
    await page.locator(".cm-content").focus();
    same(await save(), windows);
    await type(page, WEB);
    same(await save(), WEB);
  },

  async "the key applies the fix at the caret, asks where it changes what runs, and never acts off screen"(page) {
    const file = `services:\n  web:\n    image: nginx:1\n    volumes: ["dtaa:/x"]\n${"# é\n".repeat(80)}  db:\n    image: postgres:17\n    ports: ["5432:5432"]\nvolumes:\n  data:\n`;
    await type(page, file);
    const said = () => page.locator("#notice-status").innerText();
    // What is announced follows the key, and not at once.
    const hears = (words) =>
      page.waitForFunction((words) => document.querySelector("#notice-status").textContent.includes(words), words, { timeout: 5_000 });
    await page.keyboard.press("Control+Home");
    await page.keyboard.press("Control+.");
    await hears("No fix here");
    same([await text(page).then((it) => it.slice(0, 90)), await said()], [file.slice(0, 90), "No fix here"]);
    // All is selected, and the caret is at the end: the problem is far above it.
    await page.keyboard.press("Control+a");
    await page.keyboard.press("Control+.");
    await hears("not on screen");
    await page.waitForTimeout(100);
    await page.keyboard.press("Control+.");
    await hears("No fix here");
    same(await page.getByRole("dialog").count(), 0);
    same((await text(page)).includes("  dtaa:"), false);
    await page.keyboard.press("Control+Home");
    same(await text(page).then((it) => it.slice(0, 90)), file.slice(0, 90));
    // The caret is scrolled away: nothing happens but that it comes back.
    for (let it = 0; it < 3; it += 1) await page.keyboard.press("ArrowDown");
    await page.locator(".cm-scroller").evaluate((it) => (it.scrollTop = 99_999));
    await page.waitForTimeout(100);
    await page.keyboard.press("Control+.");
    await hears("not on screen");
    await page.waitForTimeout(100);
    await page.keyboard.press("Control+.");
    await settled(page);
    same([await page.getByRole("dialog").count(), await marked(page).then((it) => it.includes("dtaa"))], [0, false]);
    // One that changes what runs: with what it changes, and a way not to.
    await page.keyboard.press("Control+End");
    for (let it = 0; it < 4; it += 1) await page.keyboard.press("ArrowUp");
    const before = await text(page);
    await page.keyboard.press("Control+.");
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    same(await dialog.locator(".removed").evaluateAll((all) => all.map((it) => it.textContent)), ['−Removed:     ports: ["5432:5432"]']);
    contains(await dialog.locator(".added").innerText(), "127.0.0.1:5432:5432");
    for (const [width, height, scheme] of [[1600, 1000, "light"], [360, 740, "dark"]]) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme: scheme });
      await page.evaluate(axeScript);
      const found = await page.evaluate(() => axe.run(document));
      same(found.violations.map((it) => `${it.id}: ${it.nodes[0].html}`), []);
      await page.screenshot({ path: join(shots, `ask-${width}.png`) });
    }
    await page.setViewportSize({ width: 1600, height: 1000 });
    await page.keyboard.press("Escape");
    same(await text(page), before);
    // The smaller screen has scrolled the caret away.
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Control+.");
    await dialog.waitFor();
    await page.keyboard.press("Enter");
    contains(await text(page), '"127.0.0.1:5432:5432"');
  },

  async "a problem that is gone to is selected, visibly, and its tooltip explains it"(page, { setScheme }) {
    await type(page, WEB);
    await page.getByRole("button", { name: /undefined volume/ }).click();
    same(await selected(page), "dtaa");
    const line = page.locator(".cm-activeLine").first();
    contains(await line.evaluate((it) => getComputedStyle(it).backgroundColor), "rgba(");
    await page.screenshot({ path: join(shots, "selected.png") });
    for (const [width, height, scheme] of [[1600, 1000, "light"], [360, 740, "dark"]]) {
      await setScheme(scheme);
      await page.setViewportSize({ width, height });
      if (width === 360) await page.getByRole("tab", { name: /Edit/ }).click();
      await page.locator(".cm-lintRange-error").first().hover();
      const tip = page.locator(".cm-tooltip-lint");
      await tip.waitFor();
      const words = await tip.innerText();
      contains(words, "error: ");
      if (words.includes("`")) throw new Error(words);
      await page.waitForTimeout(100);
      const box = await tip.boundingBox();
      if (box.x < 0 || box.x + box.width > width) throw new Error(`clipped: ${JSON.stringify(box)}`);
      await page.screenshot({ path: join(shots, `tooltip-${width}.png`) });
      await page.mouse.move(0, 0);
    }
  },

  async "an override that nothing is written into is no mistake"(page) {
    await openExample(page, "A small web app with its database");
    await settled(page);
    await page.getByRole("button", { name: "Add an override" }).click();
    await settled(page);
    same(await problems(page), []);
    await type(page, "services:\n  web:\n    volumes: [nowhere:/x]\n");
    same(await marked(page), ["nowhere"]);
  },

  async "a page that does not start says why, and keeps what is typed"(_, { browser, url, errors }) {
    const start = async (prepare, address = url) => {
      const context = await browser.newContext({ viewport: { width: 1600, height: 1000 } });
      const page = await context.newPage();
      page.setDefaultTimeout(15_000);
      await prepare(page, context);
      await page.goto(address);
      return { page, context };
    };
    const says = async (where, words) => {
      await where.locator("#start-failed").waitFor();
      contains(await where.locator("#start-failed").innerText(), words);
    };
    const missing = (pattern) => (page) => page.route(pattern, (route) => route.fulfill({ status: 404, body: "" }));
    const cases = [
      ["missing", missing(/app-.*\.js/), "The server answers 404 for app-"],
      ["blocked", (page) => page.route(/app-.*\.js/, (route) => route.abort()), "blocks the file"],
      ["snippet", missing(/snippets\/.*\.js/), "The server answers 404 for page-"],
      ["modules", missing(/modules-.*\.wasm/), "The server answers 404 for modules-"],
      ["fallback", (page) => page.route(/app-.*\.js/, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" })), "sends a web page instead of app-"],
      ["no-wasm", (page) => page.addInitScript(() => { delete window.WebAssembly; }), "WebAssembly is not available"],
    ];
    for (const [name, prepare, words] of cases) {
      const { page, context } = await start(prepare);
      await says(page, words);
      if ((await page.locator("#getting-ready").innerText()).includes("Getting ready")) throw new Error("it goes on getting ready");
      await page.locator("#early").fill(WEB);
      if (name === "missing") {
        for (const [width, height, scheme] of [[1600, 1000, "light"], [1024, 800, "dark"], [360, 740, "light"]]) {
          await page.setViewportSize({ width, height });
          await page.emulateMedia({ colorScheme: scheme });
          await page.screenshot({ path: join(shots, `start-${width}.png`) });
          await page.evaluate(axeScript);
          same((await page.evaluate(() => axe.run(document))).violations.map((it) => it.id), []);
        }
        // It is there once the page starts.
        await page.unroute(/app-.*\.js/);
        await page.locator("#start-again").click();
        await ready(page);
        same(await text(page), WEB);
        await page.locator("#drafts").getByText("Saved").waitFor();
      }
      await context.close();
    }
    // Not even the inline script may run: the style sheet says so, after a while.
    const mute = await servePage((_, response) => void response.setHeader("content-security-policy", "script-src 'none'"));
    const blocked = await start(() => {}, mute.url);
    await blocked.page.locator("#late").waitFor({ state: "visible" });
    same(await blocked.page.getByText("Getting ready").isVisible(), false);
    await blocked.context.close();
    mute.server.close();
    // From disk.
    const disk = await start(() => {}, `file://${join(root, "dist/index.html")}`);
    await says(disk.page, "Serve its folder with a web server");
    await disk.context.close();
    // Sandboxed, by a server without CORS headers, and with them.
    for (const headers of [{}, { "access-control-allow-origin": "*" }]) {
      const isOpen = Object.keys(headers).length > 0;
      const { url: own, server } = await servePage((request, response) => {
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        return request.url === "/outer" && response.writeHead(200, { "content-type": "text/html" }).end('<iframe sandbox="allow-scripts" src="/" width=1200 height=800></iframe>');
      });
      const { page, context } = await start(() => {}, `${own}outer`);
      const frame = page.frameLocator("iframe");
      if (isOpen) await frame.locator(".problem, .all-well").first().waitFor();
      else await says(frame, "sandboxes this page");
      await context.close();
      server.close();
    }
    // The engine's script is missing: the page is there, and says so.
    const engine = await start(missing(/worker-.*\.js/));
    await engine.page.setViewportSize({ width: 360, height: 740 });
    await engine.page.locator("#not-checked").waitFor();
    contains(await engine.page.locator("#not-checked").innerText(), "The server answers 404 for worker-");
    await engine.page.screenshot({ path: join(shots, "not-checked-360.png") });
    await type(engine.page, WEB).catch(() => {});
    same(await text(engine.page), WEB);
    await engine.context.close();
    // The server forbids workers: not the text is to blame.
    const { url: strict, server: strictServer } = await servePage((_, response) => void response.setHeader("content-security-policy", "worker-src 'none'"));
    const workers = await start(() => {}, strict);
    await workers.page.locator("#not-checked").waitFor();
    contains(await workers.page.locator("#not-checked").innerText(), "worker-src blob:");
    await workers.context.close();
    strictServer.close();
    // Without styles the page works, and says what is missing.
    const plain = await start(missing(/page-.*\.css/));
    await ready(plain.page);
    contains(await plain.page.locator("body").innerText(), "The page has no styles. The server answers 404 for page-");
    await plain.context.close();
    // The engine's script never comes.
    const late = await start((page) => page.route(/worker-.*\.js/, () => {}), url);
    await late.page.getByText("The engine has not loaded yet.").waitFor();
    await late.context.close();
    // What is typed while the page loads is taken over, with the caret.
    let go;
    const gate = new Promise((done) => (go = done));
    const slow = await start((page) => page.route(/modules-.*\.wasm/, async (route) => (await gate, route.continue())));
    await slow.page.locator("#early").click();
    await slow.page.keyboard.type("services:\n  web:\n    image: ngi");
    go();
    await ready(slow.page);
    await slow.page.keyboard.type("nx:1");
    same(await text(slow.page), "services:\n  web:\n    image: nginx:1");
    await slow.context.close();
    errors.length = 0;
  },

  async "every example opens, says no more than it should, and shows the proxy it is behind"(page) {
    const groups = await page.locator("#examples optgroup").evaluateAll((all) =>
      all.map((group) => ({ heading: group.label, titles: [...group.children].map((it) => it.textContent) })),
    );
    same(groups.map((it) => it.heading), ["Convex", "Convex behind a proxy", "Platforms", "Other"]);
    same(await page.locator("#examples").inputValue(), "Open an example");
    for (const { heading, titles } of groups) {
      for (const title of titles) {
        const isBehind = heading === "Convex behind a proxy";
        await openExample(page, title);
        if (isBehind) {
          const target = page.locator(".targets [aria-selected=true]");
          await page.waitForFunction((title) => document.querySelector(".targets [aria-selected=true]")?.textContent.startsWith(title), TARGETS[title] ?? title);
          contains(await target.innerText(), TARGETS[title] ?? title);
          const files = (await page.locator(".code pre").allInnerTexts()).join("\n");
          for (const host of ["api", "actions", "dashboard"]) contains(files, `${host}.example.com`);
          await page.getByRole("tab", { name: /Problems/ }).click();
        }
        await settled(page);
        // The guides' are there to be mended.
        const wanted = title.includes("guide") ? 1 : 0;
        const found = await page.locator(".problem.is-error, .problem.is-warning").allInnerTexts();
        if (Math.min(found.length, 1) !== wanted) throw new Error(`${title}: ${JSON.stringify(found)}`);
      }
    }
  },

  async "several files are read together"(page) {
    await openExample(page, "A small web app with its database");
    await settled(page);
    same(await problems(page), []);
    await page.getByRole("button", { name: "Remove .env" }).click();
    await settled(page);
    if (!(await problems(page)).some((it) => it.includes("DB_PASSWORD"))) throw new Error("the missing variable is not noticed");
    await page.getByRole("button", { name: "Add an override" }).click();
    await type(page, "services:\n  web:\n    volumes: [nowhere:/x]\n");
    same(await marked(page), ["nowhere"]);
  },

  async "the effective model shows what Compose makes of the files, and where each line comes from"(page) {
    await type(page, "services:\n  web: # 🐳é中\n    image: nginx\n    ports: [\"127.0.0.1:8080:80\"]\n");
    await page.getByRole("tab", { name: "Effective" }).click();
    const lines = page.locator(".code .line");
    await lines.first().waitFor();
    contains((await lines.allInnerTexts()).join("\n"), '        published: "8080"\n        protocol: tcp');
    await lines.filter({ hasText: "published" }).click();
    same(await selected(page), "8080");
    // Arrows lead from line to line, Enter to the place.
    await lines.first().focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    same(await page.evaluate(() => document.activeElement.textContent), "  web:");
  },

  async "what a Convex project comes to is said in one place, and mended there"(page) {
    await type(page, GUIDES);
    await page.getByRole("tab", { name: "Convex" }).click();
    const fact = (name) => page.locator(".fact", { has: page.locator(".fact-name", { hasText: name }) });
    contains(await fact("3211, HTTP actions").innerText(), "Everyone who reaches this machine");
    await fact("Dashboard to API").getByRole("button", { name: "Dashboard to API" }).click();
    same(await selected(page), "NEXT_PUBLIC_DEPLOYMENT_URL");
    contains(await fact("Dashboard to API").innerText(), "browsers cannot reach backend");
    await fact("Dashboard to API").locator("button.fix").click();
    await settled(page);
    if ((await fact("Dashboard to API").innerText()).includes("cannot reach")) throw new Error("it is still said");
    await type(page, WEB);
    same(await page.getByRole("tab", { name: "Convex" }).count(), 0);
  },

  async "the editor colours YAML, folds what belongs to a line, and indents the next one as far"(page) {
    const code = `x-é: &all # 🐳 a: b
  "quoted: key": [a b, 'it''s', {c: "d", e: !t f}]
services:
  web:
    command: |
      a: b # text
    ports:
    - "80:80"
    - http://é中#x
  db: *all`;
    await type(page, code);
    const coloured = await page.locator(".cm-line span").evaluateAll((all) => {
      const colours = {};
      for (const it of all) (colours[getComputedStyle(it).color] ??= []).push(it.textContent);
      return Object.values(colours);
    });
    same(coloured.find((it) => it.includes("web")), ["x-é", '"quoted: key"', "c", "e", "services", "web", "command", "ports", "db"]);
    same(coloured.find((it) => it.includes("|")), ["'it''s'", '"d"', "|", '"80:80"']);
    same(coloured.find((it) => it.includes("&all")), ["&all", "!t", "*all"]);
    same(coloured.find((it) => it.includes("# 🐳 a: b")), ["# 🐳 a: b"]);

    const folded = async (lines) => {
      await page.keyboard.press("Control+Home");
      for (let it = 0; it < lines; it += 1) await page.keyboard.press("ArrowDown");
      await page.keyboard.press("Control+Shift+BracketLeft");
      const left = await text(page);
      await page.keyboard.press("Control+Shift+BracketRight");
      return left.split("\n").length;
    };
    same([await folded(2), await folded(3), await folded(4), await folded(6), await folded(9)], [3, 5, 9, 8, 10]);

    const next = async (line) => {
      await type(page, line);
      await page.keyboard.press("Control+End");
      await page.keyboard.type("\nx");
      return (await text(page)).slice(line.length + 1);
    };
    same(await next("a:\n  b: 1"), "  x");
    same(await next("a:\n  - b: 1"), "    x");
    same(await next("a:\n  - b"), "  x");
    same(await next("a:\n  b: |"), "    x");
    same(await next("a:\n  b: ["), "    x");
    same(await next("a:\n  b: [é,"), "      x");
    same(await next("a:\n  b: [é,\n      f]"), "  x");
  },

  async "who has read a guide has a set-up that works, in twelve clicks"(page) {
    let clicks = 0;
    const click = async (target) => {
      clicks += 1;
      await target.click();
      await settled(page);
    };
    const shot = (name) => page.screenshot({ path: join(shots, `walk-${name}.png`) });
    clicks += 1;
    await openExample(page, "As the common guides say");
    await settled(page);
    await shot("1-guide");
    await click(page.locator("#fix-all-unsafe"));
    same(await problems(page), []);
    await shot("2-mended");
    await click(page.getByRole("tab", { name: "Proxy", exact: true }));
    for (const [index, host] of ["api.shop.example.org", "hooks.shop.example.org", "admin.shop.example.org"].entries()) {
      const field = page.locator(".site").nth(index).locator("input").first();
      await click(field);
      await field.fill(host);
      await field.press("Enter");
    }
    clicks += 1;
    await page.selectOption("#tls", { index: 1 });
    await settled(page);
    await click(page.getByRole("button", { name: "Tell Convex these addresses" }));
    contains(await text(page), "CONVEX_CLOUD_ORIGIN=https://api.shop.example.org\n");
    contains(await text(page), "NEXT_PUBLIC_DEPLOYMENT_URL: https://api.shop.example.org");
    await shot("3-proxy");
    contains(await page.locator(".code pre").first().innerText(), "server_name hooks.shop.example.org;");
    await click(page.getByRole("tab", { name: "Operations" }));
    await click(page.getByRole("tab", { name: "Backup" }));
    contains(await page.locator(".code pre").first().innerText(), "#!/usr/bin/env bash");
    await shot("4-backup");
    await click(page.getByRole("tab", { name: /Problems/ }));
    const above = await page.locator(".problem.is-error, .problem.is-warning").count();
    const rejected = await page.locator(".verdict.rejected").count();
    same([rejected, above], [0, 0]);
    await shot("5-left");
    if (clicks > 12) throw new Error(`${clicks} clicks`);
    console.log(`        ${clicks} clicks`);
  },

  async "secrets are made on a click, in this browser, and kept nowhere"(page) {
    await openExample(page, "Its data in Postgres");
    await page.getByRole("tab", { name: "Operations" }).click();
    const secret = async () => (await page.locator(".code pre").first().innerText()).match(/^POSTGRES_PASSWORD=(.*)$/m)[1];
    same(await secret(), "");
    // Another instance secret would end all admin keys of a backend that has already run.
    contains(await page.locator(".code pre").first().innerText(), "# INSTANCE_SECRET=");
    await page.getByRole("button", { name: "Generate secrets" }).click();
    const first = await secret();
    if (!/^[0-9a-f]{48}$/.test(first)) throw new Error(`the secret is ${first}`);
    await page.getByRole("button", { name: "Generate secrets" }).click();
    if ((await secret()) === first) throw new Error("the same secret twice");
    await page.waitForTimeout(600);
    same(await page.evaluate((secret) => JSON.stringify(localStorage).includes(secret), await secret()), false);
    await page.reload();
    await ready(page);
    await page.getByRole("tab", { name: "Operations" }).click();
    same(await secret(), "");
  },

  async "a file that is referred to can be opened beside the others"(page) {
    await type(page, "services:\n  web:\n    extends:\n      file: parts/é.yaml\n      service: base\n");
    same(await problems(page), ["file parts/é.yaml is not open here"]);
    await page.getByRole("button", { name: "Open a tab for parts/é.yaml" }).click();
    await type(page, "services:\n  base:\n    image: nginx\n    imge: x\n");
    same(await marked(page), ["imge"]);
    same((await problems(page)).length, 1);
  },

  async "nobody is kept out: axe finds nothing, whatever is open"(page, { setScheme }) {
    for (const [scheme, width] of [["light", 1600], ["dark", 1024], ["light", 360], ["dark", 360]]) {
      await setScheme(scheme);
      await page.setViewportSize({ width, height: width === 360 ? 740 : 900 });
      await openExample(page, "As the common guides say");
      await settled(page);
      for (const side of [/Problems/, "Convex", "Proxy", "Operations", "Effective"]) {
        if (width === 360) await page.getByRole("tab", { name: /Results/ }).click();
        await page.getByRole("tab", { name: side, exact: typeof side === "string" }).click();
        await page.waitForTimeout(150);
        await page.evaluate(axeScript);
        const found = await page.evaluate(() => axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
        same(found.violations.map((it) => `${scheme} ${width} ${it.id}: ${it.nodes[0].html}`), []);
        await page.screenshot({ path: join(shots, `${width}-${scheme}-${typeof side === "string" ? side : "problems"}.png`) });
      }
      if (width === 360) {
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        if (overflow > 0) throw new Error(`the page is ${overflow} px too wide`);
        await page.getByRole("tab", { name: /Edit/ }).click();
        await page.screenshot({ path: join(shots, `${width}-${scheme}-edit.png`) });
      }
    }
  },

  async "the page is there before any script"(_, { browser, url }) {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(url);
    contains(await page.locator("h1").innerText(), "Compose Playground");
    contains(await page.locator("noscript").innerText(), "compose-check");
    await page.screenshot({ path: join(shots, "skeleton.png") });
    await context.close();
  },
};

/** Opens a draft, by its place among those that are not on screen. */
async function openDraft(page, index) {
  await page.locator("#drafts").click();
  await page.locator("button.draft-open").nth(index).click();
  const replace = page.getByRole("dialog").getByRole("button", { name: "Replace" });
  if (await replace.isVisible()) await replace.click();
  await settled(page);
}

/** Opens an example, also over text that was edited. */
async function openExample(page, label) {
  await page.selectOption("#examples", { label });
  const replace = page.getByRole("dialog").getByRole("button", { name: "Replace" });
  if (await replace.isVisible()) await replace.click();
}

/** The tab of a target of the Proxy tab. */
async function openProxy(page, target) {
  await page.getByRole("tab", { name: "Proxy", exact: true }).click();
  await page.getByRole("tab", { name: target, exact: true }).click();
}

/** A server of every kind on ports of its own, that counts who comes. */
async function openCanary(hits) {
  const packets = createSocket("udp4");
  const counts = { packets: 0, connections: 0 };
  packets.on("message", () => (counts.packets += 1));
  const web = createHttpServer((request, response) => {
    hits.push(request.url);
    response.writeHead(200, { "access-control-allow-origin": "*", "content-type": "text/plain" }).end("x");
  });
  web.on("upgrade", (request, socket) => (hits.push(request.url), socket.destroy()));
  const bare = createTcpServer((socket) => ((counts.connections += 1), socket.on("error", () => {})));
  await new Promise((done) => packets.bind(0, "127.0.0.1", () => done(undefined)));
  for (const it of [web, bare]) await new Promise((done) => it.listen(0, "127.0.0.1", () => done(undefined)));
  return {
    url: `http://127.0.0.1:${portOf(web)}/`,
    bare: `http://127.0.0.1:${portOf(bare)}/`,
    stun: `stun:127.0.0.1:${packets.address().port}`,
    counts: () => ({ ...counts }),
    close: () => (packets.close(), web.close(), bare.close(), web.closeAllConnections()),
  };
}

async function main() {
  const { url, server } = await servePage();
  const browser = await openBrowser();
  let [passed, failed] = [0, 0];
  const wanted = process.argv[2];
  for (const [name, run] of Object.entries(tests)) {
    if (wanted && !name.includes(wanted)) continue;
    const context = await browser.newContext({ viewport: { width: 1600, height: 1000 } });
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    const [requests, violations, errors] = [[], [], []];
    page.on("request", (request) => requests.push(request.url()));
    page.on("pageerror", (error) => errors.push(error.message));
    await page.addInitScript(() => {
      addEventListener("securitypolicyviolation", (event) => console.debug(`violation: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}:${event.columnNumber}`));
    });
    page.on("console", (message) => {
      if (message.text().startsWith("violation: ")) violations.push(message.text());
      else if (message.type() === "error" && !name.includes("breaks") && !name.includes("refuses")) errors.push(message.text());
    });
    try {
      await page.goto(url);
      await ready(page);
      await run(page, { requests, violations, errors, browser, url, setScheme: (colorScheme) => page.emulateMedia({ colorScheme }) });
      same(violations, []);
      same(errors, []);
      passed += 1;
      console.log(`ok      ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}\n        ${String(error.message).replaceAll("\n", "\n        ")}`);
      await page.screenshot({ path: join(shots, `failed-${passed + failed}.png`) }).catch(() => {});
    }
    await context.close();
  }
  await browser.close();
  server.close();
  console.log(`${passed} passed, ${failed} failed`);
  process.exit(failed > 0 || passed === 0 ? 1 : 0);
}

/** The engine does what it would on a file that it cannot take: it ends with an error, or never. */
async function breakEngine(page, how) {
  // The first is the engine; others may have been started to see whether they can leave the page.
  const worker = page.workers()[0];
  if (!worker) throw new Error("the page has no worker");
  await worker.evaluate((how) => {
    setTimeout(() => {
      if (how === "panic") throw new WebAssembly.RuntimeError("unreachable");
      for (;;);
    });
  }, how);
}

/** Puts a text into the editor as pasting does. */
async function type(page, content) {
  await page.locator(".cm-content").focus();
  await page.keyboard.press("Control+a");
  await paste(page, content);
  await settled(page);
}

async function paste(page, content) {
  await page.locator(".cm-content").evaluate((editor, content) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData("text/plain", content);
    editor.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
  }, content);
}

/** Selects the first `before` of the text by keyboard, and types `after`. */
async function replace(page, before, after) {
  const lines = (await text(page)).split("\n");
  const line = lines.findIndex((it) => it.includes(before));
  if (line < 0) throw new Error(`no ${before} in the text`);
  const press = async (key, count) => {
    for (let it = 0; it < count; it += 1) await page.keyboard.press(key);
  };
  await page.locator(".cm-content").focus();
  await page.keyboard.press("Control+Home");
  await press("ArrowDown", line);
  await press("ArrowRight", [...lines[line].slice(0, lines[line].indexOf(before))].length);
  await press("Shift+ArrowRight", [...before].length);
  await page.keyboard.type(after);
  await page.waitForTimeout(50);
}

const text = (page) =>
  page.locator(".cm-content").evaluate((content) => [...content.querySelectorAll(".cm-line")].map((line) => line.textContent).join("\n"));
const marked = (page) => page.locator(".cm-lintRange").evaluateAll((all) => all.map((it) => it.textContent));
const problems = (page) => page.locator(".problem .message").allInnerTexts();

const selected = (page) =>
  page.evaluate(() => {
    const root = /** @type {any} */ (document.querySelector(".editor").shadowRoot);
    // Firefox and Safari have it in the document only.
    return root.getSelection?.().toString() ?? getSelection().toString();
  });

function same(found, expected) {
  const [a, b] = [JSON.stringify(found, null, 1), JSON.stringify(expected, null, 1)];
  if (a !== b) throw new Error(`found ${a}\nwanted ${b}`);
}

function contains(found, expected) {
  if (!found.includes(expected)) throw new Error(`no ${JSON.stringify(expected)} in ${JSON.stringify(found)}`);
}

await main();
