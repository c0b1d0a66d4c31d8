// Gives the viewer thousands of damaged code streams: each ends in a picture or in words, soon, within its memory.
//
// usage: node streams.mjs PLAN.json     PLAN: { viewer, files: [compressed objects], rounds, playwright, chromium }
// Prints one JSON line: { streams, pictures, refused: { key: n }, slowest, most, allowed, whole, hang, control, wrong }.
// most, allowed: bytes the decoder's memory grew to, and the most it was allowed for that stream; slowest: milliseconds.
// hang: what a decoder that never ends comes to, and whether the page was awake; control: what the checks say of decoders
// that break each rule.
import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const plan = JSON.parse(readFileSync(process.argv[2], "utf8"));
const { chromium } = createRequire(plan.playwright)("playwright-core");
const browser = await chromium.launch({ executablePath: plan.chromium, args: ["--no-sandbox", "--disable-gpu"] });
const wrong = [];

/** A page with the viewer and the files; what stands in `before` is done to it first. */
async function opened(before) {
  const page = await browser.newPage();
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("request", (request) => /^(file|blob):/.test(request.url()) || wrong.push(`request: ${request.url()}`));
  await page.addInitScript(before);
  await page.goto(String(pathToFileURL(plan.viewer)));
  const input = (await page.evaluateHandle(() => {
    const input = document.createElement("input");
    Object.assign(input, { type: "file", multiple: true });
    document.body.append(input);
    return input;
  })).asElement();
  await input.setInputFiles(plan.files);
  return input;
}

/** In the page: damages each file's first frame, again and again. */
async function damage(input, { rounds, control }) {
  let state = 0x2545F491;
  const below = (n) => {
    state ^= state << 13, state ^= state >>> 17, state ^= state << 5;
    return (state >>> 0) % n;
  };
  const seen = { streams: 0, pictures: 0, refused: {}, slowest: 0, most: 0, allowed: 0, whole: 0, wrong: [] };
  const set = (code, at, value) => { code[at] = value; };
  const ways = [
    (code) => code.subarray(0, below(code.length)),
    (code) => { for (let k = 1 + below(8); k; k -= 1) set(code, below(code.length), below(256)); return code; },
    // In the head, where sizes and tables are.
    (code) => { for (let k = 1 + below(3); k; k -= 1) set(code, below(Math.min(200, code.length)), [0, 1, 127, 255, below(256)][below(5)]); return code; },
    (code) => { const at = below(code.length); code.fill([0, 255][below(2)], at, at + 1 + below(64)); return code; },
    (code) => { const at = below(code.length); return new Uint8Array([...code.subarray(0, at), ...code.subarray(below(code.length))]); },
  ];
  const decode = async (syntax, code, image) => {
    const begun = performance.now();
    seen.streams += 1;
    const late = new Promise((resolve) => setTimeout(() => resolve("late"), 15000));
    try {
      const decoder = control ? globalThis[control] : DECODERS.get(syntax);
      const decoded = await Promise.race([Promise.resolve().then(() => decoder(code, image)), late]);
      if (decoded === "late") seen.wrong.push(`${syntax} hangs`);
      else if (decoded.length !== image.size * image.samples) seen.wrong.push(`${syntax}: ${decoded.length} samples`);
      else seen.pictures += 1;
      return decoded;
    } catch (error) {
      if (!(error instanceof Unfit) || !WORDS[error.key]) seen.wrong.push(`${syntax}: ${error}`);
      else seen.refused[error.key] = (seen.refused[error.key] ?? 0) + 1;
      return null;
    } finally {
      seen.slowest = Math.max(seen.slowest, performance.now() - begun);
      const allowed = 2 ** 26 + 3 * code.length + 12 * image.size * image.samples;
      if (globalThis.grown > allowed) seen.wrong.push(`${syntax}: memory of ${globalThis.grown}, not ${allowed}`);
      if (globalThis.grown > seen.most) Object.assign(seen, { most: globalThis.grown, allowed });
      globalThis.grown = 0;
    }
  };
  for (const file of input.files) {
    const object = await openObject(file);
    const image = imageOf(object);
    const code = await encodedFrame(object, image, 0);
    if (await decode(object.syntax, code.slice(), { ...image })) seen.whole += 1;
    for (let k = 0; k < rounds; k += 1) await decode(object.syntax, ways[k % ways.length](code.slice()), { ...image });
    for (const part of [0.3, 0.6, 0.9]) {
      const cut = code.slice(0, Math.floor(part * code.length));
      if (await decode(object.syntax, cut, { ...image })) seen.wrong.push(`${object.syntax}: a picture of ${part} of it`);
    }
    // An object that says it is as absurd as its code stream.
    for (const [rows, columns] of [[65535, 65535], [1, 65535], [65535, 1], [8000, 4000], [0x7FFF, 0x3FFF]]) {
      const absurd = code.slice();
      const view = new DataView(absurd.buffer);
      const jpeg = absurd.findIndex((byte, at) => byte === 0xFF && [0xC0, 0xC1, 0xC3].includes(absurd[at + 1]));
      if (absurd[1] === 0x4F) view.setUint32(8, columns), view.setUint32(12, rows), view.setUint32(24, columns), view.setUint32(28, rows);
      else view.setUint16(jpeg + 5, rows), view.setUint16(jpeg + 7, columns);
      await decode(object.syntax, absurd, { ...image, rows, columns, size: rows * columns });
    }
  }
  return seen;
}

