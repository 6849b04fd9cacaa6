// Numbers and times for people.

export function duration(seconds) {
  if (!Number.isFinite(seconds) || seconds < 0) return '';
  const whole = Math.floor(seconds + 1e-3);
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  const two = (number) => String(number).padStart(2, '0');
  const rest = two(whole % 60);
  return hours ? `${hours}:${two(minutes)}:${rest}` : `${minutes}:${rest}`;
}

export function size(bytes) {
  if (!Number.isFinite(bytes) || bytes <= 0) return '';
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let unit = 0;
  while (bytes >= 999.5 && unit < units.length - 1) {
    bytes /= 1000;
    ++unit;
  }
  return `${bytes < 10 && unit ? bytes.toFixed(1) : Math.round(bytes)} ${units[unit]}`;
}

export function date(text) {
  const time = text ? new Date(text) : null;
  if (!time || Number.isNaN(time.getTime())) return '';
  return time.toLocaleString([], {dateStyle: 'medium', timeStyle: 'short'});
}

export function clock(milliseconds) {
  return new Date(milliseconds).toLocaleTimeString();
}

// What is said of a recording's state; empty: it is complete.
export const state = (recording) => recording.state === 'live' ? 'Live' : '';
