// Records something and has hls.js play it to the end in headless Chromium.
// play.mjs NAME HLSREC MEDIA-FOLDER
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

import {launch} from './browser.mjs';
import {record, RECORDINGS} from './recordings.mjs';
import {serve} from './server.mjs';

const PATIENCE_MS = 60_000;
const here = path.dirname(fileURLToPath(import.meta.url));

// In the page.
function play({url, patience}) {
  const video = document.getElementById('video');
  const seen = {errors: [], fatal: [], stalls: 0, height: 0};
  const hls = new Hls({enableWorker: false});
  const report = () => ({
    ...seen,
    ended: video.ended,
    time: video.currentTime,
    duration: video.duration,
    frames: video.getVideoPlaybackQuality().totalVideoFrames,
    levels: hls.levels.length,
    audioTracks: hls.audioTracks.length,
  });
  return new Promise((resolve) => {
    const done = () => resolve(report());
    setTimeout(done, patience);
    video.addEventListener('resize', () => {
      seen.height = Math.max(seen.height, video.videoHeight);
    });
    video.addEventListener('ended', done);
    hls.on(Hls.Events.ERROR, (event, data) => {
      if (data.details === Hls.ErrorDetails.BUFFER_STALLED_ERROR) ++seen.stalls;
      const text = `${data.type}: ${data.details}: ${data.error}`;
      (data.fatal ? seen.fatal : seen.errors).push(text);
      if (data.fatal) done();
    });
    hls.on(Hls.Events.MANIFEST_PARSED, () => video.play());
    hls.loadSource(url);
    hls.attachMedia(video);
  });
}

async function main([name, hlsrec, media]) {
  const wanted = RECORDINGS[name];
  assert(wanted, `no such recording: ${name}`);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hlsrec-player-'));
  const recording = path.join(folder, 'recording');
  fs.mkdirSync(recording);
  record(hlsrec, media, wanted, recording);
  const server = await serve(recording, {
    '/': path.join(here, 'page.html'),
    '/hls.js': path.join(here, '../../src/page/node_modules/hls.js/dist/hls.min.js'),
  });
  const browser = await launch(folder);
  try {
    const page = await browser.newPage();
    await page.goto(server.url);
    const seen = await page.evaluate(
        play, {url: `${server.url}/index.m3u8`, patience: PATIENCE_MS});
    console.log(seen);
    assert.deepEqual(seen.fatal, []);
    assert.deepEqual(server.missing, []);
    assert(seen.ended, 'played to the end');
    assert(Math.abs(seen.duration - wanted.seconds) < 0.3, 'duration');
    assert(seen.time > seen.duration - 0.3, 'position at the end');
    assert(
        seen.frames >= (wanted.pictures ?? 20 * wanted.seconds),
        'pictures decoded');
    assert(seen.stalls <= 1, 'stalls');
    assert(seen.height >= (wanted.height ?? 1), 'height of the picture');
    assert.equal(seen.levels, wanted.levels ?? 1);
    assert.equal(seen.audioTracks, wanted.audioTracks ?? 0);
  } finally {
    await browser.close();
    server.close();
    fs.rmSync(folder, {recursive: true, force: true, maxRetries: 5});
  }
}

await main(process.argv.slice(2));