const memory = () => {
  // Beside the page nothing can be measured: here the page decodes itself, as it does where a browser gives no worker.
  globalThis.Worker = class { constructor() { throw new Error("none"); } };
  globalThis.grown = 0;
  const { grow } = WebAssembly.Memory.prototype;
  WebAssembly.Memory.prototype.grow = function (pages) {
    const before = grow.call(this, pages);
    globalThis.grown = Math.max(globalThis.grown, this.buffer.byteLength);
    return before;
  };
};
const inPage = await opened(memory);
const seen = await inPage.evaluate(damage, { rounds: plan.rounds });
const beside = await (await opened(() => {})).evaluate(damage, { rounds: Math.ceil(plan.rounds / 20) });

// A decoder that never ends.
const hang = await (await opened(() => {})).evaluate(async (input) => {
  // (module (func $f (loop (br 0))) (start $f))
  openJpegModule = new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 8, 1, 0, 10, 9, 1, 7, 0, 3, 64, 12, 0, 11, 11));
  j2kPatience = 1500;
  let awake = 0;
  const beat = setInterval(() => { awake += 1; }, 50);
  const object = await openObject(input.files[0]);
  const image = imageOf(object);
  const said = await storedSamples(object, image, 0).then(() => "a picture", ({ key }) => key);
  clearInterval(beat);
  // The next one begins anew.
  openJpegModule = null;
  const next = await storedSamples(object, image, 0).then(({ length }) => length === image.size, ({ key }) => key);
  return { said, awake, next };
});

const control = {};
for (const name of ["never", "wild", "short", "hungry"]) {
  const page = await opened(memory);
  await page.evaluate(() => Object.assign(globalThis, {
    never: () => new Promise(() => {}), wild: () => { throw new RangeError("wild"); }, short: () => new Uint8Array(1),
    hungry: (code, image) => { new WebAssembly.Memory({ initial: 1, maximum: 65536 }).grow(2 ** 14); return new Uint8Array(image.size * image.samples); },
  }));
  await page.evaluate((input) => {
    const one = new DataTransfer();
    one.items.add(input.files[0]);
    input.files = one.files;
    // Nobody waits for what never comes.
    const later = globalThis.setTimeout;
    globalThis.setTimeout = (what, ms) => later(what, ms / 100);
  });
  control[name] = (await page.evaluate(damage, { rounds: 1, control: name })).wrong.length;
}
wrong.push(...seen.wrong, ...beside.wrong);
console.log(JSON.stringify({ ...seen, beside: { ...beside, wrong: undefined }, hang, control, wrong }));
await browser.close();
