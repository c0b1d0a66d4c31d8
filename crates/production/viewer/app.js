// Part 9: the page: opening a folder, the list of series, tools, keys and fingers.

const $ = (id) => document.getElementById(id);
// The second pane is the first one's twin.
const twin = Object.assign($("pane-0").cloneNode(true), { id: "pane-1", hidden: true });
twin.dataset.label = "pane2";
$("pane-0").after(twin);
const panes = ["pane-0", "pane-1"].map((id) => new Pane($(id), afterShow));
let active = panes[0];
let tool = matchMedia("(pointer: coarse)").matches ? "scroll" : "window";
let linked = false;
let disc = null;
let playing = null;

const isTwo = () => !$("pane-1").hidden;
const shownPanes = () => (isTwo() ? panes : [panes[0]]);

// ---- opening --------------------------------------------------------------------------------------------------

async function openFiles(files) {
  stop();
  recentObjects.clear();
  recentFrames.clear();
  panes.forEach((pane) => pane.empty());
  disc = null;
  status(t("reading"));
  let first = true;
  const seen = (growing, done, of) => {
    disc = growing;
    status(done < of ? t("readingFiles", done, of) : "");
    if (first || done === of) listSeries();
    const series = bestFirst(growing.series);
    if (first && series) {
      first = false;
      $("start").hidden = true;
      $("desk").hidden = false;
      choose(series, panes[0]).then(drawThumbnails);
    }
  };
  const found = await readFolder(files, seen);
  if (!found.series.length) {
    status(t("nothing"));
    return;
  }
  const remarks = [];
  if (found.absent) remarks.push(t("absent", found.absent));
  if (found.unreadable) remarks.push(t("unreadable", found.unreadable));
  status(remarks.join("　"));
  drawThumbnails();
}

/** The first series with pictures, as far as its modality tells; one whose first file comes quickly from a slow drive. */
function bestFirst(series) {
  const pictured = series.filter(({ modality }) => !["SR", "DOC", "PR", "KO"].includes(modality));
  return pictured.find(({ instances }) => instances[0].file.size <= LARGE) ?? pictured[0] ?? series[0];
}

function status(text) {
  $("status").textContent = text;
  $("start-status").textContent = text;
}

for (const id of ["folder", "files"]) {
  $(id).addEventListener("change", ({ target }) => target.files.length && openFiles(chosenFiles(target.files)));
}
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  document.body.classList.add("dropping");
});
document.addEventListener("dragleave", ({ relatedTarget }) => relatedTarget || document.body.classList.remove("dropping"));
document.addEventListener("drop", async (event) => {
  event.preventDefault();
  document.body.classList.remove("dropping");
  status(t("reading"));
  const files = await droppedFiles(event.dataTransfer).catch(() => []);
  if (files.length) await openFiles(files);
  else status(t("nothing"));
});

// ---- the list of series ---------------------------------------------------------------------------------------

function listSeries() {
  const list = $("series");
  list.replaceChildren();
  let study = null;
  for (const series of disc.series) {
    if (series.study !== study) {
      study = series.study;
      list.append(node("h2", { textContent: series.studyTitle || series.study }));
    }
    const n = series.instances.length;
    const small = node("canvas", { width: 128, height: 128, ariaHidden: "true" });
    const title = [series.modality, series.number].filter(Boolean).join(" ");
    const button = node("button", { type: "button", className: "series" }, small, node("span", {},
      node("b", { textContent: title || t("series") }), node("span", { textContent: series.description }),
      node("small", { textContent: t(n === 1 ? "object" : "objects", n) })));
    button.addEventListener("click", () => choose(series, active));
    Object.assign(series, { button, small });
    if (series.thumbnail) small.getContext("2d").drawImage(series.thumbnail, 0, 0);
    list.append(button);
  }
  markChosen();
}

async function choose(series, pane) {
  stop();
  $("desk").classList.remove("listing");
  await pane.take(series);
}

function markChosen() {
  for (const series of disc?.series ?? []) {
    series.button?.setAttribute("aria-pressed", String(shownPanes().some((pane) => pane.series === series)));
  }
}

