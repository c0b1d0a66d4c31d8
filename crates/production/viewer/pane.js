// Part 7: one pane: a picture, how it is shown, what is measured on it.

const OPPOSITE = { L: "R", R: "L", A: "P", P: "A", H: "F", F: "H" };
const PROJECTIONS = new Set(["CR", "DX", "MG", "RF", "XA", "RG", "IO", "PX"]);

/** Letters of the directions to the right and to the bottom of a frame; null when unknown (PS3.3 C.7.6.1.1.1). */
function directions(root, frame) {
  const cosines = ofFrame(root, frame, 0x00209116, 0x00200037).numbers(0x00200037);
  if (cosines.length === 6) {
    const letters = (v) => v.map((c, k) => [Math.abs(c), "RAF"[k], "LPH"[k], c])
      .filter(([size]) => size > 0.35).sort((a, b) => b[0] - a[0]).map(([, minus, plus, c]) => (c < 0 ? minus : plus)).join("");
    return [letters(cosines.slice(0, 3)), letters(cosines.slice(3))];
  }
  const named = root.texts(0x00200020).filter((text) => /^[LRAPHF]{1,3}$/.test(text));
  return named.length === 2 ? named : null;
}
const opposite = (letters) => letters.replace(/./g, (letter) => OPPOSITE[letter]);

/** Millimetres of a pixel: `{ row, column, note }`; null when the image does not say. */
function spacingOf(root, frame) {
  const pair = (set, tag) => {
    const [row, column] = set.numbers(tag);
    return row > 0 && column > 0 ? { row, column } : null;
  };
  const patient = pair(ofFrame(root, frame, 0x00289110, 0x00280030), 0x00280030);
  const detector = pair(root, 0x00181164) ?? pair(root, 0x00182010);
  if (patient && detector && patient.row !== detector.row) return { ...patient, note: "calibrated" };
  if (patient && PROJECTIONS.has(root.text(0x00080060))) return { ...patient, note: root.has(0x00280A02) ? "calibrated" : "atDetector" };
  if (patient) return { ...patient, note: "" };
  return detector ? { ...detector, note: "atDetector" } : null;
}

/** Length of a line in words: millimetres where the image says how large a pixel is, otherwise pixels. */
function lengthOf(root, frame, [a, b]) {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const inside = (r, p) => p.x >= r.number(0x00186018) && p.x <= r.number(0x0018601C) && p.y >= r.number(0x0018601A) && p.y <= r.number(0x0018601E);
  const region = root.items(0x00186011).find((r) => inside(r, a) && inside(r, b));
  if (region && region.number(0x00186024) === 3 && region.number(0x00186026) === 3) {
    return `${(10 * Math.hypot(dx * region.number(0x0018602C, 0), dy * region.number(0x0018602E, 0))).toFixed(1)} mm`;
  }
  const spacing = spacingOf(root, frame);
  if (!spacing) return `${Math.hypot(dx, dy).toFixed(1)} ${t("pixels")}`;
  const length = `${Math.hypot(dx * spacing.column, dy * spacing.row).toFixed(1)} mm`;
  return spacing.note ? `${length} (${t(spacing.note)})` : length;
}

/** Height of a pixel over its width. */
function aspectOf(root, frame) {
  const spacing = spacingOf(root, frame);
  const [vertical, horizontal] = root.numbers(0x00280034);
  const aspect = spacing ? spacing.row / spacing.column : vertical / horizontal;
  return aspect > 0.05 && aspect < 20 ? aspect : 1;
}

const CT_PRESETS = [["presetLung", -600, 1500], ["presetMediastinum", 40, 400], ["presetAbdomen", 60, 350], ["presetBone", 500, 2000], ["presetBrain", 40, 80]];

