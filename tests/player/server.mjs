// Serves a recording, the page and hls.js on a free port of 127.0.0.1.
import fs from 'node:fs/promises';
import http from 'node:http';
import path from 'node:path';

const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.m3u8': 'application/vnd.apple.mpegurl',
  '.ts': 'video/mp2t',
  '.m4s': 'video/iso.segment',
  '.mp4': 'video/mp4',
};

export async function serve(recording, files, headers = {}) {
  const missing = [];
  const server = http.createServer(async (request, response) => {
    const name = decodeURIComponent(new URL(request.url, 'http://x').pathname);
    const file = files[name] ?? path.join(recording, path.normalize(name));
    try {
      const body = await fs.readFile(file);
      for (const [header, value] of Object.entries(headers)) response.setHeader(header, value);
      response.setHeader('Content-Type',
                         TYPES[path.extname(file)] ?? 'text/plain');
      response.end(body);
    } catch {
      if (name !== '/favicon.ico') missing.push(name);
      response.writeHead(404).end();
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    missing,
    close: () => server.close(),
  };
}
