// What the page gives: someone opens the example, types the host names, chooses, and copies what is shown.

import { openBrowser, ready, servePage } from "../browser/chromium.mjs";

/** How long the page may take to show what was asked of it, in milliseconds. */
const PATIENCE = 10_000;

/**
 * Gives each of `cases` the `files` that were copied for it, and says whether they are those that `generate` gives.
 * Whether they are or not, these are what is served.
 */
export async function copyFromPage(cases, generate) {
  const { url, server } = await servePage();
  const browser = await openBrowser();
  const context = await browser.newContext({
    viewport: { width: 1600, height: 1000 },
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  await page.goto(url);
  await ready(page);
  for (const it of cases) {
    const wanted = await generate(it);
    await choose(page, it);
    await until(async () => !difference(await shown(page), wanted));
    it.files = await copied(page);
    it.before = [{ name: "the page gives what the command line does", failure: difference(it.files, wanted) }];
  }
  await browser.close();
  server.close();
}

async function choose(page, { title, target, place, tls, sites, version }) {
  await page.selectOption("#examples", { label: title });
  const replace = page.getByRole("dialog").getByRole("button", { name: "Replace" });
  if (await replace.isVisible()) await replace.click();
  await page.getByRole("tab", { name: "Proxy", exact: true }).click();
  await page.locator(`#tab-${target}`).click();
  await page.selectOption("#place", { index: ["host", "network"].indexOf(place) });
  await page.selectOption("#tls", { index: ["off", "acme", "files"].indexOf(tls) });
  for (const { name, host } of sites) {
    const field = page.locator(".site", { hasText: name }).locator("input").first();
    // An answer that comes while someone types takes back what was typed: once more, then.
    await until(async () => {
      await field.fill(host);
      await field.press("Tab");
      const isShown = (host) => [...document.querySelectorAll(".code pre")].some((it) => it.textContent.includes(host));
      return page.waitForFunction(isShown, host, { timeout: 2_000 }).then(() => true, () => false);
    });
  }
  // The newest that this server is as new as; none is asked for where only one is known.
  const options = await page.locator("#version option").allInnerTexts();
  const index = options.findLastIndex((words) => isAtLeast(version, words.split(" ")[0]));
  if (options.length > 0) await page.selectOption("#version", { index });
}

/** What stands there, by file. */
function shown(page) {
  return page.locator(".code").evaluateAll((all) =>
    all.map((it) => ({ name: it.querySelector(".path").textContent, text: it.querySelector("pre").textContent })),
  );
}

/** What is in the clipboard once `Copy` was pressed, by file. */
async function copied(page) {
  const files = [];
  for (const code of await page.locator(".code").all()) {
    await page.evaluate(() => navigator.clipboard.writeText(""));
    await code.getByRole("button", { name: "Copy", exact: true }).click();
    await code.getByRole("button", { name: "Copied", exact: true }).waitFor();
    const text = await page.evaluate(() => navigator.clipboard.readText());
    files.push({ name: await code.locator(".path").innerText(), text });
  }
  return files;
}

/** A sentence on the first line that is not the same; nothing where all are. */
function difference(files, wanted) {
  const names = (list) => list.map(({ name }) => name).sort().join();
  if (names(files) !== names(wanted)) return `it gives ${names(files)}, not ${names(wanted)}`;
  for (const { name, text } of wanted) {
    const other = files.find((it) => it.name === name).text;
    if (other === text) continue;
    const [lines, others] = [text.split("\n"), other.split("\n")];
    const index = lines.findIndex((line, index) => line !== others[index]);
    return `line ${index + 1} of ${name} is ${others[index]}, not ${lines[index]}`;
  }
}

function isAtLeast(version, wanted) {
  return version.localeCompare(wanted, "en", { numeric: true }) >= 0;
}

/** Waits, but not for long. */
async function until(condition) {
  for (const deadline = Date.now() + PATIENCE; !(await condition()) && Date.now() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
