// Part 4b: JPEG (ITU-T T.81) that browsers do not decode: lossless (process 14), and twelve bits (process 4).

const jpegU16 = (code, at) => (code[at] << 8) | code[at + 1];

/** Reads segments up to the next scan or the end, into `jpeg`: `{ frame, huffman, quantities, restart }`. Gives where the
 * scan's header is; null when there is none. */
function jpegSegments(code, from, jpeg) {
  for (let at = from; at + 4 <= code.length;) {
    const marker = code[at + 1];
    if (code[at] !== 0xFF || marker === 0xD9) return null;
    if (marker === 0xFF) {
      at += 1;
      continue;
    }
    const end = at + 2 + jpegU16(code, at + 2);
    if (end > code.length || end < at + 4) return null;
    if (marker === 0xC4) for (let p = at + 4; p < end;) p = huffmanTable(code, p, jpeg.huffman);
    else if (marker === 0xDB) for (let p = at + 4; p < end;) p = quantityTable(code, p, jpeg.quantities);
    else if (marker === 0xDD) jpeg.restart = jpegU16(code, at + 4);
    else if (marker >= 0xC0 && marker <= 0xCF && marker !== 0xC8 && marker !== 0xCC) jpeg.frame = jpegHead(code, at);
    else if (marker === 0xDA) return at;
    at = end;
  }
  return null;
}

/** A frame header (B.2.2): `{ process, precision, rows, columns, parts: [{ id, across, down, table }] }`. */
function jpegHead(code, at) {
  const parts = Array.from({ length: Math.min(code[at + 9], 4) }, (_, k) => at + 10 + 3 * k)
    .map((p) => ({ id: code[p], across: code[p + 1] >> 4, down: code[p + 1] & 15, table: code[p + 2] }));
  return { process: code[at + 1], precision: code[at + 4], rows: jpegU16(code, at + 5), columns: jpegU16(code, at + 7), parts };
}

/** What every bit of the code means: 65536 answers of `(length << 8) | symbol`; 0 where there is no such code. */
function huffmanTable(code, at, tables) {
  const counts = code.subarray(at + 1, at + 17);
  const lookup = new Uint16Array(65536);
  let p = at + 17;
  let next = 0;
  for (let length = 1; length <= 16; length += 1) {
    for (let i = 0; i < counts[length - 1]; i += 1, p += 1, next += 1) {
      lookup.fill((length << 8) | code[p], next << (16 - length), (next + 1) << (16 - length));
    }
    next <<= 1;
  }
  // Tables of differences are 0 to 15, those of coefficients 16 to 31.
  tables[code[at] & 31] = lookup;
  return p;
}

function quantityTable(code, at, tables) {
  const wide = code[at] >> 4 ? 2 : 1;
  const values = Array.from({ length: 64 }, (_, k) => (wide === 2 ? jpegU16(code, at + 1 + 2 * k) : code[at + 1 + k]));
  tables[code[at] & 15] = values;
  return at + 1 + 64 * wide;
}

/** Huffman codes and the bits between them (F.2.2). A scan that ends too early is no picture. */
function entropyOf(code, start) {
  let at = start;
  let bits = 0;
  let have = 0;
  let beyond = 0;
  const fill = () => {
    while (have <= 16) {
      let byte = at < code.length ? code[at] : 0;
      if (at >= code.length || (byte === 0xFF && code[at + 1] !== 0)) {
        byte = 0;
        beyond += 1;
        // Four bytes may be looked at ahead; who takes more of them takes what is not there.
        if (beyond > 8) throw new Unfit("truncated");
      } else {
        at += byte === 0xFF ? 2 : 1;
      }
      bits = ((bits << 8) | byte) >>> 0;
      have += 8;
    }
  };
  return {
    symbol(lookup) {
      fill();
      const found = lookup[(bits >>> (have - 16)) & 0xFFFF];
      if (found === 0) throw new Unfit("damaged", "JPEG");
      have -= found >> 8;
      return found & 255;
    },
    /** A signed number of `size` bits, 1 to 15. */
    number(size) {
      fill();
      have -= size;
      const value = (bits >>> have) & ((1 << size) - 1);
      return value < 1 << (size - 1) ? value - (1 << size) + 1 : value;
    },
    /** Goes behind the next restart marker. */
    restart() {
      while (at < code.length && !(code[at] === 0xFF && code[at + 1] >= 0xD0 && code[at + 1] <= 0xD7)) at += 1;
      at += 2;
      bits = 0;
      have = 0;
      beyond = 0;
    },
    /** Where the next marker is that ends the scan. */
    end() {
      let p = at;
      while (p + 1 < code.length && !(code[p] === 0xFF && code[p + 1] !== 0 && !(code[p + 1] >= 0xD0 && code[p + 1] <= 0xD7))) p += 1;
      return p;
    },
  };
}

