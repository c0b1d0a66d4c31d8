// Part 4: from an object's pixels to grey and colour (PS3.3 C.7.6.3, C.11; PS3.5 8, Annexes A and G).

const RLE = "1.2.840.10008.1.2.5";
/** By transfer syntax: from the code stream of a frame to its samples as they are stored. */
const DECODERS = new Map([[RLE, (code, image) => typed(image, rleFrame(code, image))]]);
const NATIVE = new Set([EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE, DEFLATED]);
const OTHERS = {
  "1.2.840.10008.1.2.4.80": "JPEG-LS", "1.2.840.10008.1.2.4.81": "JPEG-LS", "1.2.840.10008.1.2.4.90": "JPEG 2000",
  "1.2.840.10008.1.2.4.91": "JPEG 2000", "1.2.840.10008.1.2.4.100": "MPEG-2", "1.2.840.10008.1.2.4.101": "MPEG-2",
  "1.2.840.10008.1.2.4.102": "MPEG-4", "1.2.840.10008.1.2.4.103": "MPEG-4", "1.2.840.10008.1.2.4.201": "HTJ2K",
  "1.2.840.10008.1.2.4.202": "HTJ2K", "1.2.840.10008.1.2.4.203": "HTJ2K",
};
const MAX_FRAME = 2 ** 29;

/** What an object's samples are; null when it has no picture. */
function imageOf(object) {
  const { root, syntax } = object;
  if (!root.pixels) return null;
  const n = (tag, otherwise) => root.number(tag, otherwise);
  const float = { 0x7FE00008: "float", 0x7FE00009: "double" }[root.pixels.tag];
  const image = {
    rows: n(0x00280010, 0), columns: n(0x00280011, 0), frames: Math.max(1, n(0x00280008, 1)), samples: n(0x00280002, 1),
    photometric: root.text(0x00280004) || "MONOCHROME2", planar: n(0x00280006, 0) === 1,
    allocated: n(0x00280100, 8), signed: n(0x00280103, 0) === 1, kind: float ?? "integer",
    native: NATIVE.has(syntax), little: syntax !== EXPLICIT_BE,
  };
  image.stored = n(0x00280101, image.allocated);
  image.high = n(0x00280102, image.stored - 1);
  image.size = image.rows * image.columns;
  image.halved = image.native && image.photometric === "YBR_FULL_422" && image.samples === 3;
  image.frameBits = image.size * (image.halved ? 2 : image.samples) * image.allocated;
  const odd = ![1, 8, 16, 32, 64].includes(image.allocated) || ![1, 3, 4].includes(image.samples);
  if (!image.size || odd || image.frameBits / 8 > MAX_FRAME) throw new Unfit("oddImage");
  if (!image.native && !DECODERS.has(syntax)) throw new Unfit("needsWorkstation", OTHERS[syntax] ?? syntax);
  return image;
}

/** A value of one frame: of its functional group, of the shared one, or of the object itself (PS3.3 C.7.6.16). */
function ofFrame(root, frame, group, tag) {
  const own = root.items(0x52009230)[frame]?.items(group)[0];
  const shared = root.items(0x52009229)[0]?.items(group)[0];
  return [own, shared, root].find((set) => set?.has(tag)) ?? root;
}

// ---- bytes ----------------------------------------------------------------------------------------------------

/** The code stream of one frame. Fragments are found by their heads; several of them are one frame when there is one
 * frame, or as the offset table says. */
async function encodedFrame(object, image, frame, tell) {
  object.fragments ??= await fragmentsOf(object);
  const { fragments, offsets } = object.fragments;
  if (image.frames === 1) return join(object, fragments, tell);
  if (fragments.length === image.frames) return join(object, fragments.slice(frame, frame + 1), tell);
  if (offsets.length !== image.frames) throw new Unfit("damaged", "offset table");
  const first = fragments[0].at - 8;
  const end = offsets[frame + 1] ?? Infinity;
  return join(object, fragments.filter(({ at }) => at - 8 - first >= offsets[frame] && at - 8 - first < end));
}

