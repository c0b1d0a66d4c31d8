// Walks one application from the form to the disc in a real browser, as `ARCHITECTURE.md` tells it.
//
// usage: node journey.mjs PLAN.json
// PLAN: { public, staff, login, password, lang, patient: {name, identity, born, number}, kinds: [{id, count, date?}],
//         otherwise, out, pictures, playwright, chromium, axe }
// Every study found is ticked; one the rules could not classify counts as `otherwise`.
// Where `axe` names axe-core, every page of the way is judged by it, at a desk and as wide as a phone, and some beside the way.
// Prints one JSON line: { number, code, estimate, quote, studies, headline, discs: [{volume, code, file}],
//                         judged, serious: [what axe calls serious or worse], control: [the same of a page with faults] }.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import path from "node:path";

const plan = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { chromium } = createRequire(plan.playwright)("playwright-core");

const browser = await chromium.launch({
  executablePath: plan.chromium,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const context = await browser.newContext({ acceptDownloads: true, viewport: { width: 1280, height: 900 } });
const page = await context.newPage();
page.setDefaultTimeout(30_000);

const wrong = [];
page.on("console", (message) => { if (message.type() === "error") wrong.push(message.text()); });
page.on("pageerror", (error) => wrong.push(String(error)));

const by = (id) => page.locator(`[id="${id}"]`);
const axe = plan.axe ? readFileSync(plan.axe, "utf8") : null;
const serious = new Set();
let judged = 0;
/** What axe holds against the page as it stands. The page's own script may load it anew meanwhile: then it is asked again. */
async function violations() {
  for (let tries = 1; ; tries += 1) {
    try {
      await page.evaluate(axe);
      return (await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }))).violations;
    } catch (error) {
      if (tries === 4 || !/context was destroyed|navigat/.test(String(error))) throw error;
      await page.waitForLoadState();
    }
  }
}
async function judge(name) {
  if (!axe) return;
  for (const width of [1280, 360]) {
    await page.setViewportSize({ width, height: 900 });
    for (const { id, impact, nodes } of await violations()) {
      if (impact === "serious" || impact === "critical") serious.add(`${name}, ${width}: ${id}: ${nodes.map((node) => node.target).join(", ")}`);
    }
    judged += 1;
  }
  await page.setViewportSize({ width: 1280, height: 900 });
}

let shot = 0;
async function picture(name) {
  await judge(name);
  if (plan.pictures) {
    shot += 1;
    await page.screenshot({ path: path.join(plan.pictures, `${plan.lang}-${String(shot).padStart(2, "0")}-${name}.png`), fullPage: true });
  }
}
async function go(id) {
  await Promise.all([page.waitForNavigation(), by(id).click()]);
  const summary = by("error-summary");
  if (await summary.count()) throw new Error(`after ${id}: ${await summary.innerText()}`);
}
async function next(name) {
  await picture(name);
  await go("continue");
}
// The page's own script may be loading it anew at the same moment: then that load is the one that counts.
async function again() {
  await page.waitForTimeout(400);
  const meant = (error) => ["ERR_ABORTED", "Not attached to an active page"].some((said) => String(error).includes(said));
  await page.reload().catch((error) => { if (!meant(error)) throw error; });
  await page.waitForLoadState();
}
async function until(selector) {
  const deadline = Date.now() + 120_000;
  while (!(await page.locator(selector).count())) {
    if (await by("stalled-what").count()) throw new Error(`stalled: ${await page.locator("main").innerText()}`);
    if (Date.now() > deadline) throw new Error(`no ${selector}: ${await page.locator("main").innerText()}`);
    await again();
  }
}

async function apply() {
  await page.goto(`${plan.public}/?lang=${plan.lang}`);
  await picture("start");
  await go("start");
  for (const kind of plan.kinds) {
    await by(`item_${kind.id}`).check();
    if (kind.count) await by(`count_${kind.id}`).fill(String(kind.count));
  }
  await next("items");
  await next("exams");
  await by("capacity-patient").check();
  await by("agent-no").check();
  await next("who");
  await by("patient_name").fill(plan.patient.name);
  await by("patient_identity").fill(plan.patient.identity);
  await by("patient_born").fill(plan.patient.born);
  await by("phone").fill("0912345678");
  await next("people");
  await by("collection-counter").check();
  await by("purpose").fill(plan.lang === "en" ? "Second opinion" : "轉院就醫");
  await next("collect");
  const estimate = await by("total").innerText();
  await next("papers");
  await picture("review");
  await go("send");
  await picture("sent");
  return { number: await by("application-number").innerText(), code: await by("status-code").innerText(), estimate };
}

