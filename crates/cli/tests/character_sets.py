"""Patient's names and study descriptions in every character set of DICOM, as Python's codecs and pydicom know them.

Prints a JSON list: id, the value of Specific Character Set (null: the attribute is absent), name and description as bytes
(hexadecimal), what they say, and whether they say it in another encoding than the label's.
usage: character_sets.py FOLDER-OF-PYDICOM'S-CHARACTER-SET-FILES
"""

import glob
import json
import os
import sys
import warnings

import pydicom

warnings.simplefilter("ignore")
sets = []


def add(id, declared, name, description, says, described, mislabelled=False):
    sets.append({"id": id, "declared": declared, "name": name.hex(), "description": description.hex(), "says": says,
                 "described": described, "mislabelled": mislabelled})


def plain(id, declared, codec, name, description, mislabelled=False):
    add(id, declared, name.encode(codec), description.encode(codec), name, description, mislabelled)


plain("ascii", None, "ascii", "TEST^Plain", "Chest PA")
plain("iso-ir-6", "ISO_IR 6", "ascii", "TEST^Six", "Chest PA")
plain("iso-ir-100", "ISO_IR 100", "latin_1", "Buc^Jérôme", "Crâne de face")
plain("iso-ir-101", "ISO_IR 101", "iso8859_2", "Wałęsa^Łukasz", "Klatka piersiowa, zdjęcie")
plain("iso-ir-109", "ISO_IR 109", "iso8859_3", "Ĉapelo^Ĥoro", "Ĝenerala ŝtato")
plain("iso-ir-110", "ISO_IR 110", "iso8859_4", "Bērziņš^Ādolfs", "Krūšu kurvis")
plain("iso-ir-144", "ISO_IR 144", "iso8859_5", "Люксембург^Иван", "Грудная клетка")
plain("iso-ir-127", "ISO_IR 127", "iso8859_6", "قباني^لنزار", "صدر")
plain("iso-ir-126", "ISO_IR 126", "iso8859_7", "Διονυσίου^Ελένη", "Θώρακας")
plain("iso-ir-138", "ISO_IR 138", "iso8859_8", "שרון^דבורה", "חזה")
plain("iso-ir-148", "ISO_IR 148", "iso8859_9", "Çavuşoğlu^Işık", "Göğüs")
plain("iso-ir-203", "ISO_IR 203", "iso8859_15", "Œuvrard^Žofia", "Crâne, 5 €")
plain("iso-ir-166", "ISO_IR 166", "tis_620", "นามสกุล^ชื่อต้น", "ทรวงอก")
plain("iso-ir-13", "ISO_IR 13", "shift_jis", "ﾔﾏﾀﾞ^ﾀﾛｳ", "ｷｮｳﾌﾞ")
plain("iso-ir-192", "ISO_IR 192", "utf_8", "WANG^CeShi=王^測試", "胸部 X 光")
plain("gb18030", "GB18030", "gb18030", "Zhang^XiaoDong=张^小东", "胸部 𠮷")
plain("gbk", "GBK", "gbk", "Zhang^XiaoDong=张^小东", "胸部平片")

KOREAN, CHINESE = b"\x1b$)C", b"\x1b$)A"
kanji = lambda text: text.encode("iso2022_jp")
add("ir-87", "\\ISO 2022 IR 87", b"Yamada^Tarou=" + kanji("山田^太郎") + b"=" + kanji("やまだ^たろう"), kanji("胸部"),
    "Yamada^Tarou=山田^太郎=やまだ^たろう", "胸部")
add("ir-13-87", "ISO 2022 IR 13\\ISO 2022 IR 87",
    "ﾔﾏﾀﾞ^ﾀﾛｳ".encode("shift_jis") + b"=" + kanji("山田^太郎").replace(b"\x1b(B", b"\x1b(J"), kanji("胸部"),
    "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎", "胸部")
add("ir-159", "\\ISO 2022 IR 87\\ISO 2022 IR 159", b"Test^Supplement=" + "丂^鵰".encode("iso2022_jp_2"), kanji("胸部"),
    "Test^Supplement=丂^鵰", "胸部")
add("ir-149", "\\ISO 2022 IR 149", b"Hong^Gildong=" + KOREAN + "洪".encode("euc_kr") + b"^" + KOREAN
    + "吉洞".encode("euc_kr") + b"=" + KOREAN + "홍".encode("euc_kr") + b"^" + KOREAN + "길동".encode("euc_kr"),
    KOREAN + "흉부".encode("euc_kr"), "Hong^Gildong=洪^吉洞=홍^길동", "흉부")
add("ir-58", "\\ISO 2022 IR 58", b"Zhang^XiaoDong=" + CHINESE + "张".encode("gb2312") + b"^" + CHINESE
    + "小东".encode("gb2312"), CHINESE + "胸部".encode("gb2312"), "Zhang^XiaoDong=张^小东", "胸部")
# Several sets in one value; each delimiter resets to the first (PS3.5 §6.1.2.5.3).
add("resets", "ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126", "Buc^Jérôme".encode("latin_1") + b"=\x1b-L"
    + "Люкс".encode("iso8859_5") + b"^\x1b-F" + "Διον".encode("iso8859_7") + b"=" + "Hélène".encode("latin_1"),
    b"\x1b-L" + "Люкс".encode("iso8859_5"), "Buc^Jérôme=Люкс^Διον=Hélène", "Люкс")

# The local trap: Big5, which DICOM does not know. Each of 許, 功 and 蓋 ends in a backslash.
for label in ["ISO_IR 100", None, "ISO_IR 192", "BIG5"]:
    plain(f"big5-as-{label}", label, "big5", "XU^GongGai=許^功蓋", "胸部檢查", mislabelled=True)
plain("big5-alone", "ISO_IR 100", "big5", "許功蓋", "許功蓋", mislabelled=True)
plain("utf8-as-nothing", None, "utf_8", "XU^GongGai=許^功蓋", "胸部檢查", mislabelled=True)
plain("utf8-as-latin1", "ISO_IR 100", "utf_8", "XU^GongGai=許^功蓋", "胸部檢查", mislabelled=True)

for path in sorted(glob.glob(os.path.join(sys.argv[1], "chr*.dcm"))):
    data_set = pydicom.dcmread(path)
    if "PatientName" not in data_set:
        continue
    declared = data_set.get("SpecificCharacterSet")
    declared = declared if declared is None or isinstance(declared, str) else "\\".join(declared)
    name = data_set.PatientName
    groups = [group.rstrip("^ ") for group in str(name).split("=")]
    raw = pydicom.dcmread(path, defer_size=None).get_item("PatientName").value
    add(os.path.basename(path), declared, raw, b"pydicom", "=".join(groups).rstrip("="), "pydicom")
print(json.dumps(sets))
