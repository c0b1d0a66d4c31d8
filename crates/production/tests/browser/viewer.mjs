// Uses the viewer as people do: with a mouse, with fingers, with keys; on a slow drive; and asks axe about every page of the
// disc and every state of the viewer, in both languages, at a desk and on a phone.
//
// usage: node viewer.mjs PLAN.json     PLAN: { folder, slow, large, bare, playwright, axe, chromium, pictures, control }
// large: a disc with two images of 12 MB in a series; bare: the same without the list of its pictures.
// folder: a disc with images MEASURED (row 0.5 mm, column 0.25 mm), UNKNOWN (no spacing), DETECTOR (a radiograph).
// slow: a folder with one large image. control: a page with faults axe must find.
// Prints one JSON line: { mouse: { lengths, turned }, keys, touch, progress, disc, axe: { pages, serious: [..], moderate: [..], control }, wrong }.
import { createRequire } from "node:module";
import { readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";

const plan = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { chromium } = createRequire(plan.playwright)("playwright-core");
const axe = readFileSync(plan.axe, "utf8");
const browser = await chromium.launch({ executablePath: plan.chromium, args: ["--no-sandbox", "--disable-gpu"] });
const wrong = [];
const VIEWER = String(pathToFileURL(path.join(plan.folder, "VIEWER/VIEWER.HTM")));

async function opened(options, folder, before) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  page.on("pageerror", (error) => wrong.push(String(error)));
  if (before) await page.addInitScript(before);
  await page.goto(VIEWER);
  if (folder) {
    await page.setInputFiles("#folder", folder);
    await page.waitForFunction(() => panes[0].shown && document.getElementById("status").textContent === "");
  }
  return page;
}
const done = (page) => page.context().close();
async function picture(page, name) {
  if (plan.pictures) await page.screenshot({ path: path.join(plan.pictures, `${name}.png`) });
}

/** Shows the series with this description. */
async function series(page, description) {
  await page.evaluate((d) => choose(disc.series.find((s) => s.description === d), panes[0]), description);
}
/** Where a pixel of the image is on the screen. */
const onScreen = (page, x, y) => page.evaluate(([x, y]) => {
  const { a, b, c, d, e, f } = panes[0].placed;
  const box = panes[0].canvas.getBoundingClientRect();
  return [box.left + a * x + c * y + e, box.top + b * x + d * y + f];
}, [x, y]);
/** What stands at the lines drawn. */
const lines = (page) => page.evaluate(() => [...panes[0].measures.values()].flat()
  .map((line) => lengthOf(panes[0].shown.object.root, panes[0].frame, line)));

async function drag(page, from, to) {
  await page.mouse.move(...from);
  await page.mouse.down();
  await page.mouse.move((from[0] + to[0]) / 2, (from[1] + to[1]) / 2);
  await page.mouse.move(...to);
  await page.mouse.up();
}

/** A line from (10, 20) to (50, 50), as it is measured. */
async function measured(page) {
  await page.click("[data-tool=measure]");
  await drag(page, await onScreen(page, 10, 20), await onScreen(page, 50, 50));
  const found = await lines(page);
  await picture(page, `measure-${found[0].replace(/\W+/g, "-")}`);
  await page.click("#clear");
  if ((await lines(page)).length) wrong.push("a cleared line is still there");
  return found.join("; ");
}

