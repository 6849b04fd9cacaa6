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
  const clips = recording.clips?.length ?? 0;
  const clipped = clips ? `${clips} clip${clips === 1 ? '' : 's'}` : '';
  return [text.date(recording.start), text.size(recording.size), gaps, clipped]
      .filter(Boolean).join(' · ');
}

const titleOf = (recording) => recording.title || recording.playlist;
const hashOf = (playlist) => `#${encodeURIComponent(playlist)}`;
const nameOf = (playlist) => playlist.split('/').pop().replace(/\.m3u8$/, '');

function linkTo(playlist, name) {
  const link = document.createElement('a');
  link.href = hashOf(playlist);
  link.textContent = name;
  return link;
}

// What plays at this path: a recording, or a clip of one, with what to go to
// from there. Null: nothing that is known.
function find(playlist) {
  const recording = recordings.find((each) => each.playlist === playlist);
  if (recording) {
    const clips = (recording.clips ?? []).map((clip) => linkTo(clip, nameOf(clip)));
    return {recording, title: titleOf(recording), facts: facts(recording), clips};
  }
  const whole = recordings.find((each) => each.clips?.includes(playlist));
  if (!whole) return null;
  return {
    recording: {...whole, playlist, state: 'ended'},
    title: nameOf(playlist),
    facts: `A clip of ${titleOf(whole)}`,
    clips: [linkTo(whole.playlist, 'All of it')],
  };
}

function makeCard(recording) {
  const item = $('card').content.firstElementChild.cloneNode(true);
  posters.watch(item.querySelector('canvas'), () => cards.get(recording.playlist)?.recording);
  return item;
}

function fillCard(item, recording) {
  const link = item.querySelector('a');
  link.href = hashOf(recording.playlist);
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

// Beside what plays; focus on a link that is still there stays.
function tell(found) {
  $('facts').textContent = found.facts;
  const told = [...$('clips').querySelectorAll('a')].map((link) => link.href);
  if (told.join(' ') === found.clips.map((link) => link.href).join(' ')) return;
  $('clips').replaceChildren(...found.clips);
  $('clips').hidden = !found.clips.length;
}

function route() {
  let path = '';
  try {
    path = decodeURIComponent(location.hash.slice(1));
  } catch { /* no path of ours */ }
  if (path === opened) return;
  const found = find(path);
  if (!path || !found) {
    if (!opened || path) return;
    const before = cards.get(opened);
    opened = '';
    player.close();
    show();
    before?.item.querySelector('a').focus();
    return;
  }
  opened = path;
  document.title = `${found.title} – Recordings`;
  player.open(found.recording, found.title);
  tell(found);
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
    const current = find(opened);
    if (current) {
      player.update(current.recording);
      tell(current);
    }
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
