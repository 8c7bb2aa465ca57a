#!/usr/bin/env bash
# Installs the Debian packages that building and testing need. Silent and quick when nothing is missing.
#
#   tools/deps.sh          install what is missing
#   tools/deps.sh --list   print the package names and do nothing
#
# Written for Debian 12, whose versions the project is built and tested with. ccache is used where it is installed,
# and is not installed here.
set -euo pipefail

packages=(
  cmake ninja-build g++ clang libclang-rt-14-dev pkg-config             # both compilers build it; clang has the sanitizers
  libsqlite3-dev libcpp-httplib-dev libssl-dev zlib1g-dev libbrotli-dev  # httplib's headers need the last three
  libsimdjson-dev libexpected-dev libcli11-dev libspdlog-dev
  libre2-dev                                                             # regular expressions of InfluxQL
  libhowardhinnant-date-dev tzdata                                       # time zones of queries, and their database
  libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev
  curl jq sqlite3                                                        # the scripts and their tests speak to nodes with these
  patch                                                                  # plants bugs for the simulator to find
)

die() {
  printf 'deps.sh: %s\n' "$*" >&2
  exit 1
}

case "${1:-}" in
  "") ;;
  --list) printf '%s\n' "${packages[@]}"; exit 0 ;;
  --help | -h) sed -n '2,/^set /{s/^# \{0,1\}//;/^set /d;p}' "$0"; exit 0 ;;
  *) die "unknown option '$1'; try --help." ;;
esac

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  die "this is not a Debian system, and no other is tested. Install the equivalents of these Debian 12 packages: ${packages[*]}"
fi

# dpkg-query fails when it knows nothing of a package; its answers about the others still count.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "${packages[@]}" 2>/dev/null) || true
missing=()
for package in "${packages[@]}"; do
  grep -qxF "installed $package" <<<"$installed" || missing+=("$package")
done
((${#missing[@]} == 0)) && exit 0

system=$(. /etc/os-release 2>/dev/null && echo "${ID:-unknown} ${VERSION_ID:-}") || system=unknown
[[ $system == "debian 12" ]] ||
  echo "deps.sh: this is $system; the project is tested on debian 12 only, and versions may differ." >&2

as_root=()
if (($(id -u) != 0)); then
  command -v sudo >/dev/null ||
    die "missing: ${missing[*]}. Installing them needs root, and there is no sudo; run as root: apt-get install ${missing[*]}"
  as_root=(sudo)
  echo "deps.sh: using sudo to install packages."
fi

echo "deps.sh: installing ${missing[*]}"
install=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}")
"${as_root[@]}" apt-get -qq update || echo "deps.sh: apt-get update failed; going on with the package lists at hand." >&2
"${install[@]}" >/dev/null || die "apt-get could not install ${missing[*]}; its words are above."
