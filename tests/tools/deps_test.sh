#!/usr/bin/env bash
# tools/deps.sh, with stand-ins for dpkg-query, apt-get, id and sudo: nothing is installed.
#   deps_test.sh SOURCE-ROOT
set -euo pipefail
source "$(dirname "$0")/claims.sh"
root=$1
deps=$root/tools/deps.sh
stubs=$scratch/stubs
mkdir "$stubs"

stub() {
  printf '#!/bin/bash\n%s\n' "$2" >"$stubs/$1"
  chmod +x "$stubs/$1"
}
for tool in bash env grep sed dirname; do ln -s "$(command -v $tool)" "$stubs/$tool"; done
with_stubs() { PATH=$stubs "$stubs/bash" "$deps" "$@"; }

claim "without apt-get, it says which packages to look for and installs nothing"
run with_stubs
expect_status 1
expect_contains "not a Debian system"
expect_contains "libsqlite3-dev"

everything=$("$deps" --list)
stub dpkg-query 'for package in '"${everything//$'\n'/ }"'; do [[ " $MISSING " == *" $package "* ]] || echo "installed $package"; done
[[ -z $MISSING ]]'
stub apt-get 'echo "apt-get $*" >>'"$scratch/calls"'; exit "${APT_STATUS:-0}"'
stub id 'echo "${FAKE_USER:-0}"'
export MISSING="" FAKE_USER=0 APT_STATUS=0

claim "when nothing is missing it is silent and calls nobody"
run with_stubs
expect_status 0
expect_output ""
[[ ! -e $scratch/calls ]] || fail "apt-get was called: $(<"$scratch/calls")"

claim "it asks for exactly what is missing"
MISSING="libsqlite3-dev jq"
run with_stubs
expect_status 0
output=$(tail -n 1 "$scratch/calls")
expect_output "apt-get -qq install -y --no-install-recommends libsqlite3-dev jq"

claim "an ordinary user without sudo is told the command to run as root"
FAKE_USER=1000
run with_stubs
expect_status 1
expect_contains "run as root: apt-get install libsqlite3-dev jq"

claim "an ordinary user with sudo is told that it is used"
stub sudo 'exec "$@"'
run with_stubs
expect_status 0
expect_contains "using sudo"

claim "when apt-get fails, so does it, and it names the packages"
APT_STATUS=100
run with_stubs
expect_status 1
expect_contains "could not install libsqlite3-dev jq"