class Pane {
  constructor(element, notify) {
    this.element = element;
    this.notify = notify;
    this.canvas = element.querySelector("canvas");
    this.context = this.canvas.getContext("2d");
    this.bitmap = document.createElement("canvas");
    this.corners = Object.fromEntries(["tl", "tr", "bl", "br"].map((at) => [at, element.querySelector(`.${at}`)]));
    this.sides = Object.fromEntries(["left", "right", "top", "bottom"].map((at) => [at, element.querySelector(`.side.${at}`)]));
    this.slider = element.querySelector("input[type=range]");
    this.note = element.querySelector(".note");
    this.value = element.querySelector(".value");
    this.paper = element.querySelector(".paper");
    this.measures = new Map();
    this.asked = 0;
    this.empty();
    new ResizeObserver(() => this.draw()).observe(element);
  }

  empty() {
    this.series = null;
    this.shown = null;
    this.preview = null;
    this.index = 0;
    this.frame = 0;
    this.choice = 0;
    this.resetView();
    this.slider.hidden = true;
    this.say("");
    this.clearPaper();
    this.label();
    this.draw();
  }

  resetView() {
    Object.assign(this, { zoom: 1, panX: 0, panY: 0, turns: 0, flipped: false, inverted: false, byHand: null });
  }

  /** Says something over the picture; beside a preview, what it is stands there as well, out of its way. */
  say(text) {
    this.note.textContent = this.preview ? [t("preview"), text].join("\n") : text;
    this.note.hidden = !this.note.textContent;
    this.note.classList.toggle("aside", Boolean(this.preview));
  }

  clearPaper() {
    for (const held of this.paper.querySelectorAll("[data-blob]")) URL.revokeObjectURL(held.dataset.blob);
    this.paper.replaceChildren();
    this.paper.hidden = true;
  }

  async take(series) {
    this.empty();
    this.series = series;
    // Whose and what it is stands there before the picture is read.
    this.label();
    await this.show(0, 0);
  }

  /** Shows frame `frame` of object `index`; a negative frame counts from the end. Later wishes win over earlier ones. */
  async show(index, frame) {
    const instance = this.series?.instances[index];
    if (!instance) return;
    this.asked += 1;
    const mine = this.asked;
    this.waiting = true;
    const waiting = setTimeout(() => mine === this.asked && this.say(t("reading")), 300);
    const early = setTimeout(() => this.showPreview(mine, instance, index, frame), 250);
    const tell = (done, of) => mine === this.asked && this.say(t("readingPart", Math.floor((100 * done) / of), (of / 1e6).toFixed(1)));
    try {
      const { object, image, unfit } = await opened(instance);
      const at = frame < 0 ? instance.frames + frame : Math.min(frame, instance.frames - 1);
      const samples = image && !unfit ? await samplesOf(instance, at, tell) : null;
      if (mine !== this.asked) return;
      this.clearPaper();
      this.preview = null;
      this.say("");
      Object.assign(this, { index, frame: at, shown: { instance, object, image, samples } });
      if (samples) this.paint();
      else if (unfit) throw unfit;
      else await showDocument(this, object);
    } catch (error) {
      if (mine !== this.asked) return;
      const { object, image } = recentObjects.get(instance) ?? {};
      this.preview = null;
      Object.assign(this, { index, frame: 0, shown: object ? { instance, object, image, samples: null } : null });
      this.say(`${error instanceof Unfit ? t(error.key, error.detail) : t("failed")}\n${instance.path}`);
      if (!(error instanceof Unfit)) this.fault = error;
      this.draw();
    } finally {
      clearTimeout(waiting);
      clearTimeout(early);
      if (mine === this.asked) this.waiting = false;
    }
    this.label();
    this.notify(this);
  }

  /** While a large image is read from a slow drive, the disc's own small picture of it stands there, named as such. */
  async showPreview(mine, instance, index, frame) {
    if (instance.file.size <= LARGE || this.shown?.instance === instance) return;
    const preview = await this.series.disc.pictures?.of(instance, frame).catch(() => null);
    if (!preview || mine !== this.asked || !this.waiting) return;
    this.clearPaper();
    Object.assign(this, { index, frame, shown: null, preview });
    this.say(t("reading"));
    this.draw();
    this.label();
    this.notify(this);
  }

  // ---- where in the series ----

  /** Frames of the series as far as they are known, and how many come before this one. */
  get position() {
    const counts = this.series?.instances.map(({ frames }) => frames) ?? [];
    const sum = (list) => list.reduce((a, b) => a + b, 0);
    return { at: sum(counts.slice(0, this.index)) + this.frame, of: sum(counts) };
  }