// ---- lossless -------------------------------------------------------------------------------------------------

/** Lossless JPEG, process 14 (Annex H): Huffman codes of differences from a prediction. */
function losslessJpeg(code, image) {
  const jpeg = { frame: null, huffman: [], quantities: [], restart: 0 };
  const at = jpegSegments(code, 2, jpeg);
  const { frame, huffman, restart } = jpeg;
  if (at === null || frame?.process !== 0xC3) throw new Unfit("needsWorkstation", "JPEG");
  const n = frame.parts.length;
  const chosen = Array.from({ length: n }, (_, k) => huffman[code[at + 6 + 2 * k] >> 4]);
  const end = at + 2 + jpegU16(code, at + 2);
  const scan = { chosen, predictor: code[at + 5 + 2 * n], shift: code[end - 1] & 15, restart };
  const fits = frame.rows === image.rows && frame.columns === image.columns && n === image.samples;
  if (!fits || code[at + 4] !== n || chosen.includes(undefined)) throw new Unfit("needsWorkstation", "JPEG");
  // Every sample takes a bit at least: what is too short is known before memory is taken for it.
  if (code.length * 8 < image.size * n) throw new Unfit("truncated");
  image.interleaved = true;
  return losslessScan(code, end, frame, scan, image);
}

function losslessScan(code, start, { precision, rows, columns, parts }, { chosen, predictor, shift, restart }, image) {
  const n = parts.length;
  const out = image.allocated === 8 ? new Uint8Array(image.size * n) : new Uint16Array(image.size * n);
  const entropy = entropyOf(code, start);
  const difference = (lookup) => {
    const size = entropy.symbol(lookup);
    if (size > 16) throw new Unfit("damaged", "JPEG");
    return size === 0 ? 0 : size === 16 ? 32768 : entropy.number(size);
  };
  const first = 1 << (precision - shift - 1);
  const stride = columns * n;
  let until = restart || Infinity;
  let fresh = true;
  for (let y = 0, to = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      if (until === 0) {
        entropy.restart();
        until = restart;
        fresh = true;
      }
      for (let k = 0; k < n; k += 1, to += 1) {
        let prediction = first;
        const a = out[to - n], b = out[to - stride], c = out[to - stride - n];
        if (!(fresh && x === 0)) {
          if (x === 0) prediction = b;
          else if (fresh || y === 0) prediction = a;
          else prediction = [a, a, b, c, a + b - c, a + ((b - c) >> 1), b + ((a - c) >> 1), (a + b) >> 1][predictor];
        }
        out[to] = prediction + difference(chosen[k]);
      }
      until -= 1;
      if (x === columns - 1) fresh = false;
    }
  }
  if (shift) for (let i = 0; i < out.length; i += 1) out[i] <<= shift;
  return typed(image, new Uint8Array(out.buffer));
}
for (const syntax of ["1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70"]) DECODERS.set(syntax, losslessJpeg);

// ---- lossy ----------------------------------------------------------------------------------------------------

/** JPEG of eight bits is the browser's; of twelve, and what a browser does not take, ours. */
async function lossyJpeg(code, image) {
  const jpeg = { frame: null, huffman: [], quantities: [], restart: 0 };
  const at = jpegSegments(code, 2, jpeg);
  if (at === null || !jpeg.frame) throw new Unfit("damaged", "JPEG");
  if (jpeg.frame.precision === 8 && image.allocated === 8) {
    const decoded = await jpegByBrowser(code, image);
    if (decoded) return decoded;
  }
  return sequentialJpeg(code, at, jpeg, image);
}
for (const syntax of ["1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51"]) DECODERS.set(syntax, lossyJpeg);