/** Small pictures, one after another, once the first large one is there. */
let drawing = false;
async function drawThumbnails() {
  if (drawing) return;
  drawing = true;
  const middle = ({ instances }) => instances[Math.floor(instances.length / 2)];
  // Small ones first, and none while somebody waits for a picture.
  for (const series of [...(disc?.series ?? [])].sort((a, b) => middle(a).file.size - middle(b).file.size)) {
    if (series.thumbnail || !series.button) continue;
    while (panes.some((pane) => pane.waiting)) await new Promise((resolve) => setTimeout(resolve, 100));
    const instance = middle(series);
    series.thumbnail = await thumbnail(instance).catch(() => null) ?? mark(series.modality);
    series.small.getContext("2d").drawImage(series.thumbnail, 0, 0);
  }
  drawing = false;
}

function mark(text) {
  const canvas = node("canvas", { width: 128, height: 128 });
  const context = canvas.getContext("2d");
  context.font = "600 34px system-ui, sans-serif";
  context.textAlign = "center";
  context.fillStyle = "#7f97a5";
  context.fillText(text.slice(0, 6) || "?", 64, 76);
  return canvas;
}

async function thumbnail(instance) {
  const { object, image } = await opened(instance);
  if (!image) return null;
  const frame = Math.floor(image.frames / 2);
  const samples = recentFrames.get(`${instance.id}/${frame}`) ?? await storedSamples(object, image, frame);
  const facts = isGrey(image) ? greyFacts(object, image, frame) : null;
  const picture = facts
    ? greyPicture(samples, image, facts, facts.windows[0] ?? facts.luts[0] ?? fullRange(object, facts, samples), false)
    : colourPicture(object, samples, image);
  const whole = node("canvas", { width: image.columns, height: image.rows });
  whole.getContext("2d").putImageData(new ImageData(new Uint8ClampedArray(picture.buffer), image.columns, image.rows), 0, 0);
  const small = node("canvas", { width: 128, height: 128 });
  const context = small.getContext("2d");
  const scale = Math.min(128 / image.columns, 128 / (image.rows * aspectOf(object.root, frame)));
  const [width, height] = [image.columns * scale, image.rows * aspectOf(object.root, frame) * scale];
  context.imageSmoothingQuality = "high";
  context.drawImage(whole, (128 - width) / 2, (128 - height) / 2, width, height);
  return small;
}

// ---- panes ----------------------------------------------------------------------------------------------------

function activate(pane) {
  active = pane;
  panes.forEach((each) => each.element.classList.toggle("active", each === pane && isTwo()));
  refreshTools();
}

function afterShow(pane) {
  markChosen();
  if (pane === active) refreshTools();
}

function two(on) {
  $("pane-1").hidden = !on;
  $("panes").classList.toggle("two", on);
  if (on && !panes[1].series && disc) {
    const next = disc.series[(disc.series.indexOf(panes[0].series) + 1) % disc.series.length];
    panes[1].take(next ?? panes[0].series);
  }
  activate(on ? panes[1] : panes[0]);
  active.element.focus({ preventScroll: true });
  markChosen();
}

async function step(by, pane = active) {
  const both = linked && isTwo() ? panes : [pane];
  await Promise.all(both.map((each) => each.step(by)));
  if (pane.position.of > 1) pane.readAhead(Math.sign(by));
}

async function otherSeries(by) {
  const list = disc?.series ?? [];
  const next = list[list.indexOf(active.series) + by];
  if (next) await choose(next, active);
}

// ---- playing --------------------------------------------------------------------------------------------------

