// Draws a frame of each recording that comes into view, one after the other.
import {addressOf, authorize} from './access.js';

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

function drawImage(url, canvas) {
  return new Promise((resolve) => {
    const image = new Image();
    image.onload = () => {
      paint(image, image.naturalWidth, image.naturalHeight, canvas);
      resolve(true);
    };
    image.onerror = () => resolve(false);
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
    if (recording?.poster) await drawImage(addressOf(recording.poster), canvas);
    else if (recording && window.Hls?.isSupported()) await drawPlaylist(recording, canvas);
    this.#busy = false;
    this.#next();
  }
}
