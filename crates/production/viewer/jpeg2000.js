// Part 4c: JPEG 2000 (ISO/IEC 15444-1), by OpenJPEG as WebAssembly. It is only on discs whose profile holds such images.
//
// OpenJPEG: Copyright (c) 2002-2014, Université catholique de Louvain (UCL), Belgium; Copyright (c) 2002-2014, Professor
// Benoit Macq; Copyright (c) 2003-2014, Antonin Descampe; Copyright (c) 2003-2009, Francois-Olivier Devaux; Copyright (c)
// 2005, Herve Drolon, FreeImage Team; Copyright (c) 2002-2003, Yannick Verschueren; Copyright (c) 2001-2003, David Janssens;
// Copyright (c) 2011-2012, Centre National d'Etudes Spatiales (CNES), France; Copyright (c) 2012, CS Systemes
// d'Information, France. All rights reserved. Redistribution and use in source and binary forms, with or without
// modification, are permitted provided that the following conditions are met: 1. Redistributions of source code must retain
// the above copyright notice, this list of conditions and the following disclaimer. 2. Redistributions in binary form must
// reproduce the above copyright notice, this list of conditions and the following disclaimer in the documentation and/or
// other materials provided with the distribution. THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS `AS IS'
// AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS
// FOR A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT OWNER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT,
// INDIRECT, INCIDENTAL, SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT LIMITED TO, PROCUREMENT OF
// SUBSTITUTE GOODS OR SERVICES; LOSS OF USE, DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY THEORY OF
// LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT (INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF
// THE USE OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.
//
// Its build for browsers (@cornerstonejs/codec-openjpeg): Copyright (c) 2019 Open Health Imaging Foundation. Permission is
// hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation files (the
// "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy, modify,
// merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the Software is
// furnished to do so, subject to the following conditions: The above copyright notice and this permission notice shall be
// included in all copies or substantial portions of the Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY
// KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE
// AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY,
// WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR
// OTHER DEALINGS IN THE SOFTWARE.

/** More samples than this a frame are left to a workstation: OpenJPEG takes some 7 bytes for each, and 12 in tiles. */
const J2K_MOST_SAMPLES = 2 ** 25;
/** Longer than this, in milliseconds, no frame is waited for. */
let j2kPatience = 60000;

/** Where the code stream begins: at once, or inside a JP2 file, which PS3.5 8.2.4 does not allow and some write. */
function codeStreamOf(code) {
  const starts = (at, bytes) => bytes.every((byte, k) => code[at + k] === byte);
  if (starts(0, [0xFF, 0x4F, 0xFF, 0x51])) return code;
  const isBox = starts(0, [0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20]);
  for (let at = 12; isBox && at < Math.min(code.length, 65536); at += 1) {
    if (starts(at, [0x6A, 0x70, 0x32, 0x63, 0xFF, 0x4F, 0xFF, 0x51])) return code.subarray(at + 4);
  }
  throw new Unfit("damaged", "JPEG 2000");
}

/** What the code stream says of itself (SIZ, A.5.1), held against the object: `{ bits, signed, depths }`. What OpenJPEG's
 * build would read wrongly is refused here, before it sees a byte. */
function jpeg2000Head(stream, image) {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  if (stream.length < 42 + 3 * image.samples || view.getUint16(4) !== 38 + 3 * image.samples) throw new Unfit("damaged", "JPEG 2000");
  const [width, height, left, top, tileWidth, tileHeight] = [8, 12, 16, 20, 24, 28].map((at) => view.getUint32(at));
  if (width !== image.columns || height !== image.rows || left || top || view.getUint16(40) !== image.samples) {
    throw new Unfit("damaged", "JPEG 2000");
  }
  const tiles = Math.ceil(width / tileWidth) * Math.ceil(height / tileHeight);
  if (!(tiles <= 65535)) throw new Unfit("damaged", "JPEG 2000");
  needsWholeTiles(stream, tiles);
  const depths = Array.from({ length: image.samples }, (_, k) => 42 + 3 * k);
  const depth = stream[depths[0]];
  if (depths.some((at) => stream[at] !== depth || stream[at + 1] !== 1 || stream[at + 2] !== 1)) {
    throw new Unfit("needsWorkstation", "JPEG 2000");
  }
  const bits = (depth & 127) + 1;
  if (bits > 16 || bits > image.allocated || image.allocated > 16) throw new Unfit("damaged", "JPEG 2000");
  // The build gives colour of eight bits only.
  if (image.samples !== 1 && (bits > 8 || image.samples !== 3)) {
    throw new Unfit("needsWorkstation", `JPEG 2000, ${image.samples} × ${bits} bit`);
  }
  if (image.size * image.samples > J2K_MOST_SAMPLES) throw new Unfit("tooLarge");
  return { bits, signed: depth > 127, depths };
}