function play() {
  const pane = active;
  const rate = Number($("rate").value);
  const mine = { pane };
  playing = mine;
  let due = performance.now();
  const tick = async (now) => {
    if (playing !== mine) return;
    if (now >= due) {
      due = Math.max(due + 1000 / rate, now - 500 / rate);
      await pane.step(1, true);
    }
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
  refreshTools();
}

function stop() {
  if (!playing) return;
  playing = null;
  refreshTools();
}

/** Frames per second the file recommends (PS3.3 C.7.6.5), or a calm ten. */
function ownRate(root) {
  const time = root.number(0x00181063, 0);
  const rate = root.number(0x00082144, 0) || root.number(0x00180040, 0) || (time > 0 ? 1000 / time : 10);
  return Math.min(60, Math.max(1, Math.round(rate)));
}

// ---- tools ----------------------------------------------------------------------------------------------------

function refreshTools() {
  for (const button of document.querySelectorAll("[data-tool]")) button.setAttribute("aria-pressed", String(button.dataset.tool === tool));
  const { presets } = active;
  $("preset").replaceChildren(...presets.map(({ name }, i) => node("option", { value: i, textContent: name })));
  if (!presets.length) $("preset").append(node("option", { value: "0", textContent: "—" }));
  if (active.byHand) $("preset").append(node("option", { value: "by-hand", textContent: t("custom") }));
  $("preset").value = active.byHand ? "by-hand" : String(active.choice);
  $("preset").disabled = !presets.length;
  $("invert").disabled = !active.isGrey;
  $("invert").setAttribute("aria-pressed", String(active.inverted));
  $("flip").setAttribute("aria-pressed", String(active.flipped));
  for (const id of ["flip", "turn"]) $(id).disabled = !active.shown?.samples;
  const { of } = active.position;
  $("play").disabled = of < 2;
  $("play").classList.toggle("on", Boolean(playing));
  const word = $("play").querySelector("[data-t]");
  word.dataset.t = playing ? "pause" : "play";
  word.textContent = t(word.dataset.t);
  $("panes-two").setAttribute("aria-pressed", String(isTwo()));
  $("link").hidden = !isTwo();
  $("link").setAttribute("aria-pressed", String(linked));
  const { shown } = active;
  $("overlays").hidden = !shown?.object.root.elements.has(0x60003000);
  $("overlays").setAttribute("aria-pressed", String(Boolean(active.overlays)));
  $("tags").disabled = !shown;
  $("clear").disabled = !active.measures.size;
  const { root } = shown?.object ?? {};
  if (root && $("rate").dataset.of !== active.series.uid) {
    $("rate").value = shown.instance.frames > 1 ? ownRate(root) : 10;
    $("rate").dataset.of = active.series.uid;
  }
}

const actions = {
  invert: () => { active.inverted = !active.inverted; active.paint(); },
  flip: () => active.flip(),
  turn: () => active.turn(),
  fit: () => active.reset(),
  clear: () => active.clearLines(),
  overlays: () => { active.overlays = !active.overlays; active.paint(); },
  play: () => (playing ? stop() : play()),
  "panes-two": () => two(!isTwo()),
  link: () => { linked = !linked; },
  tags: () => { fillTags(); $("tag-dialog").showModal(); },
  help: () => $("help-dialog").showModal(),
  list: () => $("desk").classList.toggle("listing"),
  language: () => {
    language = 1 - language;
    speak();
    if (disc) listSeries();
    panes.forEach((pane) => (pane.shown?.samples ? pane.paint() : pane.show(pane.index, pane.frame)));
  },
};
for (const [id, act] of Object.entries(actions)) {
  $(id).addEventListener("click", () => {
    act();
    refreshTools();
  });
}
$("start-language").addEventListener("click", actions.language);
for (const button of document.querySelectorAll("[data-tool]")) {
  button.addEventListener("click", () => {
    tool = button.dataset.tool;
    refreshTools();
  });
}
$("preset").addEventListener("change", ({ target }) => {
  active.choosePreset(Number(target.value));
  refreshTools();
});
$("rate").addEventListener("change", () => {
  if (playing) play();
});
$("reopen").addEventListener("click", () => $("folder").click());
$("start-folder").addEventListener("click", () => $("folder").click());
$("start-files").addEventListener("click", () => $("files").click());

function fillTags() {
  if (active.shown) $("tag-list").replaceChildren(tagTable(active.shown.object, $("tag-filter").value, 2000));
}
$("tag-filter").addEventListener("input", fillTags);
for (const button of document.querySelectorAll("dialog .close")) {
  button.addEventListener("click", () => button.closest("dialog").close());
}

// ---- hands ----------------------------------------------------------------------------------------------------

function hands(pane) {
  const { canvas } = pane;
  const fingers = new Map();
  let line = null;
  let rolled = 0;
  let last = null;

  canvas.addEventListener("pointerdown", (event) => {
    pane.element.focus({ preventScroll: true });
    activate(pane);
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, event);
    last = event;
    rolled = 0;
    if (fingers.size === 1 && event.button === 0 && !event.shiftKey && tool === "measure" && pane.shown?.samples) {
      line = pane.startLine(pane.pixelAt(event));
    } else {
      line = null;
    }
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!fingers.has(event.pointerId)) {
      if (pane.shown?.samples) pane.probe(pane.pixelAt(event));
      return;
    }
    if (fingers.size === 2) pinch(pane, fingers, event);
    else drag(event);
    fingers.set(event.pointerId, event);
    last = event;
  });
  const drag = (event) => {
    const [dx, dy] = [event.clientX - last.clientX, event.clientY - last.clientY];
    const doing = event.buttons & 2 ? "zoom" : event.buttons & 4 || event.shiftKey ? "pan" : tool;
    if (line) {
      line[1] = pane.pixelAt(event);
      pane.draw();
    } else if (doing === "window") pane.dragWindow(dx, dy);
    else if (doing === "zoom") pane.zoomBy(Math.exp(-dy / 150));
    else if (doing === "pan") pane.panBy(dx, dy);
    else if (doing === "scroll") roll(dy / Math.max(4, Math.min(24, canvas.clientHeight / pane.position.of)));
  };
  const roll = (by) => {
    rolled += by;
    const whole = Math.trunc(rolled);
    rolled -= whole;
    if (whole) step(whole, pane);
  };
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, (event) => {
      fingers.delete(event.pointerId);
      if (line) pane.endLine(line);
      line = null;
      refreshTools();
    });
  }
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    activate(pane);
    if (event.ctrlKey) pane.zoomBy(Math.exp(-event.deltaY / 200), event);
    else roll(event.deltaMode === 0 ? Math.sign(event.deltaY) * Math.min(1, Math.abs(event.deltaY) / 50) : Math.sign(event.deltaY));
  }, { passive: false });
  canvas.addEventListener("dblclick", () => {
    pane.reset();
    refreshTools();
  });
  canvas.addEventListener("contextmenu", (event) => event.preventDefault());
  pane.slider.addEventListener("input", ({ target }) => {
    activate(pane);
    pane.goTo(Number(target.value));
  });
  pane.element.addEventListener("focus", () => activate(pane));
}
panes.forEach(hands);