  async goTo(position) {
    let index = 0;
    let left = Math.max(0, position);
    const list = this.series?.instances ?? [];
    while (index < list.length - 1 && left >= list[index].frames) {
      left -= list[index].frames;
      index += 1;
    }
    await this.show(index, left);
  }

  async step(by, around = false) {
    const list = this.series?.instances;
    if (!list) return;
    if (Math.abs(by) > 1) {
      await this.goTo(Math.min(this.position.at + by, this.position.of - 1));
      return;
    }
    const frame = this.frame + by;
    if (frame >= 0 && frame < list[this.index].frames) await this.show(this.index, frame);
    else if (list[this.index + by]) await this.show(this.index + by, by > 0 ? 0 : -1);
    else if (around) await this.show(0, 0);
  }

  /** Reads ahead, so that the next picture is there when it is asked for. */
  async readAhead(by) {
    for (const k of [1, 2, 3]) {
      const next = this.series?.instances[this.index + by * k];
      if (next?.frames === 1) await samplesOf(next, 0).catch(() => {});
    }
  }

  // ---- windows ----

  get isGrey() {
    return Boolean(this.shown?.samples && isGrey(this.shown.image));
  }

  /** Windows to choose from: those of the file, its curves, the full range, and the usual ones for CT. */
  get presets() {
    if (!this.isGrey) return [];
    const { object, image } = this.shown;
    const facts = greyFacts(object, image, this.frame);
    const own = facts.windows.map((voi, i) => ({ name: t("fromFile", voi.name || i + 1), voi }));
    const curves = facts.luts.map((voi, i) => ({ name: t("lut", voi.name || i + 1), voi }));
    const usual = object.root.text(0x00080060) !== "CT" ? []
      : CT_PRESETS.map(([key, center, width]) => ({ name: t(key), voi: { center, width, shape: "LINEAR" } }));
    return [...own, ...curves, { name: t("fullRange"), voi: null }, ...usual];
  }

  get voi() {
    const { object, image, samples } = this.shown;
    const facts = greyFacts(object, image, this.frame);
    const { presets } = this;
    const chosen = this.byHand ?? (presets[this.choice] ?? presets[0]).voi;
    return { facts, voi: chosen ?? fullRange(object, facts, samples) };
  }

  choosePreset(choice) {
    if (!this.presets[choice]) return;
    this.choice = choice;
    this.byHand = null;
    this.paint();
  }

  dragWindow(dx, dy) {
    if (!this.isGrey) return;
    const { voi, facts } = this.voi;
    const base = voi.values ? fullRange(this.shown.object, facts, this.shown.samples) : voi;
    const by = Math.max(base.width, 1) / 300;
    this.byHand = { shape: base.shape, center: base.center + dy * by, width: Math.max(facts.slope < 1 ? facts.slope : 1, base.width + dx * by) };
    this.paint();
  }

  // ---- drawing ----

  paint() {
    if (!this.shown?.samples) return;
    const { object, image, samples } = this.shown;
    let picture;
    if (isGrey(image)) {
      const { facts, voi } = this.voi;
      picture = greyPicture(samples, image, facts, voi, this.inverted);
    } else {
      picture = colourPicture(object, samples, image);
    }
    this.bitmap.width = image.columns;
    this.bitmap.height = image.rows;
    const bytes = new Uint8ClampedArray(picture.buffer, 0, image.size * 4);
    const context = this.bitmap.getContext("2d");
    context.putImageData(new ImageData(bytes, image.columns, image.rows), 0, 0);
    if (this.overlays) {
      context.fillStyle = "#7fe0ff";
      for (const [x, y] of overlayOf(object, image, this.frame)) context.fillRect(x, y, 1, 1);
    }
    this.draw();
    this.label();
  }