async function fragmentsOf(object) {
  const { pixels } = object.root;
  const found = [];
  let at = pixels.at;
  let buffer = { from: 0, bytes: new Uint8Array() };
  for (;;) {
    if (at + 8 > object.file.size) break;
    if (at < buffer.from || at + 8 > buffer.from + buffer.bytes.length) {
      buffer = { from: at, bytes: await partOf(object, at, at + 65536) };
    }
    const view = new DataView(buffer.bytes.buffer, buffer.bytes.byteOffset + at - buffer.from, 8);
    const tag = ((view.getUint16(0, true) << 16) | view.getUint16(2, true)) >>> 0;
    const length = view.getUint32(4, true);
    if (tag !== ITEM) break;
    if (at + 8 + length > object.file.size) throw new Unfit("truncated");
    found.push({ at: at + 8, length });
    at += 8 + length;
  }
  const [table, ...fragments] = found;
  if (!fragments.length) throw new Unfit("truncated");
  const bytes = await partOf(object, table.at, table.at + table.length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { fragments, offsets: Array.from({ length: bytes.length >> 2 }, (_, i) => view.getUint32(i * 4, true)) };
}

async function join(object, fragments, tell) {
  if (fragments.length === 1) return partOf(object, fragments[0].at, fragments[0].at + fragments[0].length, tell);
  const parts = await Promise.all(fragments.map(({ at, length }) => partOf(object, at, at + length)));
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** The samples of one frame as they are stored, pixel by pixel, in little endian: a typed array. `tell` hears how much of it
 * is read. */
async function storedSamples(object, image, frame, tell) {
  if (frame < 0 || frame >= image.frames) throw new Unfit("damaged", "frame");
  if (!image.native) {
    return DECODERS.get(object.syntax)(await encodedFrame(object, image, frame, tell), image);
  }
  const { pixels } = object.root;
  const fromBit = frame * image.frameBits;
  const from = Math.floor(fromBit / 8);
  const to = Math.ceil((fromBit + image.frameBits) / 8);
  if (to > (pixels.length === UNDEFINED ? Infinity : pixels.length) || pixels.at + to > object.file.size) {
    throw new Unfit("truncated");
  }
  if (image.allocated === 1) return singleBits(await partOf(object, pixels.at + from, pixels.at + to), fromBit % 8, image);
  // In big endian, words of two bytes are turned even where samples have one.
  const cell = image.little ? 1 : image.allocated === 8 ? (pixels.vr === "OW" ? 2 : 1) : image.allocated / 8;
  const lead = from % cell;
  const part = await partOf(object, pixels.at + from - lead, pixels.at + Math.ceil(to / cell) * cell, tell);
  const bytes = cell > 1 ? swapped(part, cell) : part;
  const frameBytes = bytes.subarray(lead, lead + to - from);
  return typed(image, lead % (image.allocated / 8) ? frameBytes.slice() : frameBytes);
}

function swapped(part, cell) {
  const bytes = part.slice();
  for (let at = 0; at + cell <= bytes.length; at += cell) bytes.subarray(at, at + cell).reverse();
  return bytes;
}

function singleBits(bytes, first, image) {
  const out = new Uint8Array(image.size * image.samples);
  for (let i = 0; i < out.length; i += 1) out[i] = (bytes[(first + i) >> 3] >> ((first + i) & 7)) & 1;
  return out;
}

function typed(image, bytes) {
  const name = { float: "Float32", double: "Float64" }[image.kind] ?? `${image.signed ? "Int" : "Uint"}${image.allocated}`;
  const Kind = { Float32: Float32Array, Float64: Float64Array, Int8: Int8Array, Uint8: Uint8Array, Int16: Int16Array,
    Uint16: Uint16Array, Int32: Int32Array, Uint32: Uint32Array }[name];
  if (!Kind) throw new Unfit("oddImage");
  const width = Kind.BYTES_PER_ELEMENT;
  const whole = bytes.byteOffset % width ? bytes.slice() : bytes;
  const values = new Kind(whole.buffer, whole.byteOffset, Math.floor(whole.byteLength / width));
  if (image.kind !== "integer" || (image.stored === image.allocated && image.high === image.stored - 1)) return values;
  // Bits beside the stored ones may hold an overlay or nothing: they are no part of the value.
  const out = new Kind(values);
  const up = 32 - 1 - image.high;
  const down = 32 - image.stored;
  if (image.signed) for (let i = 0; i < out.length; i += 1) out[i] = (out[i] << up) >> down;
  else for (let i = 0; i < out.length; i += 1) out[i] = (out[i] << up) >>> down;
  return out;
}

// ---- RLE ------------------------------------------------------------------------------------------------------

/** RLE Lossless (PS3.5 Annex G): a segment for each byte of each sample, most significant first. */
function rleFrame(code, image) {
  const view = new DataView(code.buffer, code.byteOffset, code.byteLength);
  const width = image.allocated / 8;
  const n = view.getUint32(0, true);
  if (n !== width * image.samples || code.length < 64) throw new Unfit("damaged", "RLE");
  const out = new Uint8Array(image.size * n);
  for (let segment = 0; segment < n; segment += 1) {
    const end = segment + 1 < n ? view.getUint32(8 + segment * 4, true) : code.length;
    const sample = Math.floor(segment / width);
    const byte = width - 1 - (segment % width);
    let to = sample * width + byte;
    let left = image.size;
    for (let at = view.getUint32(4 + segment * 4, true); at < end && left > 0;) {
      const control = (code[at] << 24) >> 24;
      at += 1;
      if (control === -128) continue;
      const length = Math.min(left, control < 0 ? 1 - control : control + 1);
      for (let i = 0; i < length; i += 1, to += n) out[to] = code[control < 0 ? at : at + i];
      at += control < 0 ? 1 : control + 1;
      left -= length;
    }
  }
  image.interleaved = true;
  return out;
}

// ---- grey -----------------------------------------------------------------------------------------------------

/** A lookup table of a sequence item or of palette elements: `{ first, bits, values }`. */
function lookupTable(descriptor, values, signed) {
  const [entries, start, bits] = descriptor;
  const first = signed && start > 32767 ? start - 65536 : start;
  const length = entries || 65536;
  if (values.length < length && values.length * 2 >= length) {
    // Eight-bit entries packed in pairs.
    values = values.flatMap((word) => [word & 255, word >> 8]);
  }
  return { first, bits: bits & 255, values: values.slice(0, length) };
}

const lutItems = (set, tag, signed) => set.items(tag).map((item) => ({
  ...lookupTable(item.numbers(0x00283002), item.numbers(0x00283006), signed),
  name: item.text(0x00283003),
})).filter(({ values }) => values.length);

/** What a frame's values mean and how its makers wanted it shown: `{ slope, intercept, lut, windows, luts, unit }`. */
function greyFacts(object, image, frame) {
  const { root } = object;
  const transformed = ofFrame(root, frame, 0x00289145, 0x00281053);
  const windowed = ofFrame(root, frame, 0x00289132, 0x00281050);
  const widths = windowed.numbers(0x00281051);
  const names = windowed.texts(0x00281055);
  const shape = windowed.text(0x00281056) || "LINEAR";
  const windows = windowed.numbers(0x00281050)
    .map((center, i) => ({ center, width: widths[i], name: names[i] ?? "", shape }))
    .filter(({ center, width }) => Number.isFinite(center) && width > 0);
  const [lut] = lutItems(root, 0x00283000, image.signed);
  const slope = transformed.number(0x00281053, 1) || 1;
  const intercept = transformed.number(0x00281052, 0);
  const unit = root.text(0x00080060) === "CT" ? "HU" : transformed.text(0x00281054);
  const signedOutput = lut ? false : image.signed || intercept < 0;
  return { slope, intercept, lut, windows, luts: lutItems(root, 0x00283010, signedOutput), unit };
}

/** A stored value in the units of the window: rescaled, or through the Modality LUT (PS3.3 C.11.1). */
function modality(facts, stored) {
  if (!facts.lut) return stored * facts.slope + facts.intercept;
  const { first, values } = facts.lut;
  return values[Math.min(Math.max(stored - first, 0), values.length - 1)];
}

/** Shade 0 to 255 of a value (PS3.3 C.11.2). */
function shader({ center, width, shape, values, first, bits }) {
  if (values) {
    const top = 2 ** bits - 1;
    return (x) => (values[Math.min(Math.max(Math.round(x) - first, 0), values.length - 1)] / top) * 255;
  }
  if (shape === "SIGMOID") return (x) => 255 / (1 + Math.exp((-4 * (x - center)) / width));
  if (shape === "LINEAR_EXACT") return (x) => ((x - center) / width + 0.5) * 255;
  return (x) => ((x - (center - 0.5)) / Math.max(width - 1, 1e-9) + 0.5) * 255;
}

/** From the least to the greatest value, padding left out. */
function fullRange(object, facts, samples) {
  const padding = object.root.number(0x00280120, NaN);
  const limit = object.root.number(0x00280121, padding);
  const signed = samples instanceof Int16Array || samples instanceof Int8Array;
  const sign = (v) => (signed && v > 32767 ? v - 65536 : v);
  const [from, to] = [sign(padding), sign(limit)].sort((a, b) => a - b);
  let low = Infinity;
  let high = -Infinity;
  for (const value of samples) {
    if (value >= from && value <= to) continue;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return { center: 0.5, width: 1, shape: "LINEAR" };
  const [a, b] = [modality(facts, low), modality(facts, high)].sort((x, y) => x - y);
  return { center: (a + b) / 2 + 0.5, width: b - a + 1, shape: "LINEAR" };
}

/** Grey samples as RGBA, through a window or a lookup table. */
function greyPicture(samples, image, facts, voi, inverted) {
  const out = new Uint32Array(image.size);
  const shade = shader(voi);
  const turn = (image.photometric === "MONOCHROME1") !== inverted;
  const pixel = (stored) => {
    const level = Math.min(255, Math.max(0, Math.floor(shade(modality(facts, stored)) + 0.5)));
    const grey = turn ? 255 - level : level;
    return (0xFF000000 | (grey << 16) | (grey << 8) | grey) >>> 0;
  };
  const wide = samples.BYTES_PER_ELEMENT > 2 || samples instanceof Float32Array;
  if (wide || image.size < 70000) {
    const known = new Map();
    for (let i = 0; i < out.length; i += 1) {
      const value = samples[i];
      let rgba = known.get(value);
      if (rgba === undefined) {
        rgba = pixel(value);
        if (known.size < 65536) known.set(value, rgba);
      }
      out[i] = rgba;
    }
    return out;
  }
  const range = samples.BYTES_PER_ELEMENT === 1 ? 256 : 65536;
  const offset = samples instanceof Int8Array || samples instanceof Int16Array ? range / 2 : 0;
  const table = Uint32Array.from({ length: range }, (_, i) => pixel(i - offset));
  for (let i = 0; i < out.length; i += 1) out[i] = table[samples[i] + offset];
  return out;
}

// ---- colour ---------------------------------------------------------------------------------------------------

/** Colour samples as RGBA. */
function colourPicture(object, samples, image) {
  if (image.photometric === "PALETTE COLOR") return palettePicture(object, samples, image);
  const down = image.allocated === 8 ? 0 : Math.max(0, image.stored - 8);
  const ybr = image.photometric.startsWith("YBR") && !image.decodedRgb && !/RCT|ICT/.test(image.photometric);
  const planes = image.planar && !image.interleaved;
  const [step, next] = planes ? [1, image.size] : [image.samples, 1];
  const out = new Uint8ClampedArray(image.size * 4);
  for (let i = 0; i < image.size; i += 1) {
    let a, b, c;
    if (image.halved) {
      const pair = (i >> 1) * 4;
      a = samples[pair + (i & 1)], b = samples[pair + 2], c = samples[pair + 3];
    } else {
      const at = i * step;
      a = samples[at] >> down, b = samples[at + next] >> down, c = samples[at + 2 * next] >> down;
    }
    if (ybr) {
      const cb = b - 128, cr = c - 128, y = a;
      a = y + 1.402 * cr, b = y - 0.344136 * cb - 0.714136 * cr, c = y + 1.772 * cb;
    }
    const to = i * 4;
    out[to] = a, out[to + 1] = b, out[to + 2] = c, out[to + 3] = 255;
  }
  return new Uint32Array(out.buffer);
}

function palettePicture(object, samples, image) {
  const tables = [0x00281101, 0x00281102, 0x00281103].map((tag, k) => {
    const words = (element) => (element?.bytes ? wordsOf(element) : []);
    const descriptor = object.root.numbers(tag).map((v) => v & 0xFFFF);
    const plain = words(object.root.elements.get(0x00281201 + k));
    const values = plain.length ? plain : segmented(words(object.root.elements.get(0x00281221 + k)));
    return lookupTable(descriptor, values, false);
  });
  if (tables.some(({ values }) => !values.length)) throw new Unfit("oddImage");
  const shades = tables.map(({ values, bits }) => {
    // Some writers put eight bits into the low byte of sixteen.
    const down = bits > 8 && values.some((v) => v > 255) ? 8 : 0;
    return Uint8Array.from(values, (v) => v >> down);
  });
  const { first } = tables[0];
  const out = new Uint32Array(image.size);
  for (let i = 0; i < out.length; i += 1) {
    const [r, g, b] = shades.map((table) => table[Math.min(Math.max(samples[i] - first, 0), table.length - 1)]);
    out[i] = (0xFF000000 | (b << 16) | (g << 8) | r) >>> 0;
  }
  return out;
}

function wordsOf({ bytes, little }) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length >> 1 }, (_, i) => view.getUint16(i * 2, little));
}

