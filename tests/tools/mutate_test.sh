#!/usr/bin/env bash
# tools/mutate.sh, copied into a small project whose simulator is a page of C++, with bugs of every fate.
#   mutate_test.sh SOURCE-ROOT
set -euo pipefail
source "$(dirname "$0")/claims.sh"
root=$1

project=$scratch/project
mkdir -p "$project"/{tools,sim,tests/mutants}
cp "$root"/tools/{mutate,promised}.sh "$project/tools/"
printf '#!/bin/sh\n' >"$project/tools/deps.sh"
chmod +x "$project/tools/deps.sh"
cat >"$project/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(small LANGUAGES CXX)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
add_executable(timestore-sim sim/simulator.cc)
CMAKE
cat >"$project/sim/simulator.cc" <<'CXX'
#include <cstdio>
#include <cstdlib>
#include <cstring>

constexpr int kFirstBroken = 1000000;
constexpr int kUnimportant = 1;

int main(int argc, char** argv) {
  int first = 1, last = 1, first_broken = kFirstBroken;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--seed") == 0) first = last = std::atoi(argv[i + 1]);
    if (std::strcmp(argv[i], "--seeds") == 0) last = std::atoi(std::strstr(argv[i + 1], "..") + 2);
    if (std::strcmp(argv[i], "--broken-anyway") == 0) first_broken = 2;
    if (std::strcmp(argv[i], "--no-such-flag") == 0) return 2;
  }
  for (int seed = first; seed <= last; ++seed) {
    const bool broken = seed >= first_broken;
    std::printf("{\"seed\":%d,\"verdict\":\"%s\",\"cpuSeconds\":0.5%s}\n", seed, broken ? "violation" : "ok",
                broken ? ",\"checker\":\"ledger\"" : "");
    if (broken) return 1;
  }
}
CXX

# plant NAME SED-COMMAND OPTIONS: writes a patch that does to the simulator what the sed command does.
plant() {
  local patch=$project/tests/mutants/$1.patch
  mkdir -p "$scratch"/{a,b}/sim
  cp "$project/sim/simulator.cc" "$scratch/a/sim/"
  sed "$2" "$project/sim/simulator.cc" >"$scratch/b/sim/simulator.cc"
  printf 'Rule: a small one\nBreaks: nothing\nSeen: own\nOptions: %s\n\n' "${3:-}" >"$patch"
  (cd "$scratch" && diff -u a/sim/simulator.cc b/sim/simulator.cc) >>"$patch" || true
}
mutate() { "$project/tools/mutate.sh" "$@" 2>"$scratch/progress"; }

claim "a bug is caught by the first seed that shows it, at the cost of the seeds before it and its own"
plant a_bug 's/1000000/7/'
run mutate --seeds 50
expect_status 0
grep -qE '^a_bug +ledger +7 +3\.5$' <<<"$output" || fail "$output"
expect_contains "1 bugs, 1 caught; seeds: median 7, worst 7; CPU seconds: median 3.5, worst 3.5"

claim "what is not caught within the seeds is a failure, and no trace of the bug before it is left in the build"
plant harmless 's/kUnimportant = 1/kUnimportant = 2/'
run mutate --seeds 50 a_bug harmless
expect_status 1
grep -qE '^harmless +NOT CAUGHT +50 +25\.0$' <<<"$output" || fail "$output"
expect_contains "2 bugs, 1 caught"

claim "a bug given by the path of its patch is planted too"
run mutate "$project/tests/mutants/a_bug.patch"
expect_status 0
expect_contains "1 bugs, 1 caught"

claim "bugs are drawn anew: as many as are wanted, and more while there is time"
for number in 1 2 3 4; do plant "drawn_$number" "s/1000000/$number/"; done
rm "$project"/tests/mutants/{a_bug,harmless}.patch
run mutate --draw 2
expect_status 0
expect_contains "2 bugs, 2 caught"
run mutate --draw 1 --minutes 5
expect_status 0
expect_contains "4 bugs, 4 caught"
first_of_all() { mutate --draw 1 | sed -n 's/^\(drawn_[0-9]\) .*/\1/p'; }
draws_another() { [[ $(first_of_all) != "$(first_of_all)" ]]; }
await draws_another || fail "it draws the same again and again"
run mutate --draw 5
expect_status 2
rm "$project"/tests/mutants/drawn_*.patch
plant a_bug 's/1000000/7/'

claim "a seed that fails without the bug catches nothing"
plant innocent 's/kUnimportant = 1/kUnimportant = 2/' --broken-anyway
run mutate innocent
expect_status 1
expect_contains "FAILS WITHOUT IT"
grep -q "seed 2 fails without innocent too" "$scratch/progress" || fail "$(<"$scratch/progress")"

claim "a patch that does not apply, or does not build, or does not run, is a failure of that patch alone"
plant unbuildable 's/kUnimportant = 1/kUnimportant = nothing/'
plant unrunnable 's/kUnimportant = 1/kUnimportant = 2/' --no-such-flag
sed 's/kFirstBroken = 1000000/kFirstBroken = 2000000/' "$project/tests/mutants/a_bug.patch" >"$project/tests/mutants/stale.patch"
run mutate stale unbuildable unrunnable a_bug
expect_status 1
for fate in 'stale +DOES NOT APPLY' 'unbuildable +DOES NOT BUILD' 'unrunnable +DOES NOT RUN' 'a_bug +ledger'; do
  grep -qE "^$fate" <<<"$output" || fail "no '$fate' in: $output"
done

claim "after an edit of the tree, the copy is what the tree is"
sed -i 's/1000000/9000000/' "$project/sim/simulator.cc"
run mutate a_bug
expect_status 1
expect_contains "DOES NOT APPLY"

claim "wrong usage is exit status 2 and says what to do"
for arguments in "--seeds" "--jobs none" "--no-such-option" "no_such_bug"; do
  # shellcheck disable=SC2086  # two words
  run "$project/tools/mutate.sh" $arguments
  expect_status 2
done
expect_contains "no planted bug 'no_such_bug'"
