// Plays one recording: hls.js where there is Media Source Extensions, else the
// browser itself.
import {addressOf, authorize} from './access.js';
import * as text from './text.js';

const $ = (id) => document.getElementById(id);
const IDLE_MS = 2500;
const STEP_S = 5;
const LONG_STEP_S = 30;
// Nearer to the live edge than this is "live".
const EDGE_S = 12;

export class Player {
  #hls = null;
  #recording = null;
  #gaps = [];  // {start, end} in seconds
  #recovered = 0;
  #idle = 0;
  #drawnMarks = '';
  #video = $('video');

  constructor() {
    const video = this.#video;
    $('play').addEventListener('click', () => this.#toggle());
    video.addEventListener('click', () => this.#toggle());
    $('mute').addEventListener('click', () => { video.muted = !video.muted; });
    $('volume').addEventListener('input', () => {
      video.volume = Number($('volume').value);
      video.muted = false;
    });
    $('seek').addEventListener('input', () => this.#seek(Number($('seek').value)));
    $('live').addEventListener('click', () => this.#toEdge());
    $('speed').addEventListener('change', () => { video.playbackRate = Number($('speed').value); });
    $('quality').addEventListener('change', () => { this.#hls.currentLevel = Number($('quality').value); });
    $('audio').addEventListener('change', () => { this.#hls.audioTrack = Number($('audio').value); });
    $('full').addEventListener('click', () => this.#fullScreen());
    $('timeline').addEventListener('pointermove', (event) => this.#preview(event));
    $('timeline').addEventListener('pointerleave', () => { $('preview').hidden = true; });
    for (const name of ['pointermove', 'pointerdown', 'keydown', 'focusin']) {
      $('stage').addEventListener(name, () => this.#wake());
    }
    for (const name of ['play', 'pause', 'volumechange', 'timeupdate', 'progress', 'durationchange',
                        'seeking', 'seeked', 'ended', 'ratechange']) {
      video.addEventListener(name, () => this.#show());
    }
    video.addEventListener('timeupdate', () => this.#skipGap());
    video.addEventListener('waiting', () => this.#skipGap());
    video.addEventListener('playing', () => this.#say(''));
    document.addEventListener('keydown', (event) => this.#key(event));
  }

  open(recording, title) {
    this.#end();
    this.#recording = recording;
    $('title').textContent = title;
    $('player').hidden = false;
    $('player').scrollIntoView({block: 'nearest'});
    this.#say('Loading …');
    const Hls = window.Hls;
    if (Hls?.isSupported()) {
      this.#load(Hls);
    } else if (this.#video.canPlayType('application/vnd.apple.mpegurl')) {
      this.#video.src = addressOf(recording.playlist);
      this.#play();
    } else {
      this.#say('This can\'t be played here: see above.');
    }
    $('play').focus({preventScroll: true});
    this.#show();
  }

  close() {
    this.#end();
    $('player').hidden = true;
  }

  // The list was read again.
  update(recording) {
    this.#recording = recording;
  }

  #load(Hls) {
    const hls = new Hls({enableWorker: false, backBufferLength: 60, maxBufferLength: 20,
                         liveSyncDurationCount: 2, xhrSetup: authorize});
    this.#hls = hls;
    hls.on(Hls.Events.MANIFEST_PARSED, () => { this.#fillQuality(); this.#play(); });
    hls.on(Hls.Events.LEVEL_SWITCHED, () => this.#fillQuality());
    hls.on(Hls.Events.AUDIO_TRACKS_UPDATED, () => this.#fillAudio());
    hls.on(Hls.Events.LEVEL_UPDATED, (event, {details}) => this.#findGaps(details));
    hls.on(Hls.Events.ERROR, (event, data) => {
      if (data.fatal) this.#recover(Hls, data);
      else if (data.type === Hls.ErrorTypes.NETWORK_ERROR) this.#tellWhyItWaits(data);
    });
    hls.loadSource(addressOf(this.#recording.playlist));
    hls.attachMedia(this.#video);
  }

  #end() {
    this.#hls?.destroy();
    this.#hls = null;
    this.#gaps = [];
    this.#drawnMarks = '';
    $('marks').replaceChildren();
    $('gap-note').hidden = true;
    $('quality-choice').hidden = true;
    $('audio-choice').hidden = true;
    $('live').hidden = true;
    $('speed').value = '1';
    this.#video.removeAttribute('src');
    this.#video.load();
    this.#say('');
  }

  #play() {
    this.#video.play().catch((error) => {
      // Browsers let no page make sound unasked.
      if (error.name === 'NotAllowedError') this.#say('Press play');
    });
  }

  #toggle() {
    if (this.#video.paused) this.#play();
    else this.#video.pause();
  }

  // hls.js tries for long before it gives up, and nothing else would be seen.
  #tellWhyItWaits(data) {
    const {HAVE_FUTURE_DATA} = HTMLMediaElement;
    if (this.#video.readyState < HAVE_FUTURE_DATA) this.#say(`${this.#reason(data)}. Trying again.`);
  }

  #reason(data) {
    const status = data.response?.code;
    if (status) return `The server says ${status}`;
    if (data.type !== window.Hls.ErrorTypes.NETWORK_ERROR) return `This can't be played: ${data.details}`;
    // Browsers tell pages no more.
    return 'The server can\'t be reached, or redirects to one that does not allow this page to read ' +
        'from it (CORS; hlsrec serve --forward-proxy does without)';
  }

  // At most one rescue in some seconds: what fails again at once is told.
  #recover(Hls, data) {
    const now = performance.now();
    if (data.type === Hls.ErrorTypes.MEDIA_ERROR && now - this.#recovered > 4000) {
      this.#recovered = now;
      return this.#hls.recoverMediaError();
    }
    this.#say(this.#reason(data));
    if (data.type !== Hls.ErrorTypes.NETWORK_ERROR) return;
    const hls = this.#hls;
    setTimeout(() => {
      if (this.#hls !== hls) return;
      if (hls.levels.length) hls.startLoad();
      else hls.loadSource(addressOf(this.#recording.playlist));
    }, 3000);
  }

  #details() {
    const hls = this.#hls;
    return hls ? hls.latestLevelDetails ?? hls.levels[hls.currentLevel]?.details : null;
  }

  // What can be sought.
  #range() {
    const details = this.#details();
    if (details?.fragments.length) {
      return {start: details.fragments[0].start, end: details.edge, live: details.live};
    }
    const {seekable, duration} = this.#video;
    if (!seekable.length) return {start: 0, end: 0, live: false};
    return {start: seekable.start(0), end: seekable.end(seekable.length - 1),
            live: duration === Infinity};
  }

  #seek(time) {
    const {start, end, live} = this.#range();
    const last = live ? Math.max(start, end - 1) : end;
    this.#video.currentTime = Math.min(Math.max(time, start), last);
    this.#show();
  }

  #toEdge() {
    const {end} = this.#range();
    this.#seek(this.#hls?.liveSyncPosition ?? end - 4);
    this.#play();
  }

  #findGaps(details) {
    this.#gaps = [];
    for (const fragment of details.fragments) {
      if (!fragment.gap) continue;
      const before = this.#gaps.at(-1);
      const end = fragment.start + fragment.duration;
      if (before && fragment.start - before.end < 0.1) before.end = end;
      else this.#gaps.push({start: fragment.start, end});
    }
    const missing = this.#gaps.reduce((sum, gap) => sum + gap.end - gap.start, 0);
    $('gap-note').hidden = !missing;
    $('gap-note').textContent = missing ?
        `${text.duration(Math.max(1, missing))} is missing: playing goes on behind it.` : '';
    this.#show();
  }

  #skipGap() {
    const video = this.#video;
    if (video.seeking || video.paused) return;
    const now = video.currentTime;
    const buffered = [...Array(video.buffered.length).keys()].some(
        (i) => video.buffered.start(i) <= now && now + 0.2 < video.buffered.end(i));
    if (buffered) return;
    const gap = this.#gaps.find(({start, end}) => now > start - 0.3 && now < end);
    if (gap && gap.end < this.#range().end) video.currentTime = gap.end + 0.05;
  }

  #fillQuality() {
    const levels = this.#hls.levels;
    $('quality-choice').hidden = levels.length < 2;
    const active = levels[this.#hls.currentLevel];
    const name = (level) => level.height ? `${level.height}p` : `${Math.round(level.bitrate / 1000)} kb/s`;
    const automatic = this.#hls.autoLevelEnabled;
    const options = levels.map((level, index) => new Option(name(level), index));
    const auto = automatic && active ? `Auto (${name(active)})` : 'Auto';
    $('quality').replaceChildren(new Option(auto, -1), ...options.reverse());
    $('quality').value = automatic ? -1 : this.#hls.currentLevel;
  }

  #fillAudio() {
    const tracks = this.#hls.audioTracks;
    $('audio-choice').hidden = tracks.length < 2;
    $('audio').replaceChildren(...tracks.map((track, index) => new Option(track.name || track.lang, index)));
    $('audio').value = this.#hls.audioTrack;
  }

  #say(message) {
    $('message').textContent = message;
    $('message').hidden = !message;
  }

  #wake() {
    $('stage').classList.remove('idle');
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => {
      if (!this.#video.paused) $('stage').classList.add('idle');
    }, IDLE_MS);
  }

  #show() {
    const video = this.#video;
    const {start, end, live} = this.#range();
    $('play').classList.toggle('playing', !video.paused);
    $('play').setAttribute('aria-label', video.paused ? 'Play' : 'Pause');
    $('mute').classList.toggle('muted', video.muted || video.volume === 0);
    $('mute').setAttribute('aria-label', video.muted ? 'Unmute' : 'Mute');
    $('volume').value = video.muted ? 0 : video.volume;
    const seek = $('seek');
    seek.min = start;
    seek.max = end;
    seek.value = video.currentTime;
    const position = text.duration(video.currentTime - start);
    seek.setAttribute('aria-valuetext', `${position} of ${text.duration(end - start)}`);
    const behind = end - video.currentTime;
    $('live').hidden = !live;
    $('live').classList.toggle('edge', live && behind < EDGE_S);
    $('live').title = behind < EDGE_S ? 'At the live edge' : 'Go to the live edge (End)';
    $('time').textContent = live && behind < EDGE_S ? text.duration(end - start) :
        `${position} / ${text.duration(end - start)}`;
    if (video.paused) $('stage').classList.remove('idle');
    this.#drawMarks(start, end);
  }

  #drawMarks(start, end) {
    const length = end - start;
    if (!(length > 0)) return;
    const video = this.#video;
    const parts = [];
    for (let i = 0; i < video.buffered.length; ++i) {
      parts.push(['loaded', video.buffered.start(i), video.buffered.end(i)]);
    }
    parts.push(['played', start, video.currentTime]);
    for (const gap of this.#gaps) parts.push(['hole', gap.start, gap.end]);
    const marks = parts.map(([kind, from, to]) => {
      const left = Math.max(0, (from - start) / length * 100);
      return [kind, left.toFixed(2), (Math.min(100, (to - start) / length * 100) - left).toFixed(2)];
    });
    const drawn = JSON.stringify(marks);
    if (drawn === this.#drawnMarks) return;
    this.#drawnMarks = drawn;
    $('marks').replaceChildren(...marks.map(([kind, left, width]) => {
      const mark = document.createElement('span');
      mark.className = kind;
      mark.style.left = `${left}%`;
      mark.style.width = `${Math.max(0, width)}%`;
      return mark;
    }));
  }

  // What is under the pointer: position and, where it is known, time of day.
  #preview(event) {
    const box = $('timeline').getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / box.width));
    const {start, end} = this.#range();
    const time = start + share * (end - start);
    const fragment = this.#details()?.fragments.find(
        (each) => each.start <= time && time < each.start + each.duration);
    const words = [text.duration(time - start)];
    if (fragment?.programDateTime) {
      words.push(text.clock(fragment.programDateTime + (time - fragment.start) * 1000));
    }
    if (fragment?.gap) words.push('missing');
    $('preview').textContent = words.join(' · ');
    $('preview').hidden = !(end > start);
    const half = $('preview').offsetWidth / 2;
    $('preview').style.left = `${Math.min(box.width - half, Math.max(half, share * box.width))}px`;
  }

  #fullScreen() {
    if (document.fullscreenElement) return document.exitFullscreen();
    if ($('stage').requestFullscreen) return $('stage').requestFullscreen();
    this.#video.webkitEnterFullscreen?.();
  }

  #key(event) {
    if ($('player').hidden || event.ctrlKey || event.metaKey || event.altKey) return;
    const tag = event.target.tagName;
    if (tag === 'SELECT' || event.target.type === 'search') return;
    const onButton = tag === 'BUTTON' || tag === 'A';
    if (onButton && (event.key === ' ' || event.key === 'Enter')) return;
    if (event.target.id === 'volume' && event.key.startsWith('Arrow')) return;
    const now = this.#video.currentTime;
    const {start, end, live} = this.#range();
    const step = event.shiftKey ? LONG_STEP_S : STEP_S;
    const actions = {
      ' ': () => this.#toggle(), k: () => this.#toggle(),
      ArrowLeft: () => this.#seek(now - step), ArrowRight: () => this.#seek(now + step),
      j: () => this.#seek(now - 10), l: () => this.#seek(now + 10),
      Home: () => this.#seek(start), End: () => live ? this.#toEdge() : this.#seek(end - 0.5),
      m: () => { this.#video.muted = !this.#video.muted; },
      f: () => this.#fullScreen(),
      Escape: () => { if (!document.fullscreenElement) location.hash = ''; },
    };
    const action = actions[event.key];
    if (!action) return;
    event.preventDefault();
    this.#wake();
    action();
  }
}
