// Part 3: one DICOM object from the bytes of a file (PS3.5, PS3.10). Only the beginning of a file is read, until its
// pixels are found; no length is believed before it is compared with what is left.

/** More of the file is needed: `upTo` bytes from its beginning. */
class More extends Error {
  constructor(upTo) {
    super("more");
    this.upTo = upTo;
  }
}
/** The file cannot be shown; `key` is a text of words.js. */
class Unfit extends Error {
  constructor(key, detail = "") {
    super(`${key} ${detail}`);
    this.key = key;
    this.detail = detail;
  }
}

const EXPLICIT_LE = "1.2.840.10008.1.2.1";
const IMPLICIT_LE = "1.2.840.10008.1.2";
const EXPLICIT_BE = "1.2.840.10008.1.2.2";
const DEFLATED = "1.2.840.10008.1.2.1.99";

const LONG_VRS = new Set(["OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"]);
const CHARSET_VRS = new Set(["LO", "LT", "PN", "SH", "ST", "UC", "UT"]);
const TEXT_VRS = new Set(["AE", "AS", "CS", "DA", "DS", "DT", "IS", "TM", "UI", "UR", ...CHARSET_VRS]);
const ONE_VALUE = new Set(["ST", "LT", "UT", "UR"]);
const BINARY = {
  US: [2, "getUint16"], SS: [2, "getInt16"], UL: [4, "getUint32"], SL: [4, "getInt32"], FL: [4, "getFloat32"],
  FD: [8, "getFloat64"], OW: [2, "getUint16"], OF: [4, "getFloat32"], AT: [2, "getUint16"],
};
const PIXELS = new Set([0x7FE00010, 0x7FE00008, 0x7FE00009]);
const ITEM = 0xFFFEE000;
const ITEM_END = 0xFFFEE00D;
const SEQUENCE_END = 0xFFFEE0DD;
const UNDEFINED = 0xFFFFFFFF;
const MAX_DEPTH = 64;
const MAX_HEADER = 512 * 2 ** 20;
/** Values longer than this at the root are left in the file until somebody asks. */
const LONGEST_KEPT = 4 * 2 ** 20;

/** A set of elements, with the character set of its texts. */
class DataSet {
  constructor(parent, at) {
    this.elements = new Map();
    this.parent = parent;
    this.at = at;
  }

  get decode() {
    if (!this.decoder) {
      const declared = this.elements.get(0x00080005);
      this.decoder = declared || !this.parent ? charset(declared ? latin1(declared.bytes) : "") : this.parent.decode;
    }
    return this.decoder;
  }

  has(tag) {
    return this.elements.has(tag);
  }

  /** All values as text, without padding. */
  texts(tag) {
    const element = this.elements.get(tag);
    if (!element?.bytes) return [];
    const { vr, bytes } = element;
    if (vr in BINARY) return this.numbers(tag).map(String);
    const text = CHARSET_VRS.has(vr) || vr === "UN" ? this.decode(bytes) : latin1(bytes);
    if (ONE_VALUE.has(vr)) return [text.replace(/[\0 ]+$/, "")];
    return text.split("\\").map((value) => value.replace(/^[\0 ]+|[\0 ]+$/g, ""));
  }

  /** The first value as text; empty when there is none. */
  text(tag) {
    return this.texts(tag)[0] ?? "";
  }

  /** All values as numbers. */
  numbers(tag) {
    const element = this.elements.get(tag);
    if (!element?.bytes) return [];
    const { vr, bytes, little } = element;
    if (!(vr in BINARY)) return this.texts(tag).filter(Boolean).map(Number);
    const [width, read] = BINARY[vr];
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const n = Math.floor(bytes.length / width);
    return Array.from({ length: n }, (_, i) => view[read](i * width, little));
  }

  /** The first value as a number, or `otherwise`. */
  number(tag, otherwise) {
    const [value] = this.numbers(tag);
    return Number.isFinite(value) ? value : otherwise;
  }

  items(tag) {
    return this.elements.get(tag)?.items ?? [];
  }
}

