// Asks every case of a table at the plain full form, in one browser, as a person would: fills in the fields, presses
// the button, and compares what the page shows, and the JSON beneath it, with the answer expected.
//
//   node ui/quote.mjs FILE     FILE holds [{ site, name, question, expected }]
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const cases = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, javaScriptEnabled: true });
const page = await context.newPage();

const canonical = (value) => JSON.stringify(value, (_, v) => (v && typeof v === 'object' && !Array.isArray(v)
  ? Object.fromEntries(Object.entries(v).sort(([a], [b]) => (a < b ? -1 : 1))) : v));
const only = (table, keys) => table && typeof table === 'object' && !Array.isArray(table) && Object.keys(table).every((k) => keys.includes(k));
const number = (v) => v === undefined || v === null || typeof v === 'number';
const text = (v) => v === undefined || v === null || typeof v === 'string';
const flag = (v) => v === undefined || v === null || typeof v === 'boolean';
const yes = (v) => (v === true ? 'yes' : v === false ? 'no' : '');
const shown = (v) => (v === undefined || v === null ? '' : String(v));

// What is typed where, or null when the fields cannot say it (an unknown field, a word that no list offers): then the
// whole situation is pasted as text.
function typed(question, lists) {
  const fields = [];
  const fill = (id, value) => { if (shown(value) !== '') fields.push(['fill', id, shown(value)]); };
  const tick = (id, value) => { if (value === true) fields.push(['check', id]); };
  let possible = true;
  const pick = (id, value, list) => {
    if (shown(value) === '') return;
    if (!lists[list].includes(value)) possible = false;
    fields.push(['select', id, value]);
  };
  const need = (condition) => { if (!condition) possible = false; };
  need(only(question, ['at', 'paid_at', 'medium', 'items', 'companions', 'people', 'collection', 'extra_sets', 'split', 'weighed', 'agreed_time']));
  for (const key of ['at', 'paid_at', 'agreed_time']) { need(text(question[key])); fill(key, question[key]); }
  need(number(question.extra_sets)); fill('extra_sets', question.extra_sets);
  need(flag(question.split)); tick('split', question.split);
  pick('collection', question.collection, 'collection');
  if (question.weighed) {
    need(only(question.weighed, ['discs', 'making_minutes']));
    fill('discs', question.weighed.discs); fill('making_minutes', question.weighed.making_minutes);
  }
  const items = question.items ?? [];
  need(Array.isArray(items));
  (Array.isArray(items) ? items : []).forEach((one, i) => {
    const n = i + 1;
    const item = typeof one === 'string' ? { kind: one } : one;
    if (!only(item, ['kind', 'count', 'disc', 'film_sheets', 'hard_copy_sheets', 'exam_end', 'report_sent', 'performing_unit', 'psychiatry', 'post_processing', 'imported', 'dental_upload_confirmed', 'receivable'])) { possible = false; return; }
    need(typeof item.kind === 'string' && item.kind !== '');
    pick(`kind_${n}`, item.kind, 'kind');
    for (const key of ['count', 'film_sheets', 'hard_copy_sheets']) need(number(item[key]));
    fill(`count_${n}`, item.count);
    const own = ['disc', 'film_sheets', 'hard_copy_sheets'].some((key) => shown(item[key]) !== '');
    const medium = question.medium ?? 'disc';
    const disc = own ? item.disc === true : medium === 'disc';
    fields.push([disc ? 'check' : 'uncheck', `disc_${n}`]);
    fill(`film_${n}`, own ? item.film_sheets : (medium === 'film' ? 1 : ''));
    fill(`paper_${n}`, own ? item.hard_copy_sheets : (medium === 'hard-copy' ? 1 : ''));
    need(text(item.exam_end) && text(item.report_sent));
    fill(`exam_${n}`, item.exam_end); fill(`report_${n}`, item.report_sent);
    pick(`unit_${n}`, item.performing_unit, 'unit');
    for (const key of ['psychiatry', 'post_processing', 'imported']) { need(flag(item[key])); tick(`${key}_${n}`, item[key]); }
    need(flag(item.dental_upload_confirmed));
    if (yes(item.dental_upload_confirmed)) fields.push(['select', `dental_${n}`, yes(item.dental_upload_confirmed)]);
    if (item.receivable) {
      need(Array.isArray(item.receivable) && item.receivable.length === 2);
      fill(`have_${n}`, item.receivable[0]); fill(`of_${n}`, item.receivable[1]);
    }
  });
  (question.companions ?? []).forEach((one, i) => {
    need(only(one, ['kind', 'exam_end', 'report_sent']));
    pick(`companion_kind_${i + 1}`, one.kind, 'kind');
    fill(`companion_exam_${i + 1}`, one.exam_end); fill(`companion_report_${i + 1}`, one.report_sent);
  });
  const people = question.people ?? {};
  const flags = ['agent', 'patient_under_guardianship', 'patient_foreign', 'without_residence', 'applicant_foreign', 'agent_foreign', 'inpatient'];
  if (!only(people, [...flags, 'capacity', 'patient_born', 'patient_deceased', 'kinship', 'earlier_heir_lives', 'child_of', 'relatives', 'representation'])) return null;
  for (const key of flags) { need(flag(people[key])); tick(key, people[key]); }
  for (const key of ['capacity', 'kinship', 'representation']) pick(key, people[key], key);
  need(text(people.patient_born)); fill('born', people.patient_born);
  for (const key of ['patient_deceased', 'earlier_heir_lives']) { need(flag(people[key])); if (yes(people[key])) fields.push(['select', key, yes(people[key])]); }
  need(number(people.child_of)); if (typeof people.child_of === 'number') fill('child_of', people.child_of + 1);
  (people.relatives ?? []).forEach((one, i) => {
    need(only(one, ['kinship', 'fate', 'child_of']) && text(one.kinship) && shown(one.kinship) !== '');
    pick(`relative_kinship_${i + 1}`, one.kinship, 'kinship');
    pick(`relative_fate_${i + 1}`, one.fate, 'fate');
    if (typeof one.child_of === 'number') fill(`relative_child_of_${i + 1}`, one.child_of + 1);
  });
  return possible ? fields : null;
}

