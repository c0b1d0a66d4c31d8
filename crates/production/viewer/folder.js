// Part 6: which series a folder holds. The index (DICOMDIR) says it at once; files it does not name are looked at one by
// one. Files stay where they are: only what is shown is read.

/** `dicom/im000001.;1` and `DICOM/IM000001` are one file. */
const normal = (path) => path.toUpperCase().replace(/;\d+$/, "").replace(/\.$/, "");

/** Files chosen with a button: `[{ path, file }]`. */
const chosenFiles = (list) => Array.from(list, (file) => ({ path: file.webkitRelativePath || file.name, file }));

/** Files dropped: folders with everything below them. */
async function droppedFiles(transfer) {
  const items = Array.from(transfer.items).filter(({ kind }) => kind === "file");
  // All handles and entries are asked for at once: the list is gone after the first wait.
  const asked = items.map((item) => ({
    handle: item.getAsFileSystemHandle?.().catch(() => null), entry: item.webkitGetAsEntry?.(), file: item.getAsFile(),
  }));
  const found = [];
  for (const { handle, entry, file } of asked) {
    const held = await handle;
    if (held) await ofHandle(held, "", found);
    else if (entry?.isDirectory) await ofEntry(entry, "", found);
    else if (file) found.push({ path: file.name, file });
  }
  return found;
}

async function ofHandle(handle, above, found) {
  const path = above + handle.name;
  if (handle.kind === "file") found.push({ path, file: await handle.getFile() });
  else for await (const below of handle.values()) await ofHandle(below, `${path}/`, found);
}

async function ofEntry(entry, above, found) {
  const path = above + entry.name;
  if (entry.isFile) {
    found.push({ path, file: await new Promise((resolve, reject) => entry.file(resolve, reject)) });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (!some.length) return;
    for (const below of some) await ofEntry(below, `${path}/`, found);
  }
}

/** All series of a folder, in the order of their discovery. */
class Disc {
  constructor() {
    this.series = [];
    this.byUid = new Map();
    this.unreadable = 0;
    this.absent = 0;
    this.pictures = null;
  }

  /** Adds an instance; `about` is its own data set and those above it: `{ patient, study, series, instance }`. */
  add(file, path, { patient, study, series, instance }, sopClass) {
    const uid = series.text(0x0020000E) || `${study.text(0x0020000D)}/${series.text(0x00080060)}`;
    let found = this.byUid.get(uid);
    if (!found) {
      found = {
        uid, disc: this, instances: [], modality: series.text(0x00080060), number: series.text(0x00200011),
        description: series.text(0x0008103E), study: study.text(0x0020000D),
        studyTitle: [date(study.text(0x00080020)), study.text(0x00081030)].filter(Boolean).join("　"),
        patient: personName(patient.text(0x00100010)), patientId: patient.text(0x00100020),
        born: date(patient.text(0x00100030)), sex: patient.text(0x00100040),
      };
      this.byUid.set(uid, found);
      this.series.push(found);
    }
    this.count = (this.count ?? 0) + 1;
    found.instances.push({ id: this.count, file, path, number: instance.number(0x00200013, 0), frames: 1, sopClass, series: found });
  }

  /** In the order of their numbers; equal ones stay as they came. */
  sort(series) {
    series.instances.sort((a, b) => a.number - b.number);
  }
}

const NEVER = /\.(HTML?|JPE?G|PNG|GIF|CSS|JS|TXT|SUM|PDF|EXE|DLL|INF|XML|XSL|ZIP|ISO|INI|ICO|JAR|BAT|DMG|DB)$/;

/** Reads a folder. `seen` is called with the disc as it grows, and how far reading is. */
async function readFolder(files, seen) {
  const disc = new Disc();
  const index = files.filter(({ path }) => normal(path).split("/").pop() === "DICOMDIR")
    .sort((a, b) => a.path.split("/").length - b.path.split("/").length)[0];
  const all = new Map(files.map((entry) => [normal(entry.path), entry]));
  const left = new Map(all);
  if (index) {
    const base = normal(index.path).split("/").slice(0, -1).map((part) => `${part}/`).join("");
    await readIndex(disc, index, base, left);
    disc.pictures = new OwnPictures(all, base);
  }
  disc.series.forEach((series) => disc.sort(series));
  const rest = [...left].filter(([path]) => !NEVER.test(path) && !path.endsWith("DICOMDIR") && !/(^|\/)\./.test(path));
  seen(disc, 0, rest.length);
  let done = 0;
  const worker = async () => {
    for (let entry = rest.shift(); entry; entry = rest.shift()) {
      await readHeader(disc, entry[1]);
      done += 1;
      if (done % 25 === 0) seen(disc, done, done + rest.length);
    }
  };
  if (rest.length) {
    await Promise.all([worker(), worker(), worker(), worker()]);
    disc.series.forEach((series) => disc.sort(series));
    disc.series.sort((a, b) => a.study.localeCompare(b.study) || Number(a.number) - Number(b.number));
  }
  seen(disc, done, done);
  return disc;
}

