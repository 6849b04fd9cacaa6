#!/usr/bin/env bash
# Fetches hls.js and the driver of the browser, as package-lock.json pins them.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
# Some distributions' nodejs brings npm, and then conflicts with the package.
if ! command -v npm >/dev/null; then
  source ../../tools/lib/packages.sh
  install_packages npm
fi
../../src/page/setup.sh
exec npm ci --ignore-scripts --no-audit --no-fund