const rows = async (table, wanted) => {
  const prefix = { items: 'kind', companions: 'companion_kind', relatives: 'relative_kinship' }[table];
  for (let i = 0; i < 25 && await page.locator(`select[id^="${prefix}_"]`).count() < wanted; i += 1) {
    await page.evaluate(() => document.querySelectorAll('form details').forEach((d) => { d.open = true; }));
    await page.locator(`#more-${table}`).click();
    await page.waitForLoadState();
  }
};

const offered = new Map();
async function listsOf(site) {
  if (!offered.has(site)) {
    offered.set(site, await page.evaluate(() => {
      const of = (id) => [...document.getElementById(id).options].map((o) => o.value).filter(Boolean);
      return { kind: of('kind_1'), unit: of('unit_1'), collection: of('collection'), capacity: of('capacity'), kinship: of('kinship'), fate: of('relative_fate_1'), representation: of('representation') };
    }));
  }
  return offered.get(site);
}

// By hand: click by click, key by key. Otherwise all fields are set at once, and the button is pressed.
async function ask({ site, question }, lang, byHand) {
  await page.goto(`${site}/quote?lang=${lang}`, { waitUntil: 'domcontentloaded' });
  const lists = await listsOf(site);
  const fields = typed(question, lists);
  if (fields) {
    await rows('items', (question.items ?? []).length);
    await rows('companions', (question.companions ?? []).length);
    await rows('relatives', (question.people?.relatives ?? []).length);
  }
  const keys = fields ?? [['fill', 'situation', JSON.stringify(question)]];
  if (byHand) {
    await page.evaluate(() => document.querySelectorAll('form details').forEach((d) => { d.open = true; }));
    const control = (id) => page.locator(`[id="${id}"]`);
    for (const [how, id, value] of keys) {
      if (how === 'fill') await control(id).fill(value);
      else if (how === 'select') await control(id).selectOption(value);
      else await control(id)[how]();
    }
    await page.locator('#ask').click();
    await page.waitForLoadState();
  } else {
    const answered = page.waitForNavigation({ waitUntil: 'domcontentloaded' });
    await page.evaluate((all) => {
      for (const [how, id, value] of all) {
        const control = document.getElementById(id);
        if (how === 'check' || how === 'uncheck') control.checked = how === 'check';
        else control.value = value;
      }
      document.getElementById('ask').click();
    }, keys);
    await answered;
  }
  const seen = await page.evaluate(() => {
    const all = (selector, of) => [...document.querySelectorAll(selector)].map(of);
    return {
      json: document.getElementById('answer-json')?.textContent ?? '',
      lines: all('#lines tbody tr', (r) => `${r.dataset.rule}: ${r.dataset.quantity}, ${r.lastElementChild.textContent.replace(/[^0-9]/g, '')}`),
      total: document.getElementById('total')?.textContent.replace(/[^0-9]/g, '') ?? '0',
      papers: all('#papers > li', (r) => r.dataset.paper),
      ready: all('#answer .ready', (r) => r.dataset.at),
      violations: all('#answer .violation', (r) => r.dataset.code),
      problems: document.querySelectorAll('#error-summary li').length,
    };
  });
  return { seen, byFields: fields !== null };
}

