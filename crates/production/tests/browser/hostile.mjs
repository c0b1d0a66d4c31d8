// Visits every page of a disc and opens the disc with its viewer, and tells what happened that must not.
//
// usage: node hostile.mjs PLAN.json     PLAN: { folder, control, playwright, chromium, pictures }
// control: a page that does what no page of the disc may do; it is visited last.
// Prints one JSON line: { pages, links, series, shown, wrong: [..], control: [..] }.
import { createRequire } from "node:module";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const plan = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { chromium } = createRequire(plan.playwright)("playwright-core");
const browser = await chromium.launch({ executablePath: plan.chromium, args: ["--no-sandbox", "--disable-gpu"] });
const count = { pages: 0, links: 0, series: 0, shown: 0 };
let wrong = [];

/** A page in which nothing may happen but what we ask for. */
async function guarded(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on("dialog", (dialog) => { wrong.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("pageerror", (error) => wrong.push(`error: ${error}`));
  page.on("console", (message) => message.type() === "error" && wrong.push(`console: ${message.text()}`));
  page.on("download", (download) => wrong.push(`download: ${download.url()}`));
  page.on("popup", (popup) => wrong.push(`window: ${popup.url()}`));
  // The browser shows a PDF with pages of its own (chrome:).
  page.on("request", (request) => /^(file|blob|data|chrome|chrome-extension):/.test(request.url()) || wrong.push(`request: ${request.url()}`));
  return page;
}
async function picture(page, name) {
  if (plan.pictures) await page.screenshot({ path: path.join(plan.pictures, `${name}.png`), fullPage: true });
}
const executed = async (page, where) => {
  if (await page.evaluate(() => globalThis.hit ?? document.documentElement.dataset.hit ?? false)) wrong.push(`script ran: ${where}`);
};

const pages = readdirSync(plan.folder, { recursive: true })
  .filter((name) => name.endsWith(".HTM") && !name.startsWith("VIEWER")).sort();
const everything = new Set(readdirSync(plan.folder, { recursive: true }));
for (const [mode, options] of Object.entries({
  off: { javaScriptEnabled: false, viewport: { width: 1100, height: 900 } },
  on: { viewport: { width: 1100, height: 900 } },
  phone: { viewport: { width: 360, height: 780 }, isMobile: true, hasTouch: true },
})) {
  const page = await guarded(options);
  for (const name of pages) {
    await page.goto(String(pathToFileURL(path.join(plan.folder, name))));
    count.pages += 1;
    if (page.url() !== String(pathToFileURL(path.join(plan.folder, name)))) wrong.push(`${name} went to ${page.url()}`);
    if (mode === "off") {
      await picture(page, `page-${name.replaceAll("/", "-")}`);
      continue;
    }
    await executed(page, `${name}, ${mode}`);
    const { addresses, wide, unnamed } = await page.evaluate(() => ({
      addresses: [...document.querySelectorAll("[href], [src]")].map((e) => e.getAttribute("href") ?? e.getAttribute("src")),
      wide: document.documentElement.scrollWidth > innerWidth + 1,
      unnamed: [...document.images].filter((image) => image.alt === "" && !image.closest("a")?.textContent.trim()).length,
    }));
    if (wide) wrong.push(`${name} is wider than ${options.viewport.width} pixels`);
    if (unnamed) wrong.push(`${name}: ${unnamed} pictures without a name`);
    for (const address of addresses) {
      // Names must fit to the letter: not every file system folds case.
      const to = path.normalize(path.join(path.dirname(name), address));
      count.links += 1;
      if (!everything.has(to)) wrong.push(`${name} links to ${address}`);
    }
    if (mode === "phone") await picture(page, `phone-${name.replaceAll("/", "-")}`);
  }
  await page.context().close();
}

for (const [locale, width] of [["zh-TW", 1280], ["en-GB", 1280], ["zh-TW", 390]]) {
  const page = await guarded({ locale, viewport: { width, height: 840 } });
  await page.goto(String(pathToFileURL(path.join(plan.folder, "VIEWER/VIEWER.HTM"))));
  await picture(page, `viewer-start-${locale}-${width}`);
  await page.setInputFiles("#folder", plan.folder);
  await page.waitForFunction(() => panes[0].shown && document.getElementById("status").textContent === "");
  await picture(page, `viewer-${locale}-${width}`);
  const list = page.locator("button.series");
  for (let k = 0; k < await list.count(); k += 1) {
    await list.nth(k).evaluate((button) => button.click());
    await page.waitForFunction((k) => panes[0].series === disc.series[k] && panes[0].shown, k);
    count.series += 1;
    const text = await page.evaluate(() => [...document.querySelectorAll("#pane-0 .corner, #pane-0 .paper, #pane-0 .note")].map((e) => e.textContent).join(" "));
    if (text.includes("alert(")) count.shown += 1;
    await page.evaluate(() => { actions.tags(); document.getElementById("tag-dialog").close(); });
    await executed(page, "viewer");
  }
  await page.evaluate(() => { two(true); actions.tags(); });
  await picture(page, `viewer-tags-${locale}-${width}`);
  await page.evaluate(() => { document.getElementById("tag-dialog").close(); actions.help(); });
  await picture(page, `viewer-help-${locale}-${width}`);
  const asked = await page.evaluate(() => document.querySelectorAll("script, img, link, iframe, object, embed, form, base").length);
  if (asked > 1) wrong.push(`the viewer holds ${asked} elements that load or run, and one is its own`);
  await page.context().close();
}

const found = wrong;
wrong = [];
const control = await guarded({});
await control.goto(String(pathToFileURL(plan.control)));
await control.waitForTimeout(500);
await executed(control, "control");
console.log(JSON.stringify({ ...count, wrong: found, control: wrong }));
await browser.close();
