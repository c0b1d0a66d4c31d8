// Walks both sites in a real browser against the showcase (crates/web/examples/showcase.rs) in both languages and two
// widths, and fails on a console error, a page wider than its window, a control smaller than 44 px or text of low
// contrast. With a folder as argument it leaves a picture of each page there.
//
//   node ui/walk.mjs PATH-OF-SHOWCASE [FOLDER]
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';

const [showcase, folder] = process.argv.slice(2);
if (!showcase) {
  console.error('usage: node ui/walk.mjs PATH-OF-SHOWCASE [FOLDER]');
  process.exit(2);
}
if (folder) mkdirSync(folder, { recursive: true });
const desk = spawn(showcase, { stdio: ['ignore', 'pipe', 'inherit'] });
const sites = await new Promise((resolve, reject) => {
  let text = '';
  desk.stdout.on('data', (data) => {
    text += data;
    const line = text.split('\n').find((one) => one.startsWith('{'));
    if (line) resolve(JSON.parse(line));
  });
  desk.on('exit', (code) => reject(new Error(`the showcase ended with ${code}`)));
});
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const faults = [];

// What a page must not do, measured in the page itself.
const measure = () => {
  const wrong = [];
  if (document.documentElement.scrollWidth > window.innerWidth + 1) wrong.push(`wider than its window by ${document.documentElement.scrollWidth - window.innerWidth}`);
  for (const control of document.querySelectorAll('button, a.button, input:not([type=hidden]), select, textarea, summary')) {
    const box = control.getBoundingClientRect();
    if (!box.width || control.closest('.hidden')) continue;
    let height = box.height;
    if (['checkbox', 'radio'].includes(control.type)) height = (control.closest('.pick, .tickbox') ?? control).getBoundingClientRect().height;
    if (height < 43.5) wrong.push(`${control.id || control.textContent} is ${Math.round(height)} px high`);
  }
  const light = (colour) => {
    const [r, g, b] = colour.match(/[\d.]+/g).slice(0, 3).map((v) => { const c = v / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const seen = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.textContent.trim() || seen.has(element) || !element.getClientRects().length || element.closest('.hidden, .skip, option, noscript')) continue;
    seen.add(element);
    let behind = element;
    while (behind && /rgba\(0, 0, 0, 0\)/.test(getComputedStyle(behind).backgroundColor)) behind = behind.parentElement;
    const back = light(behind ? getComputedStyle(behind).backgroundColor : 'rgb(255,255,255)');
    const front = light(getComputedStyle(element).color);
    const ratio = (Math.max(back, front) + 0.05) / (Math.min(back, front) + 0.05);
    if (ratio < 4.5) wrong.push(`contrast ${ratio.toFixed(2)}: ${walker.currentNode.textContent.trim().slice(0, 30)}`);
  }
  return wrong;
};

async function walk(lang, width) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, locale: lang === 'zh' ? 'zh-TW' : 'en', deviceScaleFactor: 1 });
  const page = await context.newPage();
  page.on('console', (message) => { if (message.type() === 'error' && !/ (422|404) /.test(message.text())) faults.push(`${page.url()}: ${message.text()}`); });
  page.on('pageerror', (error) => faults.push(`${page.url()}: ${error}`));
  let n = 0;
  const look = async (name) => {
    n += 1;
    for (const wrong of await page.evaluate(measure)) faults.push(`${lang} ${width} ${name}: ${wrong}`);
    if (folder) await page.screenshot({ path: `${folder}/${lang}-${width}-${String(n).padStart(2, '0')}-${name}.png`, fullPage: true });
  };
  const press = async (id) => { await page.locator(`[id="${id}"]`).click(); await page.waitForLoadState(); };
  const fill = (id, text) => page.locator(`[id="${id}"]`).fill(text);
  const tick = (id) => page.locator(`[id="${id}"]`).check();

  await page.goto(`${sites.public}/?lang=${lang}`);
  await look('start');
  await press('start');
  await press('continue');
  await look('items-problem');
  if (await page.evaluate(() => document.activeElement.id) !== 'error-summary') faults.push(`${lang}: the error summary has no focus`);
  await tick('item_ct'); await fill('count_ct', '1'); await tick('item_general-x-ray');
  await look('items');
  await press('continue');
  await fill('date_ct_1', lang === 'zh' ? '115/11/3' : '2026-11-03'); await fill('about_ct_1', lang === 'zh' ? '胸部' : 'chest');
  await look('exams');
  await press('continue');
  await tick('capacity-heir');
  await look('who-heir');
  await tick('capacity-patient'); await tick('agent-no');
  await look('who');
  await press('continue');
  await fill('patient_name', '王測試'); await fill('patient_identity', 'A123456788'); await fill('patient_born', '64/5/1'); await fill('phone', '0912345678');
  await press('continue');
  await look('people-problem');
  await fill('patient_identity', 'A123456789');
  await press('continue');
  await tick('collection-post');
  await tick('collection-counter'); await fill('purpose', lang === 'zh' ? '轉診（測試）' : 'referral (test)');
  await look('collect');
  await press('continue');
  await look('papers');
  await press('continue');
  await look('review');
  await press('send');
  await look('sent');
  const number = await page.locator('#application-number').innerText();
  const code = await page.locator('#status-code').innerText();
  await press('status-link');
  await fill('code', code);
  await look('status-form');
  await press('look');
  await look('status');

  await page.goto(`${sites.staff}/sign-in?lang=${lang}`);
  await look('sign-in');
  await fill('login', 'chief'); await fill('password', sites.password);
  await press('sign-in');
  await look('queue');
  await fill('scan', number); await press('look');
  await look('verify');
  await press('verify');
  await look('verify-problem');
  await tick('seen_D1'); await fill('kind_D1', lang === 'zh' ? '國民身分證' : 'National ID card'); await fill('last4_D1', '6789');
  await fill('patient_id', 'TEST-0001'); await fill('patient_id_again', 'TEST-0001'); await fill('born_again', '64/5/1');
  await press('verify');
  await look('finding');
  const until = async (stage) => { await page.waitForSelector(`#stage[data-stage="${stage}"]`, { timeout: 20000 }); };
  await until('ticking');
  await tick('tick_2.25.1001@sample'); await tick('tick_2.25.1002@sample');
  await look('tick');
  await press('weigh');
  await look('weighing');
  await until('weighed');
  await tick('means-cash');
  await look('pay');
  await press('pay');
  await look('making');
  await until('ready');
  await look('ready');
  await fill('slip_number', number); await fill('codes', 'AAAAAAAA'); await fill('collector', '王測試'); await page.locator('#identity_seen').selectOption('national-id'); await fill('last_four', '6789');
  await press('release-1');
  await look('release-stop');
  await fill('codes', 'K7M2P9QX');
  await press('release-1');
  await until('released');
  await look('released');
  await press('audit');
  await look('audit');
  await page.goto(`${sites.staff}/calendar`);
  await look('calendar');
  await page.goto(`${sites.public}/?text=large`);
  await look('start-large');
  await page.goto(`${sites.public}/status`);
  await fill('number', number); await fill('code', code); await press('look');
  await look('status-released');
  await page.goto(`${sites.public}/nothing-here`);
  await look('not-found');
  await context.close();
}

try {
  for (const [lang, width] of [['zh', 1280], ['en', 390], ['zh', 390], ['en', 1280]]) await walk(lang, width);
} catch (error) {
  faults.push(String(error.stack ?? error));
} finally {
  await browser.close();
  desk.kill('SIGINT');
}
for (const fault of faults) console.error(fault);
console.log(faults.length ? `${faults.length} faults` : 'both sites walked in both languages and widths');
process.exit(faults.length ? 1 : 0);
