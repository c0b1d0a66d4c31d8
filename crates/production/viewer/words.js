// Part 5: every text of the viewer, in 正體中文 and English.

const WORDS = {
  title: ["影像檢視", "Image viewer"],
  notDiagnosis: ["僅供參考，不供診斷", "For information only. Not for diagnosis."],
  open: ["開啟光碟", "Open disc"],
  openLong: ["選擇光碟資料夾", "Choose the disc's folder"],
  openFiles: ["選擇檔案", "Choose files"],
  dropHere: ["或把光碟資料夾拖放到這裡", "or drop the disc's folder here"],
  startTitle: ["開啟這片光碟的影像", "Open the images of this disc"],
  step1: ["按「選擇光碟資料夾」。", "Press “Choose the disc's folder”."],
  step2: ["選擇這片光碟（光碟機），或複製到電腦的光碟資料夾。", "Choose the disc itself (the drive), or the folder it was copied to."],
  step3: [
    "瀏覽器可能會問是否「上傳」：請按「上傳」或「允許」。影像只在這台電腦上讀取，不會傳送到任何地方。",
    "The browser may ask whether to “upload” the files: agree. They are read on this computer only and sent nowhere.",
  ],
  phone: [
    "手機與平板無法選擇資料夾時，請按「選擇檔案」，再全選 DICOM 資料夾內的檔案。",
    "Where a phone or tablet cannot choose a folder, press “Choose files” and select all files in the DICOM folder.",
  ],
  noScript: [
    "檢視程式需要瀏覽器的 JavaScript。不用它也能看縮圖：開啟光碟的 INDEX.HTM。",
    "This viewer needs JavaScript. Without it, open INDEX.HTM of the disc to see pictures.",
  ],
  reading: ["讀取中…", "Reading…"],
  readingPart: ["讀取影像 {0} %（{1} MB）", "Reading the image, {0} % of {1} MB"],
  preview: ["預覽：光碟上的小圖，不是完整影像", "Preview: a small picture from the disc, not the full image"],
  readingFiles: ["讀取檔案 {0} / {1}", "Reading files, {0} of {1}"],
  nothing: ["這個資料夾裡沒有 DICOM 檔。請選擇光碟最外層的資料夾（有 DICOMDIR 的那一層）。",
    "There are no DICOM files in this folder. Choose the outermost folder of the disc, the one that holds DICOMDIR."],
  unreadable: ["{0} 個檔案無法讀取", "{0} files could not be read"],
  absent: ["{0} 個檔案在索引中，但不在所選的資料夾裡", "{0} files of the index are not in the chosen folder"],
  series: ["序列", "Series"],
  objects: ["{0} 個檔", "{0} files"],
  object: ["{0} 個檔", "{0} file"],
  scroll: ["捲動", "Scroll"],
  window: ["明暗", "Window"],
  zoom: ["縮放", "Zoom"],
  pan: ["移動", "Pan"],
  measure: ["測量", "Measure"],
  clear: ["清除測量", "Clear"],
  invert: ["反相", "Invert"],
  flip: ["左右翻轉", "Flip"],
  turn: ["旋轉", "Turn"],
  mirrored: ["左右相反", "mirrored"],
  fit: ["還原", "Reset"],
  overlays: ["疊圖", "Overlay"],
  play: ["播放", "Play"],
  pause: ["暫停", "Pause"],
  speed: ["速度（每秒張數）", "Speed, frames per second"],
  panes: ["並排", "Two panes"],
  pane1: ["影像", "Image"],
  pane2: ["並排的影像", "Image beside it"],
  link: ["同步", "Link"],
  tags: ["標籤", "Tags"],
  help: ["說明", "Help"],
  close: ["關閉", "Close"],
  language: ["English", "中文"],
  list: ["序列", "Series"],
  preset: ["視窗設定", "Window preset"],
  fullRange: ["全範圍", "Full range"],
  fromFile: ["檔案視窗 {0}", "From the file {0}"],
  lut: ["檔案曲線 {0}", "Curve of the file, {0}"],
  presetLung: ["肺", "Lung"],
  presetMediastinum: ["縱膈／軟組織", "Mediastinum, soft tissue"],
  presetAbdomen: ["腹部", "Abdomen"],
  presetBone: ["骨", "Bone"],
  presetBrain: ["腦", "Brain"],
  custom: ["自訂", "By hand"],
  position: ["第幾張", "Position"],
  frameOf: ["影格 {0} / {1}", "frame {0} of {1}"],
  imageOf: ["影像 {0} / {1}", "image {0} of {1}"],
  truncated: ["檔案不完整，後段遺失。", "The file is incomplete: its end is missing."],
  damaged: ["檔案內容不合規則，無法顯示。", "The file breaks the rules of DICOM and cannot be shown."],
  notDicom: ["這不是 DICOM 檔。", "This is not a DICOM file."],
  oddImage: ["影像格式特殊，本檢視程式無法顯示，請用完整的工作站開啟。", "The picture is of an unusual kind; open it with a full workstation."],
  needsWorkstation: ["這個物件以 {0} 壓縮，本檢視程式無法解開，請用完整的工作站開啟。",
    "This object is compressed as {0}, which this viewer does not decode; open it with a full workstation."],
  tooLarge: ["影像太大，本檢視程式無法解開，請用完整的工作站開啟。", "The picture is too large for this viewer; open it with a full workstation."],
  failed: ["無法讀取檔案。光碟是否已取出？", "The file cannot be read. Was the disc taken out?"],
  noPicture: ["這個物件沒有影像。內容如下；完整內容請用工作站開啟。", "This object has no picture. Its content follows; a full workstation shows all of it."],
  pdfTitle: ["文件", "Document"],
  pdfOpen: ["在新分頁開啟 PDF", "Open the PDF in a new tab"],
  pdfSave: ["另存 PDF", "Save the PDF"],
  notPdf: ["文件不是 PDF，可另存後用合適的程式開啟。", "The document is not a PDF; save it and open it with its own program."],
  fileSave: ["另存文件", "Save the document"],
  report: ["結構化報告", "Structured report"],
  unverified: ["未經核閱", "Not verified"],
  verified: ["已核閱", "Verified"],
  partial: ["未完成", "Partial"],
  tagFilter: ["篩選標籤、名稱或內容", "Filter by tag, name or value"],
  tag: ["標籤", "Tag"],
  vr: ["型別", "VR"],
  name: ["名稱", "Name"],
  value: ["內容", "Value"],
  colon: ["：", ": "],
  bytes: ["（{0} 位元組）", "({0} bytes)"],
  itemsOf: ["（{0} 項）", "({0} items)"],
  more: ["…只列出前 {0} 筆", "… only the first {0} are listed"],
  pixels: ["像素", "px"],
  atDetector: ["偵測器平面", "at the detector"],
  calibrated: ["經校正", "calibrated"],
  noScale: ["無比例尺", "no scale"],
  born: ["生日", "born"],
  helpMouse: ["滑鼠", "Mouse"],
  helpMouseText: ["滾輪：換張。左鍵拖曳：所選工具。右鍵拖曳：縮放。按住 Shift 或中鍵拖曳：移動。雙擊：還原。",
    "Wheel: next image. Left drag: the chosen tool. Right drag: zoom. Shift or middle drag: pan. Double click: reset."],
  helpTouch: ["觸控", "Touch"],
  helpTouchText: ["單指拖曳：所選工具。兩指：縮放與移動。", "One finger: the chosen tool. Two fingers: zoom and pan."],
  helpKeys: ["鍵盤（先點一下影像）", "Keyboard (click an image first)"],
  helpKeysText: [
    "↑ ↓ 換張；PageUp、PageDown 跳 10 張；Home、End 首末；+ − 縮放；方向鍵 ← → 前後序列；1–9 視窗設定；S 捲動、W 明暗、Z 縮放、P 移動、M 測量；I 反相；H 左右翻轉；R 旋轉；F 還原；空白鍵播放；D 並排；T 標籤",
    "↑ ↓ next image; PageUp, PageDown ten at once; Home, End; + − zoom; ← → series; 1–9 window presets; S scroll, W window, Z zoom, P pan, M measure; I invert; H flip; R turn; F reset; space plays; D two panes; T tags",
  ],
  helpMeasure: ["測量", "Measuring"],
  helpMeasureText: [
    "長度依影像內的像素間距換算。X 光片等投影影像的長度是偵測器平面上的，會比實際大。沒有像素間距時只顯示像素數。",
    "Lengths come from the pixel spacing in the image. On radiographs they are lengths at the detector, larger than in the body. Without a spacing, only pixels are shown.",
  ],
  helpPrivacy: ["隱私", "Privacy"],
  helpPrivacyText: ["本程式是一個單獨的檔案，不安裝、不連線；關閉分頁後不留下任何資料。",
    "This program is a single file. It installs nothing, connects to nothing, and keeps nothing when the tab is closed."],
};

let language = /^zh/i.test(navigator.language) ? 0 : 1;

/** A text in the language chosen, with its `{0}`, `{1}` filled in. */
function t(key, ...values) {
  const text = WORDS[key]?.[language] ?? key;
  return text.replace(/\{(\d)\}/g, (_, n) => String(values[n] ?? ""));
}

/** Puts texts into the page: `data-t` is content, `data-label` a name for those who do not see the picture. */
function speak() {
  document.documentElement.lang = language === 0 ? "zh-Hant-TW" : "en";
  document.title = t("title");
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-label]")) {
    element.setAttribute("aria-label", t(element.dataset.label));
    element.title = t(element.dataset.label);
    if (element.type === "search") element.placeholder = t(element.dataset.label);
  }
}
