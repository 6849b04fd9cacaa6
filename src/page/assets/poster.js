// Draws a frame of each recording that comes into view, one after the other.
import {addressOf, authorize, get, hasToken} from './access.js';

const PATIENCE_MS = 8000;

function drawPlaylist(recording, canvas) {
  return new Promise((resolve) => {
    const video = document.createElement('video');
    video.muted = true;
    const hls = new window.Hls({
      enableWorker: false, maxBufferLength: 1, maxMaxBufferLength: 2, startLevel: 0,
      startPosition: recording.state === 'live' ? -1 : Math.min(8, recording.duration / 10),
      xhrSetup: authorize,
    });
    const end = (drawn) => {
      clearTimeout(timer);
      hls.destroy();
      resolve(drawn);
    };
    const timer = setTimeout(() => end(false), PATIENCE_MS);
    const draw = () => {
      if (!video.videoWidth || video.seeking) return;
      paint(video, video.videoWidth, video.videoHeight, canvas);
      end(true);
    };
    video.addEventListener('loadeddata', draw);
    video.addEventListener('seeked', draw);
    hls.on(window.Hls.Events.ERROR, (event, data) => { if (data.fatal) end(false); });
    hls.loadSource(addressOf(recording.playlist));
    hls.attachMedia(video);
  });
}

// Fetched where a token is wanted, which an <img> does not send.
async function drawImage(path, canvas) {
  try {
    const image = hasToken() ? await fetchImage(path) : await loadImage(addressOf(path));
    paint(image, image.naturalWidth ?? image.width, image.naturalHeight ?? image.height, canvas);
    return true;
  } catch {
    return false;
  }
}

async function fetchImage(path) {
  const response = await get(path);
  if (!response.ok) throw new Error(`http ${response.status}`);
  return createImageBitmap(await response.blob());
}

function loadImage(url) {
  return new Promise((resolve, reject) => {
    const image = new Image();
    image.onload = () => resolve(image);
    image.onerror = reject;
    image.src = url;
  });
}

// All of it, in the middle.
function paint(source, width, height, canvas) {
  const scale = Math.min(canvas.width / width, canvas.height / height);
  const context = canvas.getContext('2d');
  context.fillStyle = '#000';
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(source, (canvas.width - width * scale) / 2,
                    (canvas.height - height * scale) / 2, width * scale, height * scale);
  canvas.classList.add('drawn');
}

export class Posters {
  #waiting = [];
  #busy = false;
  #recordingOf = new WeakMap();
  #observer = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      this.#observer.unobserve(entry.target);
      this.#waiting.push(entry.target);
    }
    this.#next();
  }, {rootMargin: '100px'});

  watch(canvas, recording) {
    this.#recordingOf.set(canvas, recording);
    this.#observer.observe(canvas);
  }

  async #next() {
    if (this.#busy || !this.#waiting.length) return;
    this.#busy = true;
    const canvas = this.#waiting.shift();
    const recording = this.#recordingOf.get(canvas)();
    const drawn = recording?.poster && await drawImage(recording.poster, canvas);
    if (!drawn && recording && window.Hls?.isSupported()) await drawPlaylist(recording, canvas);
    this.#busy = false;
    this.#next();
  }
}