/** Segmented palette data (PS3.3 C.7.9.2): discrete values, and lines. */
function segmented(words) {
  const out = [];
  for (let at = 0; at + 2 < words.length + 1 && out.length <= 65536;) {
    const [opcode, length] = [words[at], words[at + 1]];
    if (opcode === 0) {
      for (let i = 0; i < length; i += 1) out.push(words[at + 2 + i]);
      at += 2 + length;
    } else if (opcode === 1) {
      const from = out.at(-1) ?? 0;
      for (let i = 1; i <= length; i += 1) out.push(Math.round(from + ((words[at + 2] - from) * i) / length));
      at += 3;
    } else {
      return [];
    }
  }
  return out;
}

const isGrey = (image) => image.samples === 1 && image.photometric !== "PALETTE COLOR";

/** Overlay planes (60xx, PS3.3 C.9.2) of a frame as points `[x, y]`. */
function overlayOf(object, image, frame) {
  const points = [];
  for (let group = 0x6000; group <= 0x601E; group += 2) {
    const tag = (element) => ((group << 16) | element) >>> 0;
    const { root } = object;
    const bytes = root.elements.get(tag(0x3000))?.bytes;
    const [rows, columns] = [root.number(tag(0x0010), 0), root.number(tag(0x0011), 0)];
    if (!bytes || !rows || !columns) continue;
    const little = root.elements.get(tag(0x3000)).little;
    const [top, left] = root.numbers(tag(0x0050)).map((v) => (v > 32767 ? v - 65536 : v));
    const first = root.number(tag(0x0015), 1) > 1 ? frame * rows * columns : 0;
    for (let i = 0; i < rows * columns; i += 1) {
      const at = first + i;
      const byte = bytes[little ? at >> 3 : (at >> 3) ^ 1];
      if ((byte >> (at & 7)) & 1) points.push([(left || 1) - 1 + (i % columns), (top || 1) - 1 + Math.floor(i / columns)]);
    }
  }
  return points;
}