/** Baseline JPEG, by the browser's own decoder; null when it does not take it. */
async function jpegByBrowser(code, image) {
  // Without a marker the browser takes three components for YCbCr: it is told when they are RGB.
  const adobe = Uint8Array.of(0xFF, 0xEE, 0, 14, 65, 100, 111, 98, 101, 0, 100, 0, 0, 0, 0, 0);
  const marked = /Adobe|JFIF/.test(latin1(code.subarray(0, 256)));
  const parts = image.photometric === "RGB" && image.samples === 3 && !marked
    ? [code.subarray(0, 2), adobe, code.subarray(2)] : [code];
  const blob = new Blob(parts, { type: "image/jpeg" });
  const bitmap = await createImageBitmap(blob, { colorSpaceConversion: "none" }).catch(() => null);
  if (!bitmap) return null;
  if (bitmap.width !== image.columns || bitmap.height !== image.rows) throw new Unfit("damaged", "JPEG");
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(bitmap, 0, 0);
  const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
  const out = new Uint8Array(image.size * image.samples);
  for (let i = 0, to = 0; i < data.length; i += 4) {
    for (let k = 0; k < image.samples; k += 1, to += 1) out[to] = data[i + k];
  }
  image.decodedRgb = image.samples === 3;
  image.interleaved = true;
  return out;
}

/** Where the k-th coefficient of a block stands (figure A.6). */
const ZIGZAG = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
  35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
];

/** Sequential JPEG with Huffman codes, of eight or twelve bits (Annex F). */
function sequentialJpeg(code, first, jpeg, image) {
  const { frame } = jpeg;
  const { parts, precision } = frame;
  if (![0xC0, 0xC1].includes(frame.process) || ![8, 12].includes(precision)) throw new Unfit("needsWorkstation", "JPEG");
  const fits = frame.rows === image.rows && frame.columns === image.columns && parts.length === image.samples;
  const sampled = parts.every(({ across, down }) => across >= 1 && across <= 4 && down >= 1 && down <= 4);
  if (!fits || !sampled || precision > image.allocated || image.allocated > 16) throw new Unfit("damaged", "JPEG");
  frame.across = Math.max(...parts.map(({ across }) => across));
  frame.down = Math.max(...parts.map(({ down }) => down));
  frame.unitsAcross = Math.ceil(frame.columns / (8 * frame.across));
  frame.unitsDown = Math.ceil(frame.rows / (8 * frame.down));
  // Every block takes two codes, each of a bit at least: what is too short is known before memory is taken for it.
  const blocks = frame.unitsAcross * frame.unitsDown * parts.reduce((sum, { across, down }) => sum + across * down, 0);
  if (code.length * 4 < blocks) throw new Unfit("truncated");
  for (const part of parts) {
    part.stride = 8 * frame.unitsAcross * part.across;
    part.plane = new Uint16Array(part.stride * 8 * frame.unitsDown * part.down);
  }
  const seen = new Set();
  for (let at = first; at !== null && seen.size < parts.length;) {
    const scan = scanOf(code, at, jpeg);
    scan.forEach(({ id }) => seen.add(id));
    const entropy = entropyOf(code, at + 2 + jpegU16(code, at + 2));
    sequentialScan(entropy, jpeg, scan);
    at = jpegSegments(code, entropy.end(), jpeg);
  }
  if (seen.size < parts.length) throw new Unfit("truncated");
  return pixelsOf(frame, image);
}

/** The components of a scan with their tables; each is taken once. */
function scanOf(code, at, { frame, huffman, quantities }) {
  const scan = Array.from({ length: Math.min(code[at + 4], 4) }, (_, k) => {
    const part = frame.parts.find(({ id }) => id === code[at + 5 + 2 * k]);
    const chosen = code[at + 6 + 2 * k];
    const [dc, ac, quantities_] = [huffman[chosen >> 4], huffman[16 + (chosen & 15)], quantities[part?.table]];
    if (!dc || !ac || !quantities_ || part.done) throw new Unfit("damaged", "JPEG");
    part.done = true;
    return Object.assign(part, { dc, ac, quantities: quantities_, before: 0 });
  });
  if (!scan.length) throw new Unfit("damaged", "JPEG");
  return scan;
}

