// The distribution's Chromium, headless, with a profile below `folder`.
import path from 'node:path';
import {chromium} from 'playwright-core';

export function launch(folder, options = {}) {
  return chromium.launchPersistentContext(path.join(folder, 'profile'), {
    executablePath: '/usr/bin/chromium',
    headless: true,
    args: [
      '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic',
      '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
      '--autoplay-policy=no-user-gesture-required'
    ],
    ...options,
  });
}
