// Drives a real browser against a running console.
//
//   SPACECHAIN_CONSOLE_URL   where the console is (required)
//   SPACECHAIN_CHROMIUM      the browser, default /usr/bin/chromium
//   SPACECHAIN_SCREENSHOT    file to write a picture of the globe to
//   SPACECHAIN_WAIT_MS       how long to wait for the first result, default 20000

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { chromium } from 'playwright-core';

const base = process.env.SPACECHAIN_CONSOLE_URL?.replace(/\/$/, '');
if (!base) throw new Error('SPACECHAIN_CONSOLE_URL is not set');
const wait = Number(process.env.SPACECHAIN_WAIT_MS ?? 20_000);

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
];

/** open starts a browser with an empty profile and watches what the page does. */
async function open(extra, size = { width: 1440, height: 900 }) {
  const profile = mkdtempSync(join(tmpdir(), 'spacechain-console-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: process.env.SPACECHAIN_CHROMIUM ?? '/usr/bin/chromium',
    args: [...flags, ...extra],
    viewport: size,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.setDefaultTimeout(wait);
  const errors = [];
  const foreign = [];
  page.on('console', (m) => {
    // Chromium reports its own software renderer's pace as a warning, not as an error.
    if (m.type() === 'error') errors.push(m.text());
  });
  page.on('pageerror', (e) => errors.push(String(e)));
  context.on('request', (r) => {
    const url = r.url();
    if (!url.startsWith(`${base}/`) && !url.startsWith('data:') && !url.startsWith('blob:')) foreign.push(url);
  });
  const close = async () => {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  };
  return { page, errors, foreign, close };
}

const api = async (path) => {
  const answer = await fetch(`${base}/api/v1/${path}`);
  assert.equal(answer.status, 200, path);
  return answer.json();
};

/** shown waits until the canvas has drawn n satellites. */
const shown = (page, view, n) => page.waitForSelector(`canvas.surface[data-view="${view}"][data-drawn="${n}"]`);

/** coloured counts how many different colours the picture of the canvases has. */
async function coloured(page) {
  const png = await page.locator('section.world').screenshot();
  return page.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const c = document.createElement('canvas');
    [c.width, c.height] = [image.width, image.height];
    const ctx = c.getContext('2d');
    ctx.drawImage(image, 0, 0);
    const pixels = new Uint32Array(ctx.getImageData(0, 0, c.width, c.height).data.buffer);
    return new Set(pixels).size;
  }, png.toString('base64'));
}