// What a person reads must be what the JSON says.
function differences(seen, expected) {
  const told = [];
  const same = (what, a, b) => { if (canonical(a) !== canonical(b)) told.push(`${what}: the page has ${canonical(a)}, expected ${canonical(b)}`); };
  let json = null;
  try { json = JSON.parse(seen.json); } catch { return [`no answer on the page: ${seen.json.slice(0, 80)}`]; }
  same('answer', json, expected);
  if (!expected.lines) {
    if (seen.problems === 0) told.push('no problem is named on the page');
    return told;
  }
  same('lines', seen.lines, expected.lines.map((l) => `${l.rule}: ${l.quantity}, ${l.amount_twd}`));
  same('total', Number(seen.total), expected.total_twd);
  same('papers', seen.papers, expected.papers.map((p) => p.id));
  same('ready', seen.ready, expected.ready.map((r) => r.at ?? r.state));
  same('violations', seen.violations, expected.violations.map((v) => v.code));
  return told;
}

const faults = [];
const counts = { same: 0, fields: 0, text: 0, hand: 0 };
try {
  for (const [n, one] of cases.entries()) {
    const byHand = n % 15 === 0;
    counts.hand += byHand ? 1 : 0;
    const { seen, byFields } = await ask(one, n % 2 ? 'en' : 'zh', byHand);
    const told = differences(seen, one.expected);
    if (told.length) faults.push(`${one.name}: ${told.join('; ')}`);
    else counts.same += 1;
    counts[byFields ? 'fields' : 'text'] += 1;
  }
  // The comparison can fail: the first case with another total is told.
  const { seen } = await ask(cases[0], 'zh', false);
  const wrong = { ...cases[0].expected, total_twd: 7 };
  if (differences(seen, wrong).length !== 2) faults.push('a wrong total is not told: the comparison compares nothing');
} catch (error) {
  faults.push(String(error.stack ?? error));
} finally {
  await browser.close();
}
for (const fault of faults.slice(0, 30)) console.error(fault);
console.log(`${counts.same} of ${cases.length} cases answered alike on the page: ${counts.fields} typed into its fields, ${counts.text} pasted as text; ${counts.hand} of them click by click`);
process.exit(faults.length ? 1 : 0);