/** Reads elements one after another from what is there of a file. */
class Reader {
  constructor(bytes, size, little, explicit) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.size = size;
    this.little = little;
    this.explicit = explicit;
    this.pos = 0;
  }

  need(n) {
    if (this.pos + n > this.size) throw new Unfit("truncated");
    if (this.pos + n > this.bytes.length) throw new More(this.pos + n);
  }

  u16() {
    this.need(2);
    this.pos += 2;
    return this.view.getUint16(this.pos - 2, this.little);
  }

  u32() {
    this.need(4);
    this.pos += 4;
    return this.view.getUint32(this.pos - 4, this.little);
  }

  /** Tag, value representation and length of the next element. */
  head() {
    const tag = ((this.u16() << 16) | this.u16()) >>> 0;
    if (tag >>> 16 === 0xFFFE) return { tag, vr: "", length: this.u32() };
    if (!this.explicit) {
      const length = this.u32();
      const vr = DICTIONARY.get(tag)?.vr ?? ((tag >>> 16) & 1 && (tag & 0xFF00) === 0 ? "LO" : "UN");
      return { tag, vr: length === UNDEFINED && !PIXELS.has(tag) ? "SQ" : vr, length };
    }
    this.need(2);
    const vr = latin1(this.bytes.subarray(this.pos, this.pos + 2));
    this.pos += 2;
    if (!/^[A-Z]{2}$/.test(vr)) throw new Unfit("damaged", `VR at ${this.pos}`);
    if (!LONG_VRS.has(vr)) return { tag, vr, length: this.u16() };
    this.pos += 2;
    return { tag, vr, length: this.u32() };
  }

  /** A data set up to `end`, or up to its delimiter when that is null. The pixels of the root end it. */
  dataSet(parent, end, depth, stopAfter = UNDEFINED) {
    if (depth > MAX_DEPTH) throw new Unfit("damaged", "depth");
    const set = new DataSet(parent, this.pos);
    const last = end ?? this.size;
    while (this.pos + 8 <= last) {
      const { tag, vr, length } = this.head();
      if (tag === ITEM_END) return set;
      if (depth === 0 && PIXELS.has(tag)) {
        set.pixels = { tag, vr, at: this.pos, length };
        return set;
      }
      if (tag > stopAfter) return set;
      set.elements.set(tag, this.value(set, tag, vr, length, last, depth));
    }
    this.pos = end ?? this.pos;
    return set;
  }

  value(set, tag, vr, length, last, depth) {
    const { little } = this;
    if (length === UNDEFINED && PIXELS.has(tag)) return { vr, little, bytes: null, items: this.fragments() };
    if (vr === "SQ" || length === UNDEFINED) {
      // A sequence that its writer did not know is in Implicit VR inside (PS3.5 6.2.2).
      const { explicit } = this;
      if (vr === "UN") this.explicit = false;
      const items = this.items(set, length === UNDEFINED ? null : this.bounded(length, last), depth);
      this.explicit = explicit;
      return { vr: "SQ", little, items };
    }
    const at = this.pos;
    this.bounded(length, last);
    if (depth === 0 && length > LONGEST_KEPT) {
      this.pos = at + length;
      return { vr, little, at, length, bytes: null };
    }
    this.need(length);
    this.pos = at + length;
    return { vr, little, at, length, bytes: this.bytes.subarray(at, at + length) };
  }

  bounded(length, last) {
    if (this.pos + length > Math.min(last, this.size)) throw new Unfit("truncated");
    return this.pos + length;
  }

  items(set, end, depth) {
    const items = [];
    while (end === null || this.pos + 8 <= end) {
      const at = this.pos;
      const { tag, length } = this.head();
      if (tag === SEQUENCE_END) return items;
      if (tag !== ITEM) throw new Unfit("damaged", `item at ${at}`);
      const item = this.dataSet(set, length === UNDEFINED ? null : this.bounded(length, end ?? this.size), depth + 1);
      item.at = at;
      items.push(item);
    }
    return items;
  }

  /** Passes over encapsulated pixels within a sequence (an icon). */
  fragments() {
    for (;;) {
      const { tag, length } = this.head();
      if (tag === SEQUENCE_END) return [];
      if (tag !== ITEM) throw new Unfit("damaged", "fragments");
      this.need(length);
      this.pos += length;
    }
  }
}

/** Where the data set begins, and in what transfer syntax: after the file meta information (PS3.10 7.1), or guessed. */
function beginning(bytes, size) {
  const marked = latin1(bytes.subarray(128, 132)) === "DICM";
  const reader = new Reader(bytes, size, true, true);
  reader.pos = marked ? 132 : 0;
  const meta = new DataSet(null, reader.pos);
  while (reader.pos + 8 <= size) {
    reader.need(8);
    if (reader.view.getUint16(reader.pos, true) !== 2) break;
    const { tag, vr, length } = reader.head();
    meta.elements.set(tag, reader.value(meta, tag, vr, length, size, 1));
  }
  let syntax = meta.text(0x00020010);
  if (!syntax) {
    reader.need(8);
    const group = reader.view.getUint16(reader.pos, true);
    const named = /^[A-Z]{2}$/.test(latin1(bytes.subarray(reader.pos + 4, reader.pos + 6)));
    if (group === 0x0800 && named) syntax = EXPLICIT_BE;
    else if (group === 8) syntax = named ? EXPLICIT_LE : IMPLICIT_LE;
    else throw new Unfit("notDicom");
  }
  return { meta, syntax, at: reader.pos };
}

