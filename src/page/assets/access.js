// Who may read: by a token, which is asked for, or by the signature in this
// page's own address, which everything below it shares.
const KEPT = 'hlsrec-token';
let token = sessionStorage.getItem(KEPT) ?? '';

// Of a path that the server told, which is not encoded.
export function addressOf(path) {
  return path.split('/').map(encodeURIComponent).join('/') + location.search;
}

export function enter(text) {
  token = text.trim();
  sessionStorage.setItem(KEPT, token);
}

export function hasToken() {
  return token !== '';
}

export function get(path) {
  const headers = token ? {Authorization: `Bearer ${token}`} : {};
  return fetch(addressOf(path), {cache: 'no-cache', headers});
}

// For hls.js. Browsers drop it where the server redirects to another.
export function authorize(request, url) {
  if (!token || new URL(url, location.href).origin !== location.origin) return;
  if (request.readyState === XMLHttpRequest.UNSENT) request.open('GET', url, true);
  request.setRequestHeader('Authorization', `Bearer ${token}`);
}
