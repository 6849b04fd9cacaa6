// The page of `hlsrec serve`, in headless Chromium.
// page.mjs NAME HLSREC
import assert from 'node:assert/strict';
import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

import {launch} from './browser.mjs';
import {serve} from './server.mjs';

const SECONDS = 12;
const PATIENCE = {timeout: 30_000};

// A picture that moves and a tone, with a keyframe each second.
function makeInput(file, seconds = SECONDS, size = '320x180') {
  execFileSync('ffmpeg', [
    '-nostdin', '-v', 'error', '-y', '-f', 'lavfi', '-i',
    `testsrc2=s=${size}:r=25:d=${seconds}`, '-f', 'lavfi', '-i',
    `sine=r=48000:d=${seconds}`, '-c:v', 'libx264', '-preset', 'ultrafast',
    '-pix_fmt', 'yuv420p', '-g', '25', '-c:a', 'aac', file
  ]);
}

class Bench {
  #children = [];

  constructor(hlsrec) {
    this.hlsrec = path.resolve(hlsrec);
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hlsrec-page-'));
    this.root = path.join(this.folder, 'root');
    this.input = path.join(this.folder, 'input.ts');
    fs.mkdirSync(this.root);
  }

  // Ends with this object.
  adopt(child) {
    this.#children.push(child);
  }

  start(words, options = {}) {
    const child = spawn(this.hlsrec, words, {stdio: ['ignore', 'pipe', 'inherit'], ...options});
    this.#children.push(child);
    return child;
  }

  record(name, ...words) {
    execFileSync(this.hlsrec, [
      'record', '--quiet', '--no-sync', '--segment-time', '1', this.input,
      path.join(this.root, name), ...words
    ]);
  }

  // The page's address.
  async serve(...words) {
    const child = this.start(['serve', '--bind', '127.0.0.1:0', '--json', this.root, ...words]);
    const lines = readline.createInterface({input: child.stdout});
    const [line] = await once(lines, 'line');
    return `${JSON.parse(line).url}/`;
  }

  async open(url, options) {
    this.browser = await launch(this.folder, options);
    const page = await this.browser.newPage();
    this.complaints = [];
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('console', (line) => {
      if (line.type() === 'error') this.complaints.push(line.text());
    });
    await page.goto(url);
    return page;
  }

  async close() {
    await this.browser?.close();
    this.other?.close();
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill('SIGINT');
      await once(child, 'exit');
    }
    fs.rmSync(this.folder, {recursive: true, force: true, maxRetries: 5});
  }
}

const timeOf = (page) => page.evaluate(() => document.getElementById('video').currentTime);
const until = (page, what, ...words) => page.waitForFunction(what, ...words, PATIENCE);
const playedTo = (page, seconds) => until(
    page, (to) => document.getElementById('video').currentTime >= to, seconds);

// Segments 4 and 5 were lost.
function loseSegments(root, name) {
  const list = path.join(root, `${name}.m3u8`);
  let text = fs.readFileSync(list, 'utf8');
  for (const number of ['000004', '000005']) {
    const file = `${path.basename(name)}-${number}.ts`;
    assert(text.includes(file));
    text = text.replace(file, `#EXT-X-GAP\n${file}`);
    fs.rmSync(path.join(path.dirname(list), file));
  }
  fs.writeFileSync(list, text);
}

// The card of a recording whose segments are on another server, which answers
// with these headers.
async function cardOfMoved(bench, headers) {
  makeInput(bench.input, 4);
  bench.record('cam/index.m3u8', '--container', 'ts');
  const here = path.join(bench.root, 'cam');
  const there = path.join(bench.folder, 'there');
  fs.mkdirSync(path.join(there, 'cam'), {recursive: true});
  for (const name of fs.readdirSync(here)) {
    if (name.endsWith('.ts')) fs.renameSync(path.join(here, name), path.join(there, 'cam', name));
  }
  bench.other = await serve(there, {}, headers);
  const page = await bench.open(await bench.serve(
      '--forward-base-url', bench.other.url, '--forward-extensions', 'ts'));
  return page.locator('.card a');
}