describe('console with WebGL', () => {
  let b;
  let universe;
  let tenant;
  before(async () => {
    universe = await api('universe');
    b = await open(['--enable-unsafe-swiftshader', '--use-angle=swiftshader']);
    await b.page.goto(base, { waitUntil: 'load' });
  });
  after(() => b?.close());

  test('is live and shows every satellite', async () => {
    const { page } = b;
    await page.waitForSelector('.chip.good:has-text("live")');
    assert.equal(await page.textContent('header .simulated'), 'simulated', 'the header says that nothing of it is real');
    const text = await page.textContent('[data-count="satellites"]');
    assert.equal(Number(text.replaceAll(',', '')), universe.satellites);
    await shown(page, 'globe', universe.satellites);
    assert.ok((await coloured(page)) > 200, 'the globe is not a plain area');
  });

  test('simulated time runs', async () => {
    const { page } = b;
    const clock = () => page.textContent('time.clock');
    const first = await clock();
    assert.match(first, /^\d\d:\d\d:\d\d$/);
    if (!universe.paused) await page.waitForFunction((t) => document.querySelector('time.clock')?.textContent !== t, first);
  });

  test('shows passes', async () => {
    const { passes } = await api('passes?limit=5');
    if (passes.length > 0) await b.page.waitForSelector('section.passes svg path', { state: 'attached' });
  });

  test("an app's result appears", async () => {
    const { page } = b;
    for (const end = Date.now() + wait; ; await new Promise((r) => setTimeout(r, 500))) {
      tenant = (await api('tenants')).tenants.find((t) => t.results > 0);
      if (tenant) break;
      assert.ok(Date.now() < end, 'no tenant has a result');
    }
    await page.click(`[data-tenant="${tenant.id}"]`);
    await page.waitForSelector('[data-result]');
    const { results } = await api(`tenants/${tenant.id}/results?after=${tenant.results - 1}`);
    const track = results.at(-1)?.json?.track;
    if (Array.isArray(track)) {
      await page.waitForSelector(`.plot[data-points="${track.length}"] canvas`);
      assert.match(await page.textContent('.plot .u-legend'), /nT/);
    }
    // Many small results make a plot together.
    if (tenant.results >= 20) await page.waitForSelector('.plot canvas');
    await page.click('role=tab[name=/Logs/]');
    const { lines } = await api(`tenants/${tenant.id}/logs`);
    if (lines.length > 0) await page.waitForSelector('.logs li');
    await page.click('role=tab[name=/Results/]');
    const { requests } = await api('requests');
    if (requests.some((r) => r.id === tenant.request)) await page.waitForSelector(`[data-request] [data-stage="queued"].done`);
  });

  test('finds a satellite and shows its card; Escape closes it', async () => {
    const { page } = b;
    const { satellites } = await api('satellites?limit=1');
    const [sat] = satellites;
    await page.fill('#find', String(sat.id));
    await page.press('#find', 'Enter');
    await page.waitForSelector(`.card h3:has-text("${sat.name}")`);
    await page.keyboard.press('Escape');
    await page.waitForSelector('.card', { state: 'detached' });
  });

  test('works by keyboard', async () => {
    const { page } = b;
    await page.focus('canvas.overlay');
    for (const key of ['ArrowLeft', 'ArrowUp', '+', '-', 'Home']) await page.keyboard.press(key);
    const reached = new Set();
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab');
      reached.add(await page.evaluate(() => document.activeElement?.closest('section')?.getAttribute('aria-label') ?? ''));
    }
    for (const area of ['World view', 'Apps', 'Event log']) assert.ok(reached.has(area), `Tab reaches ${area}`);
  });

  test('picture', { skip: !process.env.SPACECHAIN_SCREENSHOT }, async () => {
    const { page } = b;
    await page.goto(`${base}/?quality=full`, { waitUntil: 'load' });
    await shown(page, 'globe', universe.satellites);
    if (tenant) {
      await page.click(`[data-tenant="${tenant.id}"]`);
      await page.waitForSelector('[data-result]');
      await page.fill('#find', String(tenant.satellite));
      await page.press('#find', 'Enter');
      await page.waitForSelector('.card dl dt:has-text("links")');
    }
    await page.focus('canvas.overlay');
    await page.keyboard.press('Home');
    await page.evaluate(() => document.activeElement.blur());
    await page.waitForTimeout(6000);
    await page.screenshot({ path: process.env.SPACECHAIN_SCREENSHOT });
  });

  test('the map can be chosen', async () => {
    const { page } = b;
    await page.click('button:has-text("Map")');
    await shown(page, 'map', universe.satellites);
    assert.ok((await coloured(page)) > 50, 'the map is not a plain area');
    if (process.env.SPACECHAIN_SCREENSHOT_MAP) {
      await page.waitForTimeout(1500);
      await page.screenshot({ path: process.env.SPACECHAIN_SCREENSHOT_MAP });
    }
    await page.click('button:has-text("Globe")');
    await shown(page, 'globe', universe.satellites);
  });

  test('no errors, nothing from elsewhere', () => {
    assert.deepEqual(b.errors, []);
    assert.deepEqual(b.foreign, []);
  });
});

describe('console without WebGL, on a small screen', () => {
  let b;
  before(async () => {
    b = await open(['--disable-3d-apis'], { width: 390, height: 844 });
    await b.page.goto(base, { waitUntil: 'load' });
  });
  after(() => b?.close());

  test('falls back to the map', async () => {
    const { page } = b;
    const { satellites } = await api('universe');
    await shown(page, 'map', satellites);
    assert.ok(await page.isDisabled('button:has-text("Globe")'));
    assert.ok((await coloured(page)) > 50, 'the map is not a plain area');
  });

  test('fits the screen', async () => {
    const over = await b.page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    assert.ok(over <= 0, `${over} px too wide`);
    if (process.env.SPACECHAIN_SCREENSHOT_SMALL) {
      await b.page.waitForTimeout(1500);
      await b.page.screenshot({ path: process.env.SPACECHAIN_SCREENSHOT_SMALL, fullPage: true });
    }
  });

  test('no errors, nothing from elsewhere', () => {
    assert.deepEqual(b.errors, []);
    assert.deepEqual(b.foreign, []);
  });
});
