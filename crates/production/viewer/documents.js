// Part 8: what is read and not looked at: reports, documents, tags. Everything from a file becomes text, never markup.

function node(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

/** An object without a picture: a report, a document, or its elements. */
async function showDocument(pane, object) {
  const { root } = object;
  pane.paper.hidden = false;
  pane.bitmap.width = 0;
  pane.draw();
  if (root.has(0x00420011)) await showEncapsulated(pane.paper, object);
  else if (root.has(0x0040A730)) showReport(pane.paper, root);
  else pane.paper.append(node("p", { className: "hint", textContent: t("noPicture") }), tagTable(object, "", 400));
  pane.paper.scrollTop = 0;
}

// ---- structured reports (PS3.3 C.17.3) ------------------------------------------------------------------------

function showReport(paper, root) {
  const state = [["VERIFIED", "verified"], ["UNVERIFIED", "unverified"]].find(([term]) => root.text(0x0040A493) === term);
  const partial = root.text(0x0040A491) === "PARTIAL" ? t("partial") : "";
  const when = [date(root.text(0x00080023)), root.text(0x00080033).replace(/^(\d\d)(\d\d).*/, "$1:$2")].join(" ");
  paper.append(
    node("h2", { textContent: meaning(root, 0x0040A043) || t("report") }),
    node("p", { className: "hint", textContent: [when, state && t(state[1]), partial].filter(Boolean).join("　") }),
    reportItems(root, 0),
  );
}

const meaning = (set, tag) => {
  const code = set.items(tag)[0];
  return code ? code.text(0x00080104) || code.text(0x00080100) : "";
};

function reportItems(set, depth) {
  const list = node("ul");
  if (depth > 40) return list;
  for (const item of set.items(0x0040A730)) {
    const name = meaning(item, 0x0040A043);
    const value = reportValue(item);
    const container = item.text(0x0040A040) === "CONTAINER";
    const line = node("li", { className: container ? "container" : "" });
    if (name) line.append(node("b", { textContent: value ? `${name}${t("colon")}` : name }));
    if (value) line.append(node("span", { textContent: value }));
    if (item.has(0x0040A730)) line.append(reportItems(item, depth + 1));
    if (line.childNodes.length) list.append(line);
  }
  return list;
}

function reportValue(item) {
  const measured = item.items(0x0040A300)[0];
  const referenced = item.items(0x00081199)[0];
  switch (item.text(0x0040A040)) {
    case "TEXT": return item.text(0x0040A160);
    case "CODE": return meaning(item, 0x0040A168);
    case "NUM": return measured ? `${measured.text(0x0040A30A)} ${meaning(measured, 0x004008EA)}`.replace(/ \{?(no units|1)\}?$/, "") : "";
    case "PNAME": return personName(item.text(0x0040A123));
    case "DATE": return date(item.text(0x0040A121));
    case "TIME": return item.text(0x0040A122).replace(/^(\d\d)(\d\d)(\d\d).*/, "$1:$2:$3");
    case "DATETIME": return item.text(0x0040A120).replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d).*/, "$1-$2-$3 $4:$5");
    case "UIDREF": return item.text(0x0040A124);
    case "IMAGE": case "COMPOSITE": case "WAVEFORM": return referenced ? `→ ${referenced.text(0x00081155)}` : "";
    case "SCOORD": case "SCOORD3D": return `${item.text(0x00700023)} ${item.numbers(0x00700022).map((v) => Number(v.toFixed(1))).join(", ")}`;
    default: return "";
  }
}

// ---- encapsulated documents (PS3.3 A.45) ----------------------------------------------------------------------

async function showEncapsulated(paper, object) {
  const bytes = await longValue(object, 0x00420011);
  const pdf = latin1(bytes.subarray(0, 1024)).includes("%PDF-");
  const title = object.root.text(0x00420010) || t("pdfTitle");
  // The type is ours, whatever the object says: nothing in it can be taken for a page.
  const address = URL.createObjectURL(new Blob([bytes], { type: pdf ? "application/pdf" : "application/octet-stream" }));
  const save = node("a", { href: address, download: pdf ? "document.pdf" : "document.bin", className: "button", textContent: t(pdf ? "pdfSave" : "fileSave") });
  save.dataset.blob = address;
  const actions = node("p", { className: "actions" }, save);
  paper.append(node("h2", { textContent: title }), actions);
  if (!pdf) {
    paper.append(node("p", { className: "hint", textContent: t("notPdf") }));
    return;
  }
  actions.prepend(node("a", { href: address, target: "_blank", rel: "noopener", className: "button", textContent: t("pdfOpen") }));
  paper.append(node("iframe", { src: address, title }));
}

// ---- tags -----------------------------------------------------------------------------------------------------

const tagText = (tag) => `(${(tag >>> 16).toString(16).padStart(4, "0")},${(tag & 0xFFFF).toString(16).padStart(4, "0")})`.toUpperCase();
const spaced = (name) => name.replace(/([a-z])([A-Z0-9])|([A-Z])([A-Z][a-z])/g, "$1$3 $2$4");

/** Elements of a set and, one step further in, those of its items: `[depth, tag, vr, name, value]`. */
function* elementRows(set, depth) {
  for (const [tag, element] of [...set.elements].sort(([a], [b]) => a - b)) {
    const name = spaced(DICTIONARY.get(tag)?.name ?? "");
    if (element.vr === "SQ" && element.items) {
      yield [depth, tag, "SQ", name, t("itemsOf", element.items.length)];
      if (depth < 12) for (const item of element.items) yield* elementRows(item, depth + 1);
      continue;
    }
    yield [depth, tag, element.vr, name, valueText(set, tag, element)];
  }
  if (set.pixels) yield [depth, set.pixels.tag, set.pixels.vr, "Pixel Data", set.pixels.length === UNDEFINED ? "" : t("bytes", set.pixels.length)];
}

function valueText(set, tag, { vr, bytes, length }) {
  if (!bytes) return t("bytes", length ?? "?");
  const printable = vr === "UN" && bytes.length <= 256 && bytes.every((b) => b >= 32 || b === 0);
  const binary = ["OB", "OD", "OF", "OL", "OW"].includes(vr) || (vr === "UN" && !printable);
  if (binary || (vr in BINARY && bytes.length > 256)) return t("bytes", bytes.length);
  const text = set.texts(tag).join(" \\ ");
  return text.length > 400 ? `${text.slice(0, 400)}…` : text;
}

function tagTable(object, filter, limit) {
  const wanted = filter.trim().toLowerCase();
  const body = node("tbody");
  let n = 0;
  const all = [...elementRows(object.meta, 0), ...elementRows(object.root, 0)];
  for (const [depth, tag, vr, name, value] of all) {
    if (wanted && !`${tagText(tag)} ${name} ${value}`.toLowerCase().includes(wanted)) continue;
    n += 1;
    if (n > limit) break;
    const row = node("tr", {}, ...[`${"› ".repeat(depth)}${tagText(tag)}`, vr, name, value].map((text) => node("td", { textContent: text })));
    body.append(row);
  }
  const head = node("thead", {}, node("tr", {}, ...["tag", "vr", "name", "value"].map((key) => node("th", { textContent: t(key), scope: "col" }))));
  const table = node("div", { className: "tags" }, node("table", {}, head, body));
  if (n > limit) table.append(node("p", { className: "hint", textContent: t("more", limit) }));
  return table;
}
