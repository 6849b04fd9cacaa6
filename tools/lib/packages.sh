# Sourced by scripts that need Debian packages.

# list_packages FILE...: the names in package lists, without comments.
list_packages() {
  sed -e 's/#.*//' -e 's/[[:space:]]//g' -e '/^$/d' "$@" | sort -u
}

# package_installed NAME: itself, or something that stands in for it.
package_installed() {
  [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]] ||
    dpkg-query -W -f='${db:Status-Status} ${Provides},\n' |
    grep -E "^installed (.*, )?$1( \(|,)" >/dev/null
}

# without_services COMMAND...: runs it so that Debian's packages start none of
# their services, unless the machine has a policy of its own for that.
without_services() (
  policy=/usr/sbin/policy-rc.d
  if [[ ! -e $policy ]]; then
    trap '"${as_root[@]}" rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
    "${as_root[@]}" chmod 755 "$policy"
  fi
  "$@"
)

# install_packages NAME...: installs those that are missing, if any.
install_packages() {
  local name as_root=() missing=() log
  for name in "$@"; do
    package_installed "$name" || missing+=("$name")
  done
  ((${#missing[@]})) || return 0
  if ! command -v apt-get >/dev/null; then
    echo "packages: missing, and there is no apt-get: ${missing[*]}" >&2
    return 1
  fi
  if ((EUID != 0)); then
    if ! command -v sudo >/dev/null; then
      echo "packages: missing, and there is no sudo: ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "Installing Debian packages: ${missing[*]}"
  as_root+=(env DEBIAN_FRONTEND=noninteractive)
  log=$(mktemp)
  # Another apt may be running: it is waited for.
  if ! { "${as_root[@]}" apt-get -qq -o DPkg::Lock::Timeout=600 update &&
    without_services "${as_root[@]}" apt-get -qq \
      -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 \
      install --no-install-recommends -y "${missing[@]}"; } </dev/null >"$log" 2>&1; then
    tail -n 40 "$log" >&2
    rm -f "$log"
    echo "packages: apt-get did not install: ${missing[*]}" >&2
    return 1
  fi
  rm -f "$log"
  for name in "${missing[@]}"; do
    package_installed "$name" || {
      echo "packages: still missing: $name" >&2
      return 1
    }
  done
}

# use_ccache: lets CMake compile through ccache where there is one.
use_ccache() {
  if command -v ccache >/dev/null; then
    export CMAKE_CXX_COMPILER_LAUNCHER=ccache
  fi
}