/** Every tile is there to its end (SOT, A.4.2): OpenJPEG makes a picture of half a code stream too, and nobody would see. */
function needsWholeTiles(stream, tiles) {
  const view = new DataView(stream.buffer, stream.byteOffset, stream.byteLength);
  const marker = (at) => (at + 4 <= stream.length ? view.getUint16(at) : 0);
  let at = 2;
  while (marker(at) > 0xFF00 && marker(at) !== 0xFF90) at += 2 + view.getUint16(at + 2);
  const seen = new Set();
  while (marker(at) === 0xFF90) {
    if (at + 12 > stream.length) throw new Unfit("truncated");
    seen.add(view.getUint16(at + 4));
    // The last part may leave its length open: then the end of the code stream is its end.
    const length = view.getUint32(at + 6) || openEnd(stream) - at;
    if (length < 14 || at + length > stream.length) throw new Unfit("truncated");
    at += length;
  }
  if (seen.size !== tiles) throw new Unfit("truncated");
}

/** Where the end marker stands, behind which only padding may follow. */
function openEnd(stream) {
  let end = stream.length;
  while (stream[end - 1] === 0) end -= 1;
  return stream[end - 2] === 0xFF && stream[end - 1] === 0xD9 ? end - 2 : 0;
}

/** One frame of JPEG 2000 as it is stored. */
async function jpeg2000Frame(code, image) {
  const stream = codeStreamOf(code).slice();
  const { bits, signed, depths } = jpeg2000Head(stream, image);
  // The build cuts negative values of eight bits off. Called unsigned, they come as they are, moved up by half the range.
  for (const at of depths) stream[at] &= 127;
  const n = image.size * image.samples;
  const limit = 2 ** 26 + 3 * stream.length + 12 * n;
  const decoded = await decodedApart(stream, n * (bits > 8 ? 2 : 1), limit);
  const values = bits > 8 ? new Uint16Array(decoded.buffer, 0, n) : decoded;
  const out = image.allocated === 8 ? new Uint8Array(n) : new Uint16Array(n);
  const turn = signed ? 1 << (bits - 1) : 0;
  // Where object and code stream differ about the sign, the bits are right and the object says what they mean.
  const up = image.signed ? 32 - bits : 0;
  for (let i = 0; i < n; i += 1) out[i] = ((values[i] ^ turn) << up) >> up;
  image.interleaved = true;
  return typed(image, new Uint8Array(out.buffer));
}
DECODERS.set("1.2.840.10008.1.2.4.90", jpeg2000Frame).set("1.2.840.10008.1.2.4.91", jpeg2000Frame);

/** OpenJPEG's module, ready to decode. It names what it takes and gives by letters of this very build (1.3.6) and tells
 * of its one class by registering it; nothing of the page is used here, since this runs in a worker. */
