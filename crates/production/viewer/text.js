// Part 1: text of every character set DICOM knows (PS3.3 C.12.1.1.2, PS3.5 6.1), and of Big5 and UTF-8 under a wrong
// label. Text is decoded before it is divided at `\`: the second byte of a Chinese character may be the delimiter's.

/** Bytes as Latin-1. */
function latin1(bytes) {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/** Bytes in a named encoding; null when they are not that. */
function strictly(encoding, bytes) {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

const isAscii = (bytes) => bytes.every((byte) => byte < 0x80);
const isLetter = (byte) => (byte | 32) >= 97 && (byte | 32) <= 122;
const CHINESE = /^[\u4E00-\u9FFF\u3400-\u4DBF\u3000-\u3029\u3100-\u312F\uFF01-\uFF5E\u00B7\u2027\u2022\uFE30-\uFE4F]$/u;

/** Big5, where the bytes can hardly be anything else; otherwise null. `Müller` in Latin-1 begins a pair Big5 knows. */
function big5(bytes) {
  let text = "";
  let run = { after: false, length: 0, high: false, rare: false };
  const convincing = (before) =>
    run.length === 0 || !(run.after || before) || (run.length > 1 && (run.high || !run.rare));
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at];
    if (byte < 0x80) {
      if (!convincing(isLetter(byte))) return null;
      run = { after: isLetter(byte), length: 0, high: false, rare: false };
      text += String.fromCharCode(byte);
      at += 1;
      continue;
    }
    const character = byte >= 0xA1 && byte <= 0xF9 ? strictly("big5", bytes.subarray(at, at + 2)) : null;
    if (!character || !CHINESE.test(character)) return null;
    run.length += 1;
    run.high ||= bytes[at + 1] >= 0xA1;
    run.rare ||= byte >= 0xC9;
    text += character;
    at += 2;
  }
  return convincing(false) ? text : null;
}

/** Where the label is missing, unknown or the default of a machine: UTF-8, Big5, or Latin-1. */
const guessed = (bytes) => strictly("utf-8", bytes) ?? big5(bytes);

/** Encodings whose upper half is the set with this ISO registration number. */
const UPPER = {
  13: "shift_jis", 100: "iso-8859-1", 101: "iso-8859-2", 109: "iso-8859-3", 110: "iso-8859-4", 144: "iso-8859-5",
  127: "iso-8859-6", 126: "iso-8859-7", 138: "iso-8859-8", 148: "iso-8859-9", 203: "iso-8859-15", 166: "windows-874",
  87: "euc-jp", 159: "euc-jp", 149: "euc-kr", 58: "gbk",
};
/** Escape sequences without their ESC, and the set each puts into its place (PS3.3 tables C.12-3 and C.12-4). */
const ESCAPES = [
  ["(B", 6], ["(J", 6], [")I", 13], ["-A", 100], ["-B", 101], ["-C", 109], ["-D", 110], ["-L", 144], ["-G", 127],
  ["-F", 126], ["-H", 138], ["-M", 148], ["-b", 203], ["-T", 166], ["$B", 87], ["$@", 87], ["$(B", 87], ["$(D", 159],
  ["$)C", 149], ["$)A", 58],
];
const IN_G0 = [6, 87, 159];
const TWO_BYTES = [87, 159, 149, 58];

/** Code extension by ISO 2022: begins in `first`, changes by escape sequences, resets at delimiters. What it cannot read
 * is guessed as a whole. */
function iso2022(first, bytes) {
  let damaged = false;
  const initial = () => ({ g0: 6, g1: IN_G0.includes(first) ? 6 : first });
  let state = initial();
  let text = "";
  for (let at = 0; at < bytes.length;) {
    const byte = bytes[at];
    if (byte === 0x1B) {
      const follows = latin1(bytes.subarray(at + 1, at + 4));
      const [sequence, set] = ESCAPES.find(([sequence]) => follows.startsWith(sequence)) ?? ["", null];
      if (set === null) damaged = true;
      else state[IN_G0.includes(set) ? "g0" : "g1"] = set;
      at += 1 + sequence.length;
      continue;
    }
    const set = byte < 0x80 ? state.g0 : state.g1;
    const two = TWO_BYTES.includes(set) && byte > 0x20 && at + 1 < bytes.length;
    if (byte < 0x80 && !two) {
      const character = String.fromCharCode(byte);
      text += character;
      if (byte < 0x20 || "\\^=".includes(character)) state = initial();
      at += 1;
      continue;
    }
    const cell = Array.from(bytes.subarray(at, at + (two ? 2 : 1)), (b) => b | 0x80);
    if (set === 159) cell.unshift(0x8F);
    const character = UPPER[set] ? strictly(UPPER[set], Uint8Array.from(cell)) : null;
    damaged ||= character === null;
    text += character ?? (two ? "\uFFFD" : latin1(cell));
    at += two ? 2 : 1;
  }
  return (damaged && guessed(bytes)) || text;
}

/** The decoder a value of Specific Character Set (0008,0005) declares: bytes to text. */
function charset(declared) {
  const terms = declared.split("\\").map((term) => term.trim().toUpperCase().replace(/[ _-]+/g, " "));
  if (terms.length > 1 || terms[0].startsWith("ISO 2022")) {
    const first = Number(/(\d+)$/.exec(terms[0])?.[1] ?? 6);
    return (bytes) => iso2022(UPPER[first] ? first : 6, bytes);
  }
  const [term] = terms;
  const whole = { "ISO IR 192": "utf-8", "UTF 8": "utf-8", UTF8: "utf-8", GB18030: "gb18030", GBK: "gbk", GB2312: "gbk" }[term];
  if (whole) return (bytes) => strictly(whole, bytes) ?? guessed(bytes) ?? new TextDecoder(whole).decode(bytes);
  const set = Number(/^ISO IR (\d+)$/.exec(term)?.[1] ?? 6);
  // Western letters, and no label at all, are what systems leave that write something else.
  if (!UPPER[set] || set === 100) {
    return (bytes) => (bytes.includes(0x1B) ? iso2022(6, bytes) : guessed(bytes) ?? latin1(bytes));
  }
  return (bytes) => iso2022(set, bytes);
}

/** A person's name for people: ideographs first, then letters; `^` separates for machines. */
function personName(raw) {
  const groups = raw.split("=").map((group) => {
    const parts = group.split("^").map((part) => part.trim()).filter(Boolean);
    return parts.join(/^[\x20-\x7E]*$/.test(group) ? " " : "");
  });
  return [groups[1], groups[0], groups[2]].filter(Boolean).join("　");
}

/** `2026-11-02` from `20261102`. */
const date = (raw) => (/^\d{8}$/.test(raw) ? `${raw.slice(0, 4)}-${raw.slice(4, 6)}-${raw.slice(6)}` : raw);