  /** From image pixels to the pane, a matrix: `x' = a x + c y + e`, `y' = b x + d y + f`; `scale` is a column's width. */
  get placed() {
    const { clientWidth: width, clientHeight: height } = this.canvas;
    const { columns, rows, aspect } = this.extent;
    const [across, down] = this.turns % 2 ? [rows * aspect, columns] : [columns, rows * aspect];
    const scale = Math.min(width / across, height / down) * this.zoom;
    let [a, b, c, d] = [this.flipped ? -scale : scale, 0, 0, scale * aspect];
    for (let k = 0; k < this.turns; k += 1) [a, b, c, d] = [-b, a, -d, c];
    const e = width / 2 + this.panX - (a * columns + c * rows) / 2;
    const f = height / 2 + this.panY - (b * columns + d * rows) / 2;
    return { a, b, c, d, e, f, scale };
  }

  /** Columns, rows and a pixel's height of what is drawn. A preview's pixels are square. */
  get extent() {
    if (this.preview) return { columns: this.preview.width, rows: this.preview.height, aspect: 1 };
    const { image: { columns, rows }, object } = this.shown;
    return { columns, rows, aspect: aspectOf(object.root, this.frame) };
  }

  draw() {
    const { canvas, context } = this;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    canvas.width = Math.max(1, Math.round(width * ratio));
    canvas.height = Math.max(1, Math.round(height * ratio));
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const picture = this.preview ?? (this.shown?.samples ? this.bitmap : null);
    if (!picture?.width) return;
    const { a, b, c, d, e, f, scale } = this.placed;
    context.imageSmoothingEnabled = scale < 4 || picture === this.preview;
    context.imageSmoothingQuality = "high";
    context.transform(a, b, c, d, e, f);
    context.drawImage(picture, 0, 0);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (!this.shown) return;
    const { instance, object } = this.shown;
    for (const line of this.measures.get(`${instance.id}/${this.frame}`) ?? []) {
      const [from, to] = line.map((p) => ({ x: a * p.x + c * p.y + e, y: b * p.x + d * p.y + f }));
      this.drawLine(from, to, lengthOf(object.root, this.frame, line));
    }
  }

  drawLine(a, b, text) {
    const { context } = this;
    for (const [style, thick] of [["rgba(0,0,0,.75)", 4], ["#ffd166", 1.6]]) {
      context.strokeStyle = style;
      context.lineWidth = thick;
      context.beginPath();
      context.moveTo(a.x, a.y);
      context.lineTo(b.x, b.y);
      for (const p of [a, b]) {
        context.moveTo(p.x + 4, p.y);
        context.arc(p.x, p.y, 4, 0, 2 * Math.PI);
      }
      context.stroke();
    }
    context.font = "600 14px system-ui, sans-serif";
    const width = context.measureText(text).width;
    const at = { x: Math.min(Math.max(b.x + 10, 6), this.canvas.clientWidth - width - 8), y: Math.max(b.y - 10, 18) };
    context.fillStyle = "rgba(0,0,0,.72)";
    context.fillRect(at.x - 5, at.y - 15, width + 10, 21);
    context.fillStyle = "#ffd166";
    context.fillText(text, at.x, at.y);
  }

  // ---- words in the corners ----