async function byMouse() {
  const page = await opened({ locale: "en-GB", viewport: { width: 1280, height: 840 } }, plan.folder);
  const lengths = {};
  for (const name of ["MEASURED", "UNKNOWN", "DETECTOR"]) {
    await series(page, name);
    lengths[name] = await measured(page);
  }
  // Turned, mirrored, enlarged: the same line is as long as before, and letters go with the sides.
  await series(page, "MEASURED");
  const turned = {};
  const sides = () => page.evaluate(() => ["right", "bottom", "left", "top"].map((at) => panes[0].sides[at].textContent).join(""));
  const marked = () => page.evaluate(() => {
    // Where on the screen the image's first pixel lies: its corner of the pane.
    const { a, b, c, d, e, f } = panes[0].placed;
    const { columns, rows } = panes[0].shown.image;
    const middle = [a * columns / 2 + c * rows / 2 + e, b * columns / 2 + d * rows / 2 + f];
    return (f < middle[1] ? "top" : "bottom") + (e < middle[0] ? " left" : " right");
  });
  for (const [name, keys] of [["as it is", ""], ["flipped", "h"], ["turned", "r"], ["turned twice", "rr"], ["turned, then flipped", "rh"], ["flipped, then turned", "hr"]]) {
    await page.locator("#pane-0").focus();
    for (const key of `0${keys}`) await page.keyboard.press(key);
    turned[name] = `${await measured(page)} ${await sides()} ${await marked()}`;
    await picture(page, `turned-${name.replace(/\W+/g, "-")}`);
  }
  for (const id of ["fit", "flip", "turn", "invert"]) await page.click(`#${id}`);
  const before = await page.evaluate(() => [panes[0].flipped, panes[0].turns, panes[0].inverted].join());
  await page.click("#fit");
  const after = await page.evaluate(() => [panes[0].flipped, panes[0].turns, panes[0].inverted, panes[0].zoom].join());
  turned.reset = `${before} → ${after}`;
  // Two panes, twins of each other.
  await page.click("#panes-two");
  const twins = await page.evaluate(() => panes[1].series !== null && $("pane-0").childElementCount === $("pane-1").childElementCount);
  if (!twins) wrong.push("the second pane is not the first one's twin");
  await picture(page, "two-panes");
  await done(page);
  return { lengths, turned };
}

/** Nothing but the keyboard, from the button that opens to the tags. */
async function byKeys() {
  const page = await opened({ locale: "zh-TW", viewport: { width: 1280, height: 840 } });
  const reached = new Set();
  for (let k = 0; k < 4; k += 1) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement.id));
  }
  const chooser = page.waitForEvent("filechooser");
  await page.locator("#start-folder").focus();
  await page.keyboard.press("Enter");
  await (await chooser).setFiles(plan.folder);
  await page.waitForFunction(() => panes[0].shown && document.getElementById("status").textContent === "");
  const stops = new Set();
  for (let k = 0; k < 60 && !stops.has("pane-0"); k += 1) {
    await page.keyboard.press("Tab");
    stops.add(await page.evaluate(() => document.activeElement.id || document.activeElement.dataset.tool || document.activeElement.className));
  }
  const now = () => page.evaluate(() => ({ at: panes[0].position.at, series: disc.series.indexOf(panes[0].series), zoom: panes[0].zoom, tool }));
  const did = {};
  await series(page, "STACK");
  for (const key of ["ArrowDown", "End", "Home", "+", "m", "ArrowRight"]) {
    const before = await now();
    await page.keyboard.press(key);
    await page.waitForFunction((b) => JSON.stringify({ at: panes[0].position.at, series: disc.series.indexOf(panes[0].series), zoom: panes[0].zoom, tool }) !== b, JSON.stringify(before), { timeout: 5000 })
      .catch(() => wrong.push(`the key ${key} does nothing`));
    did[key] = await now();
    if (key === "ArrowRight") break;
  }
  await page.keyboard.press("t");
  const dialog = await page.evaluate(() => $("tag-dialog").open);
  await page.keyboard.press("Escape");
  if (!dialog || await page.evaluate(() => $("tag-dialog").open)) wrong.push("tags do not open and close by keys");
  await done(page);
  return { start: [...reached].filter(Boolean), stops: stops.size, pane: stops.has("pane-0"), stack: [did.ArrowDown.at, did.End.at, did.Home.at], tool: did.m.tool };
}

