#!/usr/bin/env bash
# Fetches hls.js for the page, as package-lock.json pins it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
exec npm ci --ignore-scripts --no-audit --no-fund