function openJpeg(module) {
  const nothing = () => 0;
  let world = null;

  function begin() {
    const made = { methods: {}, view: null, limit: 0 };
    const { methods } = made;
    const stop = () => { throw new Error("stopped"); };
    const word = (at) => new DataView(made.memory.buffer).getUint32(at, true);
    const text = (at) => {
      const bytes = new Uint8Array(made.memory.buffer, at, 32);
      return String.fromCharCode(...bytes.subarray(0, bytes.indexOf(0)));
    };
    const call = (invoker, context) => (...values) => made.table.get(invoker)(context, ...values);
    const held = (at) => { made.view = { length: word(at), at: word(at + 4) }; return 1; };
    const imports = {
      e: stop, q: stop,
      m: (_, n, types, signature, invoker, context) => { methods.construct = call(invoker, context); },
      b: (_, name, n, types, signature, invoker, context) => { methods[text(name)] = call(invoker, context); },
      l: (type, at) => held(at),
      C: (caller, handle, destructors, at) => held(at),
      w: (to, from, length) => { new Uint8Array(made.memory.buffer).copyWithin(to, from, from + length); },
      s: () => made.limit,
      r: (size) => {
        if (size >>> 0 > made.limit) return 0;
        made.memory.grow(Math.ceil(((size >>> 0) - made.memory.buffer.byteLength) / 65536));
        return 1;
      },
      u: (count, size) => {
        const view = new DataView(made.memory.buffer);
        view.setUint32(count, 0, true);
        view.setUint32(size, 0, true);
        return 0;
      },
      // What it says to its console is taken and forgotten.
      i: (file, parts, n, written) => {
        let sum = 0;
        for (let k = 0; k < n; k += 1) sum += word(parts + 8 * k + 4);
        new DataView(made.memory.buffer).setUint32(written, sum, true);
        return 0;
      },
    };
    for (const name of "fpznxjdayhgcADEkBtvo") imports[name] = nothing;
    const { exports } = new WebAssembly.Instance(module, { a: imports });
    Object.assign(made, { memory: exports.F, table: exports.I, limit: exports.F.buffer.byteLength });
    exports.G();
    made.decoder = methods.construct();
    return made;
  }

  /** The bytes of one decoded code stream, `length` of them; memory grows up to `limit`. */
  return (stream, length, limit) => {
    world ??= begin();
    const mine = world;
    // What fails, or grew large, is not used again.
    world = null;
    mine.limit = limit;
    mine.methods.getEncodedBuffer(mine.decoder, stream.length);
    new Uint8Array(mine.memory.buffer).set(stream, mine.view.at);
    mine.methods.decode(mine.decoder);
    mine.methods.getDecodedBuffer(mine.decoder);
    const { at, length: given } = mine.view;
    if (given !== length) throw new Error("refused");
    const decoded = new Uint8Array(mine.memory.buffer, at, length).slice();
    if (mine.memory.buffer.byteLength < 2 ** 27) world = mine;
    return decoded;
  };
}

/** What the worker does: it is given the module, then one code stream after another. */
function openJpegWorker(open) {
  let decode = null;
  onmessage = ({ data }) => {
    try {
      if (data.module) decode = open(data.module);
      const decoded = data.module ? null : decode(data.stream, data.length, data.limit);
      postMessage({ decoded }, decoded ? [decoded.buffer] : []);
    } catch (error) {
      postMessage({ refused: String(error) });
    }
  };
}

let openJpegModule = null;
let apart = null;
let lastApart = Promise.resolve();

/** Decodes beside the page, so that it stays awake and what takes too long can be ended; one code stream at a time. */
function decodedApart(...job) {
  const mine = lastApart.then(() => decodeNow(...job));
  lastApart = mine.catch(() => {});
  return mine;
}

async function decodeNow(stream, length, limit) {
  openJpegModule ??= WebAssembly.compile(Uint8Array.from(atob(OPENJPEG), (c) => c.charCodeAt(0)));
  const module = await openJpegModule;
  apart ??= await startApart(module);
  const { decoded } = await apart({ stream, length, limit });
  if (!decoded) throw new Unfit("damaged", "JPEG 2000");
  return decoded;
}

/** A worker that decodes; where the browser gives none to a page of a file, the page does it itself. */
async function startApart(module) {
  const here = openJpeg(module);
  const inPage = async ({ stream, length, limit }) => {
    try {
      return { decoded: here(stream, length, limit) };
    } catch {
      return {};
    }
  };
  let worker;
  try {
    const address = URL.createObjectURL(new Blob([`(${openJpegWorker})(${openJpeg})`], { type: "text/javascript" }));
    worker = new Worker(address);
  } catch {
    return inPage;
  }
  const ask = (message, patience) => new Promise((resolve) => {
    const ended = (answer) => {
      clearTimeout(timer);
      resolve(answer);
    };
    const timer = setTimeout(() => ended({ late: true }), patience);
    worker.onmessage = ({ data }) => ended(data);
    worker.onerror = (event) => {
      event.preventDefault();
      ended({ failed: true });
    };
    worker.postMessage(message);
  });
  const { decoded } = await ask({ module }, 5000);
  if (decoded !== null) {
    worker.terminate();
    return inPage;
  }
  return async (job) => {
    const answer = await ask(job, j2kPatience);
    if (!answer.late) return answer;
    worker.terminate();
    apart = null;
    throw new Unfit("tooLarge");
  };
}