async function readIndex(disc, { file }, base, left) {
  const object = await openObject(file, { all: true }).catch(() => null);
  if (!object) return;
  for (const { record, above } of directoryLeaves(object.root)) {
    const named = normal(base + record.texts(0x00041500).join("/"));
    const found = left.get(named);
    if (!found) {
      disc.absent += 1;
      continue;
    }
    const [patient, study, series] = above;
    if (!series) continue;
    left.delete(named);
    disc.add(found.file, found.path, { patient, study, series, instance: record }, record.text(0x00041510));
  }
}

async function readHeader(disc, { path, file }) {
  try {
    const { root } = await openObject(file, { stopAfter: 0x00200013 });
    if (!root.has(0x00080018)) return;
    disc.add(file, path, { patient: root, study: root, series: root, instance: root }, root.text(0x00080016));
  } catch (error) {
    // Anything may lie in a folder: only what says it is DICOM counts as unreadable.
    if (!(error instanceof Unfit) || error.key !== "notDicom") disc.unreadable += 1;
  }
}

/** The disc's own pictures of its images. A list on the disc says which is of what; it is read when one is first wanted. */
class OwnPictures {
  constructor(all, base) {
    this.all = all;
    this.base = base;
  }

  async list() {
    const listed = this.all.get(`${this.base}IHE_PDI/PICTURES.TXT`);
    const lines = listed ? latin1(await bytesOf(listed.file, 0, MAX_LIST)).split("\n") : [];
    return new Map(lines.map((line) => line.split(" "))
      .map(([fileId, frame, path]) => [`${normal(this.base + fileId)} ${frame}`, this.all.get(normal(this.base + path))]));
  }

  /** The picture of a frame, counted from 0; null when there is none. */
  async of(instance, frame) {
    this.listed ??= this.list();
    const found = (await this.listed).get(`${normal(instance.path)} ${frame + 1}`);
    if (!found || found.file.size > SMALL) return null;
    return createImageBitmap(new Blob([await bytesOf(found.file, 0, SMALL)], { type: "image/jpeg" }));
  }
}
const MAX_LIST = 8 * 2 ** 20;

// ---- what was read lately -------------------------------------------------------------------------------------

/** Keeps what was used last, up to a total weight. */
class Recent {
  constructor(limit) {
    this.limit = limit;
    this.total = 0;
    this.kept = new Map();
  }

  get(key) {
    const found = this.kept.get(key);
    if (found) {
      this.kept.delete(key);
      this.kept.set(key, found);
    }
    return found?.value;
  }

  put(key, value, weight) {
    if (this.kept.has(key)) return;
    this.kept.set(key, { value, weight });
    this.total += weight;
    for (const [old, { weight: freed }] of this.kept) {
      if (this.total <= this.limit || old === key) break;
      this.kept.delete(old);
      this.total -= freed;
    }
  }

  clear() {
    this.kept.clear();
    this.total = 0;
  }
}

const recentObjects = new Recent(48);
const recentFrames = new Recent((navigator.deviceMemory ?? 4) >= 4 ? 192 * 2 ** 20 : 64 * 2 ** 20);

/** An instance's object and image facts: `{ object, image }`; `image` is null when it has no picture. */
async function opened(instance) {
  const known = recentObjects.get(instance);
  if (known) return known;
  const object = await openObject(instance.file);
  let image = null;
  let unfit = null;
  try {
    image = imageOf(object);
  } catch (error) {
    if (!(error instanceof Unfit)) throw error;
    unfit = error;
  }
  instance.frames = image?.frames ?? 1;
  const result = { object, image, unfit };
  recentObjects.put(instance, result, 1);
  return result;
}

/** The stored samples of one frame. */
async function samplesOf(instance, frame, tell) {
  const { object, image, unfit } = await opened(instance);
  if (unfit) throw unfit;
  const key = `${instance.id}/${frame}`;
  const known = recentFrames.get(key);
  if (known) return known;
  const samples = await storedSamples(object, image, frame, tell);
  recentFrames.put(key, samples, samples.byteLength);
  return samples;
}
