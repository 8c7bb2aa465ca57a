#!/usr/bin/env bash
# What the tree promises to test, read from the tree itself. The test command compares this with what ran, so nothing can
# be left out unnoticed.
#
#   tools/promised.sh tests   every test that the sources define, by the name that CTest knows it by; but all instances of a
#                             TEST_P have one name, unless they are scenarios (tests/scenarios/)
#   tools/promised.sh marks   every mark of the engine and the simulator (engine/base/mark.h)
#   tools/promised.sh bugs    every planted bug, tests/mutants/*.patch
#
# Prints sorted names, one a line. `tools/promised.sh plain` turns CTest's names, on its standard input, into these.
set -euo pipefail
export LC_ALL=C

cd "$(dirname "${BASH_SOURCE[0]}")/.."

usage() { sed -n '2,/^set /{s/^# \{0,1\}//;/^set /d;p}' "${BASH_SOURCE[0]}"; }

# in_sources NAME FOLDER...: the text of all files of that name.
in_sources() {
  local name=$1
  shift
  find "$@" -type f -name "$name" -exec cat {} +
}

tests() {
  # Suite and name, though clang-format may have broken the line between them.
  in_sources '*_test.cc' tests |
    awk '/^(TEST|TEST_F|TEST_P|RC_GTEST_PROP|RC_GTEST_FIXTURE_PROP)\(/ {
      while ($0 !~ /\([^,]*,[^,]*[),]/ && (getline more) > 0) $0 = $0 more
      print
    }' | sed -E 's/^\w+\( *(\w+), *(\w+).*$/\1.\2/' | sed '/^Scenario\.holds$/d'
  find tests -path 'tests/scenarios/*.txt' | sed -E 's|.*/([^/]*)/([^/]*)\.txt$|Scenario.holds/\1_\2|'
  in_sources CMakeLists.txt tests | sed -nE 's/^(timestore_script_test\(|add_test\(NAME )([a-z][a-z0-9._]*).*/\2/p'
}

# [Instance/]Suite.name/parameter is one of Suite.name; a scenario is a test of its own.
plain() { sed -E 's/ +# GetParam.*//; /^Scenario\.holds/!{s|^[^/.]*/||; s|/.*||}'; }

marks() { in_sources '*.cc' engine sim | tr '\n' ' ' | grep -oE '\bTIMESTORE_MARK\( *"[^"]*"' | sed -E 's/^[^"]*"//; s/"$//'; }

bugs() { find tests/mutants -name '*.patch' | sed -E 's|.*/([^/]*)\.patch$|\1|'; }

case ${1:-} in
  tests | marks | bugs | plain) "$1" | sort -u ;;
  --help | -h) usage ;;
  *)
    usage >&2
    exit 2
    ;;
esac