function parse(bytes, size, stopAfter) {
  if (bytes.length < 136 && bytes.length === size) throw new Unfit("notDicom");
  const { meta, syntax, at } = beginning(bytes, size);
  if (syntax === DEFLATED) return { meta, syntax, at };
  // Some writers put Implicit VR under a compressed transfer syntax: the first element shows it.
  const named = /^[A-Z]{2}$/.test(latin1(bytes.subarray(at + 4, at + 6)));
  const reader = new Reader(bytes, size, syntax !== EXPLICIT_BE, syntax !== IMPLICIT_LE && (named || bytes.length < at + 6));
  reader.pos = at;
  return { meta, syntax, root: reader.dataSet(null, size, 0, stopAfter) };
}

/** The bytes of a part of a file. A long part is read in pieces, so that `tell` can say how far it is. */
async function bytesOf(file, from, to, tell) {
  const size = Math.min(to, file.size) - from;
  if (!tell || size <= PIECE) return new Uint8Array(await file.slice(from, to).arrayBuffer());
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += PIECE) {
    tell(at, size);
    const end = Math.min(at + PIECE, size);
    bytes.set(new Uint8Array(await file.slice(from + at, from + end).arrayBuffer()), at);
  }
  return bytes;
}
const PIECE = 2 ** 20;

/** Files up to this size are read in one go: on a disc, a second read costs more than the bytes. */
const SMALL = 2 ** 20;
/** Files above this size do not come at once from a slow drive. */
const LARGE = 4 * SMALL;

/** Opens an object: `{ file, meta, syntax, root }`, and `whole`, its bytes, when all were read. With `stopAfter`, only
 * the elements up to that tag are read; `all` reads the whole file at once. */
async function openObject(file, { stopAfter, all = false } = {}) {
  const once = all || (file.size <= SMALL && !stopAfter);
  let want = once ? file.size : Math.min(file.size, stopAfter ? 8192 : 65536);
  for (;;) {
    try {
      const bytes = await bytesOf(file, 0, want);
      const object = parse(bytes, file.size, stopAfter);
      if (object.syntax === DEFLATED) return await openDeflated(file, object, stopAfter);
      return { file, whole: want === file.size ? bytes : null, ...object };
    } catch (error) {
      if (!(error instanceof More) || want >= file.size) throw error;
      if (error.upTo > MAX_HEADER) throw new Unfit("damaged", "length");
      want = Math.min(file.size, Math.max(want * 4, error.upTo));
    }
  }
}

async function openDeflated(file, { meta, at }, stopAfter) {
  const packed = await bytesOf(file, at, file.size);
  const stream = new DecompressionStream("deflate-raw");
  const writer = stream.writable.getWriter();
  const write = async () => {
    // Some writers pad the stream: what follows its end is an error to the browser and none to us. It comes byte by
    // byte, so that nothing before it is lost.
    const tail = Math.max(0, packed.length - 64);
    await writer.write(packed.subarray(0, tail));
    for (let i = tail; i < packed.length; i += 1) await writer.write(packed.subarray(i, i + 1));
    await writer.close();
  };
  write().catch(() => {});
  const parts = [];
  let size = 0;
  const reader = stream.readable.getReader();
  for (;;) {
    const { done, value } = await reader.read().catch(() => ({ done: true }));
    if (done) break;
    size += value.length;
    if (size > MAX_HEADER || size > 1000 * file.size) throw new Unfit("damaged", "deflated");
    parts.push(value);
  }
  const inflated = new Blob(parts);
  const data = new Reader(await bytesOf(inflated, 0, size), size, true, true);
  return { file: inflated, meta, syntax: DEFLATED, root: data.dataSet(null, size, 0, stopAfter) };
}

/** A part of an object's file; what was read before is not read again, and must not be changed. */
const partOf = async ({ file, whole }, from, to, tell) => whole?.subarray(from, to) ?? bytesOf(file, from, to, tell);

/** A value left in the file because it is long (an encapsulated document). */
async function longValue(object, tag) {
  const element = object.root.elements.get(tag);
  if (!element) return new Uint8Array();
  return element.bytes ?? partOf(object, element.at, element.at + element.length);
}

/** The leaves of a DICOMDIR (PS3.3 Annex F) in the order of its tree: each record with those above it. */
function directoryLeaves(root) {
  const records = root.items(0x00041220);
  const byOffset = new Map(records.map((record) => [record.at, record]));
  const leaves = [];
  const seen = new Set();
  // Not recursive, and no record twice: a directory may be hostile.
  const ahead = [{ at: root.number(0x00041200, 0), above: [] }];
  while (ahead.length) {
    const { at, above } = ahead.pop();
    const record = byOffset.get(at);
    if (!record || seen.has(at) || above.length > 8) continue;
    seen.add(at);
    ahead.push({ at: record.number(0x00041400, 0), above });
    ahead.push({ at: record.number(0x00041420, 0), above: [...above, record] });
    if (record.has(0x00041500)) leaves.push({ record, above });
  }
  return leaves;
}
