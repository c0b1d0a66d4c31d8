// Opens files with the viewer in a real browser and compares them with what decode.py found.
//
// usage: node decode.mjs PLAN.json     PLAN: { viewer, expected: [lines of decode.py], playwright, chromium }
// Prints one JSON line: { files, pictures, equal, near, nearWorst, grey, greyWorst, names, unnamed, syntaxes, wrong }.
// near: lossy pictures compared sample by sample, and the greatest difference; wrong: what differed.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const plan = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { chromium } = createRequire(plan.playwright)("playwright-core");
const browser = await chromium.launch({ executablePath: plan.chromium, args: ["--no-sandbox", "--disable-gpu"] });
const page = await browser.newPage();
const wrong = [];
page.on("pageerror", (error) => wrong.push(String(error)));
await page.goto(String(pathToFileURL(plan.viewer)));
const input = (await page.evaluateHandle(() => {
  const input = document.createElement("input");
  Object.assign(input, { type: "file", multiple: true });
  document.body.append(input);
  return input;
})).asElement();

/** In the page: what the viewer makes of one file. */
async function seen(input, [index, whole]) {
  const hex = (bytes) => Array.from(new Uint8Array(bytes), (b) => b.toString(16).padStart(2, "0")).join("");
  const object = await openObject(input.files[index]);
  const name = object.root.text(0x00100010);
  const image = imageOf(object);
  if (!image) return { name };
  const hash = [];
  const values = [];
  let grey = null;
  for (let frame = 0; frame < Math.min(3, image.frames); frame += 1) {
    let samples = await storedSamples(object, image, frame);
    if (frame === 0 && isGrey(image)) {
      const facts = greyFacts(object, image, 0);
      const picture = greyPicture(samples, image, facts, facts.windows[0] ?? fullRange(object, facts, samples), false);
      grey = btoa(Array.from(picture, (rgba) => String.fromCharCode(rgba & 255)).join(""));
    }
    // pydicom gives pixel by pixel, and every pixel its own chroma.
    const n = image.samples;
    const plain = new samples.constructor(image.size * n);
    for (let i = 0; i < image.size; i += 1) {
      for (let k = 0; k < n; k += 1) {
        if (image.halved) plain[i * n + k] = samples[(i >> 1) * 4 + (k ? k + 1 : i & 1)];
        else if (image.planar && n > 1 && !image.interleaved) plain[i * n + k] = samples[k * image.size + i];
        else plain[i * n + k] = samples[i * n + k];
      }
    }
    if (whole) for (const value of plain) values.push(value);
    hash.push(hex(await crypto.subtle.digest("SHA-256", plain)));
  }
  return { name, hash, grey, values, allocated: image.allocated, signed: image.signed, syntax: object.syntax };
}

/** Greatest difference of two grey pictures. */
function difference(file, shades) {
  const bytes = readFileSync(file);
  const header = /^P5\s+(?:#.*\s+)*\d+\s+\d+\s+255\s/.exec(bytes.subarray(0, 256).toString("latin1"))[0].length;
  const pgm = bytes.subarray(header);
  if (pgm.length !== shades.length) return 256;
  let worst = 0;
  for (let i = 0; i < pgm.length; i += 1) worst = Math.max(worst, Math.abs(pgm[i] - shades[i]));
  return worst;
}

/** Greatest difference of samples from those in a file. */
function distance(file, { values, allocated, signed }) {
  const bytes = readFileSync(file);
  const step = allocated / 8;
  if (bytes.length !== values.length * step) return Infinity;
  return values.reduce((worst, value, i) => {
    const other = signed ? bytes.readIntLE(i * step, step) : bytes.readUIntLE(i * step, step);
    return Math.max(worst, Math.abs(value - other));
  }, 0);
}

const count = { files: 0, pictures: 0, equal: 0, near: 0, nearWorst: 0, grey: 0, greyWorst: 0, names: 0, unnamed: 0 };
const syntaxes = {};
await input.setInputFiles(plan.expected.map(({ path }) => path));
for (const [index, expected] of plan.expected.entries()) {
  const found = await input.evaluate(seen, [index, Boolean(expected.near)]).catch((error) => ({ error: String(error) }));
  count.files += 1;
  const about = `${expected.path} (${expected.class})`;
  if (expected.name === null) count.unnamed += 1;
  else if (expected.name === found.name?.replace(/=+$/, "")) count.names += 1;
  else if (!found.error) wrong.push(`${about}: the name is ${found.name}, not ${expected.name}`);
  if (found.syntax) syntaxes[found.syntax] = (syntaxes[found.syntax] ?? 0) + 1;
  if (expected.near) {
    const worst = found.error ? Infinity : Math.max(...expected.near.map((file) => distance(file, found)));
    count.near += 1;
    count.nearWorst = Math.max(count.nearWorst, worst);
    if (worst > 1) wrong.push(`${about}: ${found.error ?? `samples differ by ${worst}`}`);
  }
  if (!expected.hash) continue;
  count.pictures += 1;
  if (JSON.stringify(found.hash) === JSON.stringify(expected.hash)) count.equal += 1;
  else if (!expected.near) wrong.push(`${about}: ${found.error ?? "other samples"}`);
  if (!expected.grey || !found.grey) continue;
  const worst = difference(expected.grey, Buffer.from(found.grey, "base64"));
  count.grey += 1;
  count.greyWorst = Math.max(count.greyWorst, worst);
  if (worst > 1) wrong.push(`${about}: grey differs by ${worst}`);
}
console.log(JSON.stringify({ ...count, syntaxes, wrong }));
await browser.close();