  label() {
    const { series, shown, corners } = this;
    for (const corner of Object.values(corners)) corner.textContent = "";
    for (const side of Object.values(this.sides)) side.textContent = "";
    this.value.textContent = "";
    this.slider.hidden = this.position.of < 2;
    if (!series) return;
    const { at, of } = this.position;
    Object.assign(this.slider, { max: of - 1, value: at });
    this.slider.setAttribute("aria-valuetext", t("imageOf", at + 1, of));
    corners.tl.textContent = [series.patient, [series.patientId, series.sex].filter(Boolean).join("　"), series.born && `${t("born")} ${series.born}`].filter(Boolean).join("\n");
    corners.tr.textContent = [series.studyTitle, [series.modality, series.number].filter(Boolean).join(" "), series.description].filter(Boolean).join("\n");
    const { frames } = series.instances[this.index];
    const counted = series.instances.length > 1 || frames === 1 ? t("imageOf", this.index + 1, series.instances.length) : "";
    corners.bl.textContent = [counted, frames > 1 ? t("frameOf", this.frame + 1, frames) : ""].filter(Boolean).join("　");
    if (!shown?.samples) return;
    const lines = [];
    if (this.isGrey) {
      const { voi } = this.voi;
      const number = (v) => (voi.width >= 20 || Number.isInteger(v) ? Math.round(v) : Number(v.toPrecision(3)));
      lines.push(voi.values ? "LUT" : `C ${number(voi.center)}　W ${number(voi.width)}`);
    }
    if (!spacingOf(shown.object.root, this.frame) && !shown.object.root.has(0x00186011)) lines.push(t("noScale"));
    if (this.flipped || this.turns) lines.push([this.flipped && t("mirrored"), this.turns && `↻ ${90 * this.turns}°`].filter(Boolean).join("　"));
    lines.push(`${shown.image.columns} × ${shown.image.rows}　${Math.round(this.zoom * 100)} %`);
    corners.br.textContent = lines.join("\n");
    const named = directions(shown.object.root, this.frame);
    if (!named) return;
    // Clockwise from the right; a flip swaps right and left, a turn moves each letter one side on.
    const letters = [named[0], named[1], opposite(named[0]), opposite(named[1])];
    if (this.flipped) [letters[0], letters[2]] = [letters[2], letters[0]];
    ["right", "bottom", "left", "top"].forEach((at, k) => { this.sides[at].textContent = letters[(k + 4 - this.turns) % 4]; });
  }

  /** Says the value below the pointer. */
  probe(point) {
    if (!this.shown?.samples) return;
    const { image, samples, object } = this.shown;
    const [x, y] = [Math.floor(point.x), Math.floor(point.y)];
    const inside = x >= 0 && y >= 0 && x < image.columns && y < image.rows;
    let said = "";
    if (inside && isGrey(image)) {
      const facts = greyFacts(object, image, this.frame);
      said = `${Number(modality(facts, samples[y * image.columns + x]).toPrecision(6))} ${facts.unit}`.trim();
    }
    this.value.textContent = inside ? `(${x}, ${y})　${said}` : "";
  }

  // ---- hands ----

  /** A point of the screen as image pixels. */
  pixelAt(event) {
    const box = this.canvas.getBoundingClientRect();
    const { a, b, c, d, e, f } = this.placed;
    const [x, y, area] = [event.clientX - box.left - e, event.clientY - box.top - f, a * d - b * c];
    return { x: (d * x - c * y) / area, y: (a * y - b * x) / area };
  }

  zoomBy(factor, event) {
    const zoom = Math.min(40, Math.max(0.2, this.zoom * factor));
    if (event && this.shown?.samples) {
      // What is below the pointer stays there.
      const box = this.canvas.getBoundingClientRect();
      const from = { x: event.clientX - box.left - this.canvas.clientWidth / 2, y: event.clientY - box.top - this.canvas.clientHeight / 2 };
      this.panX = from.x - ((from.x - this.panX) * zoom) / this.zoom;
      this.panY = from.y - ((from.y - this.panY) * zoom) / this.zoom;
    }
    this.zoom = zoom;
    this.draw();
    this.label();
  }

  panBy(dx, dy) {
    this.panX += dx;
    this.panY += dy;
    this.draw();
  }

  startLine(point) {
    const { instance } = this.shown;
    const key = `${instance.id}/${this.frame}`;
    const line = [point, point];
    this.measures.set(key, [...(this.measures.get(key) ?? []), line]);
    return line;
  }

  /** A line too short to be meant is taken away again. */
  endLine([a, b]) {
    if (Math.hypot(b.x - a.x, b.y - a.y) * this.placed.scale < 3) this.measures.get(`${this.shown.instance.id}/${this.frame}`)?.pop();
    this.draw();
  }

  clearLines() {
    this.measures.clear();
    this.draw();
  }

  /** Left and right change places as they are seen, however the picture is turned. */
  flip() {
    this.flipped = !this.flipped;
    this.turns = (4 - this.turns) % 4;
    this.draw();
    this.label();
  }

  /** A quarter clockwise. */
  turn() {
    this.turns = (this.turns + 1) % 4;
    this.draw();
    this.label();
  }

  reset() {
    this.resetView();
    this.choice = 0;
    if (this.shown?.samples) this.paint();
  }
}