/** Two fingers: their distance zooms, their middle pans. */
function pinch(pane, fingers, moved) {
  const [a, b] = [...fingers.values()];
  const [c, d] = [a, b].map((finger) => (finger.pointerId === moved.pointerId ? moved : finger));
  const span = (p, q) => Math.hypot(p.clientX - q.clientX, p.clientY - q.clientY) || 1;
  const middle = (p, q) => ({ clientX: (p.clientX + q.clientX) / 2, clientY: (p.clientY + q.clientY) / 2 });
  const [from, to] = [middle(a, b), middle(c, d)];
  pane.zoomBy(span(c, d) / span(a, b), to);
  pane.panBy(to.clientX - from.clientX, to.clientY - from.clientY);
}

// Keys act on an image that has the focus, and nowhere else: nobody who types is surprised.
const KEYS = {
  ArrowUp: () => step(-1), ArrowDown: () => step(1), PageUp: () => step(-10), PageDown: () => step(10),
  Home: () => active.goTo(0), End: () => active.goTo(active.position.of - 1),
  ArrowLeft: () => otherSeries(-1), ArrowRight: () => otherSeries(1),
  "+": () => active.zoomBy(1.25), "=": () => active.zoomBy(1.25), "-": () => active.zoomBy(0.8),
  s: () => { tool = "scroll"; }, w: () => { tool = "window"; }, z: () => { tool = "zoom"; }, p: () => { tool = "pan"; }, m: () => { tool = "measure"; },
  i: () => active.isGrey && actions.invert(), h: actions.flip, r: actions.turn, f: actions.fit, 0: actions.fit, " ": actions.play, d: actions["panes-two"], t: actions.tags, "?": actions.help,
};
$("panes").addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, a, button, iframe")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (/^[1-9]$/.test(key)) active.choosePreset(Number(key) - 1);
  else if (Object.hasOwn(KEYS, key)) KEYS[key]();
  else return;
  event.preventDefault();
  refreshTools();
});

speak();
refreshTools();
