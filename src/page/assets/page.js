// The list of recordings, and which of them plays: the address says it.
import {enter, get} from './access.js';
import {Player} from './player.js';
import {Posters} from './poster.js';
import * as text from './text.js';

const REFRESH_MS = 5000;
const $ = (id) => document.getElementById(id);
const cards = new Map();  // playlist -> {item, recording}
const posters = new Posters();
const player = new Player();
let recordings = [];
let opened = '';

function warn(message) {
  $('warning').textContent = message;
  $('warning').hidden = !message;
}

function warnWithoutPlayer() {
  if (window.Hls?.isSupported()) return;
  const plays = $('video').canPlayType('application/vnd.apple.mpegurl');
  if (window.Hls) {
    if (!plays) warn('This browser can play no HLS: it has no Media Source Extensions.');
  } else {
    warn('The player is not built in: this hlsrec was built without hls.js. ' +
         (plays ? 'This browser plays recordings itself, without marks for gaps.' :
                  'This browser can\'t play recordings without it. ') +
         'To build it in: install npm, run src/page/setup.sh, build again.');
  }
}

function facts(recording) {
  const missing = recording.gaps.reduce((sum, gap) => sum + gap.duration, 0);
  const gaps = missing ? `${text.duration(Math.max(1, missing))} missing` : '';
  return [text.date(recording.start), text.size(recording.size), gaps]
      .filter(Boolean).join(' · ');
}

const titleOf = (recording) => recording.title || recording.playlist;
const hashOf = (recording) => `#${encodeURIComponent(recording.playlist)}`;

function makeCard(recording) {
  const item = $('card').content.firstElementChild.cloneNode(true);
  posters.watch(item.querySelector('canvas'), () => cards.get(recording.playlist)?.recording);
  return item;
}

function fillCard(item, recording) {
  const link = item.querySelector('a');
  link.href = hashOf(recording);
  if (recording.playlist === opened) link.setAttribute('aria-current', 'true');
  else link.removeAttribute('aria-current');
  item.querySelector('.name').textContent = titleOf(recording);
  item.querySelector('.facts').textContent = facts(recording);
  const state = item.querySelector('.state');
  state.textContent = text.state(recording);
  state.hidden = !state.textContent;
  state.className = `badge state ${recording.state}`;
  const length = item.querySelector('.length');
  length.textContent = text.duration(recording.duration);
  length.hidden = !length.textContent;
}

function show() {
  const wanted = $('filter').value.trim().toLowerCase();
  const shown = recordings.filter(
      (recording) => `${titleOf(recording)} ${recording.playlist}`.toLowerCase().includes(wanted));
  const items = shown.map((recording) => {
    const known = cards.get(recording.playlist);
    const item = known?.item ?? makeCard(recording);
    cards.set(recording.playlist, {item, recording});
    fillCard(item, recording);
    return item;
  });
  const list = $('list');
  // Moved only where the order changed: focus stays where it is.
  items.forEach((item, index) => {
    if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
  });
  while (list.children.length > items.length) list.lastElementChild.remove();
  $('count').textContent = `${shown.length} recording${shown.length === 1 ? '' : 's'}`;
  $('empty').hidden = shown.length > 0;
  $('empty').textContent = recordings.length ? 'None has a name like this.' : 'Nothing is recorded yet.';
}

function route() {
  let path = '';
  try {
    path = decodeURIComponent(location.hash.slice(1));
  } catch { /* no path of ours */ }
  if (path === opened) return;
  const recording = recordings.find((each) => each.playlist === path);
  if (!path || !recording) {
    if (!opened || path) return;
    const before = cards.get(opened);
    opened = '';
    player.close();
    show();
    before?.item.querySelector('a').focus();
    return;
  }
  opened = path;
  document.title = `${titleOf(recording)} – Recordings`;
  player.open(recording, titleOf(recording), facts(recording));
  show();
}

async function refresh() {
  try {
    const answer = await get('recordings.json');
    $('access').hidden = answer.status !== 401;
    if (answer.status === 401) {
      $('token').focus();
      return;  // until there is a token
    }
    if (!answer.ok) throw new Error(`the server says ${answer.status}`);
    const list = await answer.json();
    recordings = list.recordings;
    warn(list.bucket?.state === 'failed' ?
        'Not all of the bucket can be read now: recordings that are there alone may be missing.' : '');
    const live = (recording) => Number(recording.state === 'live');
    recordings.sort((a, b) => live(b) - live(a));  // newest first, as they come
    warnWithoutPlayer();
    show();
    route();
    const current = recordings.find((each) => each.playlist === opened);
    if (current) player.update(current, facts(current));
  } catch (error) {
    $('count').textContent = '';
    warn(`The list of recordings can't be read: ${error.message}. Trying again.`);
  }
  setTimeout(refresh, REFRESH_MS);
}

$('access').addEventListener('submit', (event) => {
  event.preventDefault();
  enter($('token').value);
  refresh();
});
$('filter').addEventListener('input', show);
$('close').addEventListener('click', () => { location.hash = ''; });
addEventListener('hashchange', () => {
  if (!location.hash) document.title = 'Recordings';
  route();
});
refresh();