async function signIn() {
  await page.goto(`${plan.staff}/sign-in?lang=${plan.lang}`);
  await by("login").fill(plan.login);
  await by("password").fill(plan.password);
  await picture("sign-in");
  await go("sign-in");
}

async function counter(number) {
  await picture("queue");
  await by("scan").fill(number);
  await go("look");
  for (const seen of await page.locator("input[id^='seen_']").all()) {
    const paper = (await seen.getAttribute("id")).slice("seen_".length);
    await seen.check();
    await by(`last4_${paper}`).fill(plan.patient.identity.slice(-4));
  }
  await by("patient_id").fill(plan.patient.number);
  await by("patient_id_again").fill(plan.patient.number);
  await by("born_again").fill(plan.patient.born);
  await picture("verify");
  await go("verify");
  await picture("finding");
  await until("#weigh");
  const studies = await page.locator(".study[data-uid]").all();
  for (const study of studies) {
    await study.locator("input[type=checkbox][id^='tick_']").check();
    const kind = study.locator("select");
    if (!(await kind.inputValue())) await kind.selectOption(plan.otherwise);
  }
  await picture("tick");
  await go("weigh");
  await picture("weighing");
  await until("#quote-total");
  const quote = await by("quote-total").innerText();
  // A PACS may write the name in another script than the form: the clerk has compared them.
  for (const name of await page.locator("#other-names input[type=checkbox]").all()) await name.check();
  await by("means-cash").check();
  await picture("pay");
  await go("pay");
  await picture("making");
  await until("[id='parcel-1'][data-state='ready']");
  await picture("ready");
  return { quote, studies: studies.length };
}

async function download(id) {
  const [file] = await Promise.all([page.waitForEvent("download"), by(id).click()]);
  const to = path.join(plan.out, file.suggestedFilename());
  await file.saveAs(to);
  return to;
}

async function release(number) {
  const discs = [];
  const rows = page.locator("#parcel-1 .discs li");
  for (let k = 1; k <= await rows.count(); k += 1) {
    const row = rows.nth(k - 1);
    discs.push({
      volume: (await row.locator(".disc-volume").innerText()).trim(),
      code: (await row.locator(".disc-code").innerText()).trim(),
      file: await download(`image-1-${k}`),
    });
  }
  await by("slip_number").fill(number);
  await by("codes").fill(discs.map((disc) => disc.code).join(" "));
  await by("collector").fill(plan.patient.name);
  await by("identity_seen").selectOption({ index: 1 });
  await by("last_four").fill(plan.patient.identity.slice(-4));
  await picture("release");
  await go("release-1");
  await until("[id='parcel-1'][data-state='released']");
  await picture("released");
  return discs;
}

async function status(number, code) {
  await page.goto(`${plan.public}/status?lang=${plan.lang}`);
  await by("number").fill(number);
  await by("code").fill(code);
  await go("look");
  await picture("status");
  return by("status-headline").innerText();
}

/** Pages beside the way, and one that axe must find fault with. */
async function besideTheWay() {
  if (!axe) return [];
  for (const [site, path] of [["public", "privacy"], ["public", "quote"], ["public", "status"], ["staff", "calendar"], ["staff", ""], ["public", "no-such-page"]]) {
    await page.goto(`${plan[site]}/${path}?lang=${plan.lang}`);
    await picture(`beside-${path || "queue"}`);
  }
  await page.goto("data:text/html,<title>x</title><img src=x><button></button>");
  const found = (await violations()).filter(({ impact }) => ["serious", "critical"].includes(impact));
  return found.map(({ id }) => id).sort();
}

try {
  const { number, code, estimate } = await apply();
  await signIn();
  const { quote, studies } = await counter(number);
  const discs = await release(number);
  const headline = await status(number, code);
  const unfinished = wrong.splice(0);
  const control = await besideTheWay();
  wrong.splice(0, wrong.length, ...unfinished);
  if (wrong.length) throw new Error(`the browser complained: ${wrong.join("; ")}`);
  console.log(JSON.stringify({ number, code, estimate, quote, studies, headline, discs, judged, serious: [...serious], control }));
} catch (error) {
  await picture("failed");
  console.error(`${page.url()}: ${error.stack ?? error}`);
  process.exitCode = 1;
} finally {
  await browser.close();
}