function sequentialScan(entropy, { frame, restart }, scan) {
  const block = new Float64Array(64);
  const top = 2 ** frame.precision - 1;
  let until = restart || Infinity;
  const begin = () => {
    if (until === 0) {
      entropy.restart();
      scan.forEach((part) => { part.before = 0; });
      until = restart;
    }
    until -= 1;
  };
  if (scan.length === 1) {
    // A component alone comes block by block, without those that only fill up units (A.2.2).
    const [part] = scan;
    const across = Math.ceil(Math.ceil((frame.columns * part.across) / frame.across) / 8);
    const down = Math.ceil(Math.ceil((frame.rows * part.down) / frame.down) / 8);
    for (let y = 0; y < down; y += 1) {
      for (let x = 0; x < across; x += 1) {
        begin();
        inverseDct(block, readBlock(entropy, part, block), part.plane, (8 * y * part.stride) + 8 * x, part.stride, top);
      }
    }
    return;
  }
  for (let unit = 0; unit < frame.unitsAcross * frame.unitsDown; unit += 1) {
    begin();
    const [column, row] = [unit % frame.unitsAcross, Math.floor(unit / frame.unitsAcross)];
    for (const part of scan) {
      for (let k = 0; k < part.across * part.down; k += 1) {
        const x = 8 * (column * part.across + (k % part.across));
        const y = 8 * (row * part.down + Math.floor(k / part.across));
        inverseDct(block, readBlock(entropy, part, block), part.plane, y * part.stride + x, part.stride, top);
      }
    }
  }
}

/** The coefficients of a block, in their places and sizes; gives the last row that holds any. */
function readBlock(entropy, part, block) {
  block.fill(0);
  const size = entropy.symbol(part.dc);
  if (size > 15) throw new Unfit("damaged", "JPEG");
  if (size) part.before += entropy.number(size);
  block[0] = part.before * part.quantities[0];
  let last = 0;
  for (let k = 1; k < 64; k += 1) {
    const symbol = entropy.symbol(part.ac);
    const bits = symbol & 15;
    if (bits === 0) {
      if (symbol !== 0xF0) break;
      k += 15;
      continue;
    }
    k += symbol >> 4;
    if (k > 63) throw new Unfit("damaged", "JPEG");
    const place = ZIGZAG[k];
    block[place] = entropy.number(bits) * part.quantities[k];
    last = Math.max(last, place);
  }
  return last === 0 ? -1 : last >> 3;
}

/** The waves of the transform: wave u at sample x (A.3.3). */
const WAVES = Float64Array.from({ length: 64 }, (_, i) => {
  const [u, x] = [i >> 3, i & 7];
  return (u === 0 ? Math.SQRT1_2 : 1) * 0.5 * Math.cos(((2 * x + 1) * u * Math.PI) / 16);
});
const dctRows = new Float64Array(64);

/** From coefficients to samples. Nothing is rounded on the way: as near as any decoder comes. */
function inverseDct(block, lastRow, plane, to, stride, top) {
  const middle = (top + 1) / 2 + 0.5;
  const sample = (value) => (value < 0 ? 0 : value > top ? top : Math.floor(value));
  if (lastRow < 0) {
    const flat = sample(block[0] / 8 + middle);
    for (let y = 0; y < 8; y += 1) plane.fill(flat, to + y * stride, to + y * stride + 8);
    return;
  }
  for (let v = 0; v <= lastRow; v += 1) {
    for (let x = 0; x < 8; x += 1) {
      let sum = 0;
      for (let u = 0; u < 8; u += 1) sum += block[8 * v + u] * WAVES[8 * u + x];
      dctRows[8 * v + x] = sum;
    }
  }
  for (let y = 0; y < 8; y += 1) {
    for (let x = 0; x < 8; x += 1) {
      let sum = middle;
      for (let v = 0; v <= lastRow; v += 1) sum += dctRows[8 * v + x] * WAVES[8 * v + y];
      plane[to + y * stride + x] = sample(sum);
    }
  }
}

/** Pixel by pixel; a component with fewer samples lends each to its neighbours. */
function pixelsOf(frame, image) {
  const { parts, rows, columns } = frame;
  const n = parts.length;
  const out = image.allocated === 8 ? new Uint8Array(image.size * n) : new Uint16Array(image.size * n);
  parts.forEach(({ plane, stride, across, down }, k) => {
    for (let y = 0, to = k; y < rows; y += 1) {
      const line = Math.floor((y * down) / frame.down) * stride;
      for (let x = 0; x < columns; x += 1, to += n) out[to] = plane[line + Math.floor((x * across) / frame.across)];
    }
  });
  image.interleaved = true;
  return typed(image, new Uint8Array(out.buffer));
}