const TESTS = {
  // Lists, plays, seeks by keyboard, and comes back.
  async plays(bench) {
    makeInput(bench.input);
    bench.record('garden/index.m3u8', '--container', 'fmp4');
    bench.record('two words é/index.m3u8', '--container', 'ts');
    const page = await bench.open(await bench.serve());
    const card = page.locator('.card a', {hasText: 'two words é'});
    await card.waitFor(PATIENCE);
    assert.equal(await page.locator('.card').count(), 2);
    assert.equal(await card.locator('.length').textContent(), '0:12');
    assert.match(await card.locator('.facts').textContent(), /\d (k|M)B/);
    await until(page, () => document.querySelectorAll('canvas.drawn').length === 2);
    assert(await page.locator('#warning').isHidden());

    await card.focus();
    await page.keyboard.press('Enter');
    await playedTo(page, 1);
    await page.keyboard.press('k');
    await until(page, () => document.getElementById('video').paused);
    const paused = await timeOf(page);
    await page.keyboard.press('ArrowRight');
    await playedTo(page, paused + 4.9);
    await page.keyboard.press('Home');
    await until(page, () => document.getElementById('video').currentTime < 0.5);
    await page.locator('#seek').evaluate((seek) => {
      seek.value = 9;
      seek.dispatchEvent(new Event('input'));
    });
    await playedTo(page, 9);
    await page.keyboard.press('k');
    await until(page, () => document.getElementById('video').ended);
    assert(Math.abs(await timeOf(page) - SECONDS) < 0.3);

    await page.keyboard.press('Escape');
    await page.locator('#player').waitFor({state: 'hidden'});
    assert(await card.evaluate((link) => document.activeElement === link), 'focus comes back');
    // The address says what plays.
    await page.goto(await card.evaluate((link) => link.href));
    await playedTo(page, 0.5);
    assert.deepEqual(bench.complaints, []);
  },

  async gap(bench) {
    makeInput(bench.input);
    bench.record('studio/index.m3u8', '--container', 'ts');
    loseSegments(bench.root, 'studio/index');
    const page = await bench.open(await bench.serve());
    const card = page.locator('.card a');
    await card.waitFor(PATIENCE);
    assert.match(await card.locator('.facts').textContent(), /0:02 missing/);
    await card.click();
    await page.locator('#gap-note').waitFor(PATIENCE);
    const hole = await page.locator('#marks .hole').evaluate(
        (mark) => [parseFloat(mark.style.left), parseFloat(mark.style.width)]);
    assert(Math.abs(hole[0] - 100 * 4 / SECONDS) < 2, `gap begins at ${hole[0]} %`);
    assert(Math.abs(hole[1] - 100 * 2 / SECONDS) < 2, `gap is ${hole[1]} % long`);
    await playedTo(page, 2);
    await playedTo(page, 7);  // of which two seconds are not there
    assert.deepEqual(bench.complaints, []);
  },

  // What was cut out of a recording, and the way back.
  async clips(bench) {
    makeInput(bench.input);
    bench.record('talk/index.m3u8', '--container', 'fmp4');
    execFileSync(bench.hlsrec, [
      'clip', '--quiet', '--from', '4', '--to', '7', path.join(bench.root, 'talk/index.m3u8'),
      'the best of it.m3u8'
    ]);
    const page = await bench.open(await bench.serve());
    const card = page.locator('.card a');
    await card.waitFor(PATIENCE);
    assert.equal(await page.locator('.card').count(), 1);
    assert.match(await card.locator('.facts').textContent(), / · 1 clip$/);
    await card.click();
    await playedTo(page, 1);
    const clip = page.locator('#clips a', {hasText: 'the best of it'});
    await clip.focus();
    await page.keyboard.press('Enter');
    await until(page, () => document.getElementById('title').textContent === 'the best of it');
    assert.match(await page.locator('#facts').textContent(), /^A clip of /);
    await until(page, () => Math.abs(document.getElementById('video').duration - 3) < 0.3);
    await playedTo(page, 1);
    await page.locator('#clips a', {hasText: 'All of it'}).click();
    await until(page, (seconds) => document.getElementById('video').duration > seconds - 0.3, SECONDS);
    await page.keyboard.press('Escape');
    await page.locator('#player').waitFor({state: 'hidden'});
    // The list says that not all of the bucket could be read.
    await page.route('**/recordings.json', async (route) => {
      const answer = await route.fetch();
      const list = await answer.json();
      await route.fulfill({response: answer, json: {...list, bucket: {state: 'failed'}}});
    });
    await page.locator('#warning', {hasText: 'Not all of the bucket'}).waitFor(PATIENCE);
    assert.deepEqual(bench.complaints, []);
  },

  // While it is being made.
  async live(bench) {
    makeInput(bench.input, 60);
    const url = await bench.serve();
    const recorder = bench.start([
      'record', '--quiet', '--no-sync', '--realtime', '--segment-time', '1',
      bench.input, path.join(bench.root, 'door/index.m3u8')
    ]);
    await new Promise((done) => {
      const look = setInterval(() => {
        const list = path.join(bench.root, 'door/index.m3u8');
        if (!fs.existsSync(list) || !fs.readFileSync(list, 'utf8').includes('-000004')) return;
        clearInterval(look);
        done();
      }, 50);
    });
    const page = await bench.open(url);
    const card = page.locator('.card a');
    await card.locator('.state', {hasText: 'Live'}).waitFor(PATIENCE);
    await card.click();
    await page.locator('#live.edge').waitFor(PATIENCE);
    const before = await page.locator('#seek').evaluate((seek) => Number(seek.max));
    await until(page, (end) => Number(document.getElementById('seek').max) >= end + 3, before);
    await playedTo(page, before);
    await page.keyboard.press('Home');
    await until(page, () => {
      const {currentTime, readyState} = document.getElementById('video');
      return currentTime < 2 && readyState >= 3;
    });
    await page.locator('#live').click();
    await until(page, () => {
      const {currentTime} = document.getElementById('video');
      return Number(document.getElementById('seek').max) - currentTime < 6;
    });
    recorder.kill('SIGINT');
    await once(recorder, 'exit');
    await card.locator('.state').waitFor({state: 'hidden', ...PATIENCE});
    await until(page, () => document.getElementById('video').ended);
    assert.deepEqual(bench.complaints, []);
  },

  // Without overflow from a phone to a desk, in light and dark, and with names.
  async looks(bench) {
    makeInput(bench.input, 3);
    bench.record('a-name-without-any-place-to-break-it-that-is-long/index.m3u8');
    const page = await bench.open(await bench.serve());
    await page.locator('.card a').click(PATIENCE);
    await playedTo(page, 0.5);
    for (const width of [320, 390, 768, 1440]) {
      await page.setViewportSize({width, height: 800});
      const over = await page.evaluate(
          () => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(over, 0, `${width} pixels: ${over} too wide`);
      const outside = await page.evaluate(() => {
        const stage = document.getElementById('stage').getBoundingClientRect();
        return [...document.querySelectorAll('#controls button, #controls select')]
            .filter((each) => each.offsetParent)
            .filter((each) => each.getBoundingClientRect().right > stage.right + 1)
            .map((each) => each.id);
      });
      assert.deepEqual(outside, [], `${width} pixels`);
    }
    const light = {};
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({colorScheme});
      light[colorScheme] = await page.evaluate(() => {
        const [r, g, b] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
        return (r + g + b) / 3;
      });
    }
    assert(light.light > 200 && light.dark < 60, JSON.stringify(light));
    const nameless = await page.evaluate(
        () => [...document.querySelectorAll('button, input, select, a')]
                  .filter((each) => !each.closest('template'))
                  .filter((each) => !(each.getAttribute('aria-label') || each.labels?.length ||
                                      each.textContent.trim()))
                  .map((each) => each.outerHTML));
    assert.deepEqual(nameless, []);
    assert.deepEqual(bench.complaints, []);
  },

  async token(bench) {
    makeInput(bench.input, 3);
    bench.record('cam/index.m3u8');
    const file = path.join(bench.folder, 'token');
    fs.writeFileSync(file, 'a-token-for-tests\n');
    const page = await bench.open(await bench.serve('--token-file', file));
    await page.locator('#token').fill('a-token-for-tests', PATIENCE);
    await page.keyboard.press('Enter');
    await page.locator('.card a').click(PATIENCE);
    await playedTo(page, 1);
  },

  // Its segments are on another server by now, which lets pages read them.
  async redirected(bench) {
    const card = await cardOfMoved(bench, {'Access-Control-Allow-Origin': '*'});
    await card.click(PATIENCE);
    const page = card.page();
    await playedTo(page, 2);
    await until(page, () => document.getElementById('video').ended);
    assert(await page.locator('#message').isHidden());
    assert.deepEqual(bench.other.missing, []);
    assert.deepEqual(bench.complaints, []);
  },

  // The same, and that server does not: the page says so, and soon.
  async unreadable(bench) {
    const card = await cardOfMoved(bench, {});
    await card.click(PATIENCE);
    const page = card.page();
    await page.locator('#message', {hasText: 'allow this page to read'})
        .waitFor({timeout: 8000});
    assert.match(await page.locator('#message').textContent(), /CORS.*--forward-proxy/);
    assert.equal(await timeOf(page), 0);
    // The page is still there to be used.
    await page.keyboard.press('Escape');
    await page.locator('#player').waitFor({state: 'hidden'});
  },

  // Its segments are in a private bucket by now.
  async moved(bench) {
    makeInput(bench.input, 6);
    const store = path.join(bench.folder, 'store');
    fs.mkdirSync(store);
    const swift = spawn('/usr/bin/python3', [path.join(import.meta.dirname, '../s3/swift_server.py'), store],
                        {stdio: ['ignore', 'pipe', 'inherit']});
    bench.adopt(swift);
    const [port] = await once(readline.createInterface({input: swift.stdout}), 'line');
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: 'test:tester', AWS_SECRET_ACCESS_KEY: 'testing',
      AWS_EC2_METADATA_DISABLED: 'true',
    });
    const bucket = `s3://bucket/rec?endpoint=http://127.0.0.1:${port}`;
    execFileSync(bench.hlsrec, [
      'record', '--quiet', '--no-sync', '--segment-time', '1', bench.input,
      `${bench.root}/cam/index.m3u8`,
      `s3://bucket/rec/cam/index.m3u8?endpoint=http://127.0.0.1:${port}`
    ], {cwd: bench.folder});
    const folder = path.join(bench.root, 'cam');
    for (const name of fs.readdirSync(folder)) {
      if (!name.endsWith('.m3u8')) fs.rmSync(path.join(folder, name), {recursive: true});
    }
    const page = await bench.open(await bench.serve(bucket, '--forward-proxy', 'ts'));
    await page.locator('.card a').click(PATIENCE);
    await playedTo(page, 3);
    await until(page, () => document.getElementById('video').ended);
    assert.deepEqual(bench.complaints, []);
  },
};

async function main([name, hlsrec]) {
  assert(TESTS[name], `no such test: ${name}`);
  const bench = new Bench(hlsrec);
  try {
    await TESTS[name](bench);
  } finally {
    await bench.close();
  }
}

await main(process.argv.slice(2));