/** Fingers: one scrolls and measures, two zoom and move. */
async function byTouch() {
  const page = await opened({ locale: "zh-TW", viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true }, plan.folder);
  const cdp = await page.context().newCDPSession(page);
  const touch = (type, ...points) => cdp.send("Input.dispatchTouchEvent", { type, touchPoints: points.map(([x, y], id) => ({ x, y, id })) });
  async function slide(from, to) {
    await touch("touchStart", ...from);
    for (let k = 1; k <= 8; k += 1) await touch("touchMove", ...from.map(([x, y], i) => [x + ((to[i][0] - x) * k) / 8, y + ((to[i][1] - y) * k) / 8]));
    await touch("touchEnd");
  }
  await series(page, "STACK");
  const middle = await onScreen(page, 40, 40);
  const at = () => page.evaluate(() => panes[0].position.at);
  await slide([middle], [[middle[0], middle[1] + 120]]);
  await page.waitForFunction(() => panes[0].position.at > 0, undefined, { timeout: 5000 }).catch(() => wrong.push("a finger does not scroll"));
  const scrolled = await at();
  await slide([[middle[0] - 30, middle[1]], [middle[0] + 30, middle[1]]], [[middle[0] - 90, middle[1]], [middle[0] + 90, middle[1]]]);
  const zoom = await page.evaluate(() => panes[0].zoom);
  await picture(page, "touch-zoomed");
  await page.evaluate(() => panes[0].reset());
  await series(page, "MEASURED");
  await page.locator("[data-tool=measure]").tap();
  await slide([await onScreen(page, 10, 20)], [await onScreen(page, 50, 50)]);
  const length = (await lines(page)).join("; ");
  await picture(page, "touch-measured");
  const small = await page.evaluate(() => [...document.querySelectorAll("button, select, input, a")]
    .filter((e) => e.checkVisibility() && !["range", "file"].includes(e.type)).map((e) => [e.id || e.className, e.getBoundingClientRect()])
    .filter(([, box]) => box.height < 44 || box.width < 44).map(([name, box]) => `${name} ${Math.round(box.width)}×${Math.round(box.height)}`));
  if (small.length) wrong.push(`too small for a finger: ${small}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1);
  if (wide) wrong.push("the viewer is wider than a phone");
  await done(page);
  return { scrolled, zoom, length };
}

/** A drive of 3.6 MB/s that takes 100 ms to seek. What stands on the screen while the picture is read. */
async function onASlowDrive(folder, { locale = "en-GB", width = 1280 } = {}) {
  const page = await opened({ locale, viewport: { width, height: 840 } }, null, () => {
    const slice = Blob.prototype.slice;
    const arrayBuffer = Blob.prototype.arrayBuffer;
    let head = 0;
    Blob.prototype.slice = function (from, to) {
      const part = slice.call(this, from, to);
      const own = this instanceof File ? { from, to } : this.place && { from: this.place.from + from, to: this.place.from + to };
      return Object.assign(part, { place: own });
    };
    Blob.prototype.arrayBuffer = async function () {
      const seek = this.place && this.place.from !== head ? 100 : 0;
      head = this.place?.to ?? head;
      await new Promise((resolve) => setTimeout(resolve, seek + this.size / 3600));
      return arrayBuffer.call(this);
    };
  });
  await page.evaluate(() => {
    globalThis.log = [];
    const begun = performance.now();
    $("folder").addEventListener("change", () => { globalThis.begun = performance.now(); }, true);
    setInterval(() => log.push({
      at: Math.round(performance.now() - (globalThis.begun ?? begun)), note: panes[0].note.hidden ? "" : panes[0].note.textContent,
      whose: panes[0].corners.tl.textContent, picture: Boolean(panes[0].shown?.samples), preview: Boolean(panes[0].preview),
    }), 20);
    globalThis.shadeOf = (picture) => {
      const context = new OffscreenCanvas(1, 1).getContext("2d");
      context.drawImage(picture, picture.width / 2, picture.height / 2, 1, 1, 0, 0, 1, 1);
      return context.getImageData(0, 0, 1, 1).data[0];
    };
  });
  await page.setInputFiles("#folder", folder);
  if (folder === plan.slow) {
    await page.waitForFunction(() => /%/.test(panes[0].note.textContent));
    await page.waitForTimeout(700);
    await picture(page, "slow-drive");
  }
  const shades = [];
  for (let k = 0; k < (folder === plan.large ? 2 : 1); k += 1) {
    if (k) await page.evaluate(() => { step(1); });
    if (folder === plan.large) {
      await page.waitForFunction(() => panes[0].preview && /%/.test(panes[0].note.textContent));
      shades.push([await page.evaluate(() => shadeOf(panes[0].preview))]);
      await page.waitForTimeout(500);
      await picture(page, `preview-${k}-${locale}-${width}`);
    }
    await page.waitForFunction((k) => panes[0].shown?.samples && panes[0].index === k, k);
    if (folder === plan.large) shades[k].push(await page.evaluate(() => shadeOf(panes[0].bitmap)));
  }
  await page.waitForTimeout(100);
  const log = await page.evaluate(() => log);
  await done(page);
  const first = (test) => log.find(test)?.at ?? null;
  const percents = log.map(({ note }) => /(\d+) %/.exec(note)?.[1]).filter(Boolean).map(Number);
  return {
    whose: first(({ whose }) => whose.includes("TEST")), percent: first(({ note }) => /\d %/.test(note)), read: log.findLast(({ note }) => /\d %/.test(note))?.at ?? null,
    picture: first(({ picture }) => picture), preview: first(({ preview }) => preview), shades,
    unmarked: log.filter(({ preview, note }) => preview && !/^(Preview|預覽)/.test(note)).length, after: log.at(-1).preview,
    percents: [...new Set(percents)], rising: percents.every((p, i) => i === 0 || p >= percents[i - 1]),
  };
}

const faults = { serious: new Set(), moderate: new Set() };
let asked = 0;
async function look(page, where) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  asked += 1;
  for (const { id, impact, nodes } of violations) {
    const list = impact === "serious" || impact === "critical" ? faults.serious : faults.moderate;
    for (const node of nodes.slice(0, 3)) list.add(`${where}: ${id}: ${node.target.join(" ")} ${node.failureSummary?.split("\n").at(-1) ?? ""}`);
  }
  return violations.length;
}

async function byAxe() {
  const pages = readdirSync(plan.folder, { recursive: true }).filter((name) => name.endsWith(".HTM") && !name.startsWith("VIEWER"));
  for (const options of [{ viewport: { width: 1100, height: 900 } }, { viewport: { width: 360, height: 780 }, isMobile: true }]) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    for (const name of pages) {
      await page.goto(String(pathToFileURL(path.join(plan.folder, name))));
      await look(page, `${name} ${options.viewport.width}`);
      await picture(page, `page-${name.replaceAll("/", "-")}-${options.viewport.width}`);
    }
    await context.close();
  }
  for (const [locale, width] of [["zh-TW", 1280], ["en-GB", 1280], ["zh-TW", 390], ["en-GB", 390]]) {
    const page = await opened({ locale, viewport: { width, height: 840 } });
    const where = (what) => `viewer ${what} ${locale} ${width}`;
    await look(page, where("start"));
    await picture(page, `viewer-start-${locale}-${width}`);
    await page.setInputFiles("#folder", plan.folder);
    await page.waitForFunction(() => panes[0].shown && document.getElementById("status").textContent === "");
    for (const description of ["STACK", "MEASURED", "REPORT"]) {
      await series(page, description);
      await look(page, where(description));
      await picture(page, `viewer-${description}-${locale}-${width}`);
    }
    const outside = await page.evaluate(() => [...document.querySelectorAll(".tools button")]
      .filter((e) => e.getBoundingClientRect().right > innerWidth).map((e) => e.id));
    if (width > 1000 && outside.length) wrong.push(`outside the window: ${outside} in ${locale}`);
    for (const dialog of ["tags", "help"]) {
      await page.evaluate((name) => { actions[name](); }, dialog);
      await look(page, where(dialog));
      await picture(page, `viewer-${dialog}-${locale}-${width}`);
      await page.evaluate(() => document.querySelectorAll("dialog").forEach((d) => d.close()));
    }
    await page.evaluate(() => two(true));
    await look(page, where("two panes"));
    if (width < 500) {
      await page.evaluate(() => actions.list());
      await look(page, where("list"));
      await picture(page, `viewer-list-${locale}-${width}`);
    }
    await done(page);
  }
  const found = { pages: asked, serious: [...faults.serious], moderate: [...faults.moderate] };
  const control = await browser.newPage();
  await control.goto(String(pathToFileURL(plan.control)));
  faults.serious.clear();
  await look(control, "control");
  return { ...found, control: faults.serious.size };
}

const parts = { mouse: byMouse, keys: byKeys, touch: byTouch, progress: () => onASlowDrive(plan.slow), disc: () => onASlowDrive(plan.folder),
  large: () => onASlowDrive(plan.large), phone: () => onASlowDrive(plan.large, { locale: "zh-TW", width: 390 }), bare: () => onASlowDrive(plan.bare), axe: byAxe };
const answer = {};
for (const [name, part] of Object.entries(parts)) if (!plan.only || plan.only === name) answer[name] = await part();
console.log(JSON.stringify({ ...answer, wrong }));
await browser.close();
