#!/usr/bin/env bash
# Every shell script of the project is well-formed, and shellcheck has nothing to say where it is installed.
#   scripts_test.sh SOURCE-ROOT
set -euo pipefail
source "$(dirname "$0")/claims.sh"
cd "$1"

mapfile -t scripts < <(find tools bench tests .ci -type f -exec sh -c 'head -n 1 "$1" | grep -qE "^#!.*\b(ba)?sh$|^# shellcheck shell="' _ {} \; -print | sort)
((${#scripts[@]} >= 4)) || fail "only these scripts were found: ${scripts[*]}"

claim "bash can read every script"
for script in "${scripts[@]}"; do
  run bash -n "$script"
  expect_status 0
done

claim "every script that starts with #! may be run"
for script in "${scripts[@]}"; do
  [[ $(head -c 2 "$script") != '#!' || -x $script ]] || fail "$script is not executable"
done

if command -v shellcheck >/dev/null; then
  claim "shellcheck has nothing to say"
  run shellcheck --severity=warning --external-sources --source-path=SCRIPTDIR "${scripts[@]}"
  expect_status 0
fi
