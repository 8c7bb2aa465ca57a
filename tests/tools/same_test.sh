#!/usr/bin/env bash
# tools/same.sh, copied into a small project whose simulator is a page of C++ that can be made to differ.
#   same_test.sh SOURCE-ROOT
set -euo pipefail
source "$(dirname "$0")/claims.sh"

project=$scratch/project
mkdir -p "$project/tools"
cp "$1/tools/same.sh" "$project/tools/"
printf '#!/bin/sh\n' >"$project/tools/deps.sh"
chmod +x "$project/tools/deps.sh"
cat >"$project/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(small LANGUAGES CXX)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
add_executable(timestore-sim simulator.cc)
CMAKE

# simulator HASH: one whose seeds have the hash that this expression of C++ gives.
simulator() {
  cat >"$project/simulator.cc" <<CXX
#include <cstdio>
#include <cstdlib>
#include <cstring>

int main(int argc, char** argv) {
  long first = 1, last = 1, run_before = 0;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--seed") == 0) first = last = std::atol(argv[i + 1]);
    if (std::strcmp(argv[i], "--seeds") == 0) first = std::atol(argv[i + 1]), last = std::atol(std::strstr(argv[i + 1], "..") + 2);
  }
  unsigned char* freed = static_cast<unsigned char*>(std::malloc(2048));
  std::memset(freed, 0, 2048);
  std::free(freed);
  volatile unsigned char* memory = static_cast<volatile unsigned char*>(std::malloc(2048));
  for (long seed = first; seed <= last; ++seed, ++run_before) {
    const long hash = $1;
    std::printf("{\"seed\":%ld,\"verdict\":\"ok\",\"hash\":\"%ld\",\"cpuSeconds\":%d}\n", seed, hash, std::rand());
  }
  return static_cast<int>(memory[1000]) * 0;
}
CXX
}
same() { "$project/tools/same.sh" --seeds 11..13 --others 10 "$@" 2>&1; }

# expect_differences NAME...: exactly these comparisons differ.
expect_differences() {
  expect_status $(($# > 0))
  local found
  found=$(sed -n 's/  *DIFFERENT$//p' <<<"$output")
  [[ $found == "$(printf '%s\n' "$@")" ]] || fail "expected differences in '$*', got: $output"
}

claim "a simulator that depends on its seeds alone is the same everywhere"
simulator 'seed * 7'
run same
expect_differences
expect_contains "g++ -O0"
expect_contains "clang++ -O3"
[[ $(grep -c "the same$" <<<"$output") == 7 ]] || fail "$output"

claim "what depends on the optimization is found, and the lines that differ are shown"
cat >"$scratch/optimized" <<'CXX'
[&] {
#ifdef __OPTIMIZE__
  return seed;
#else
  return seed + 1;
#endif
}()
CXX
simulator "$(<"$scratch/optimized")"
run same
expect_differences "g++ -O0" "clang++ -O0"
expect_contains '"hash":"12"'

claim "what depends on the compiler is found"
sed -i 's/__OPTIMIZE__/__clang__/' "$scratch/optimized"
simulator "$(<"$scratch/optimized")"
run same
expect_differences "clang++ -O3" "clang++ -O0"

claim "what depends on the seeds before it is found"
simulator 'seed + (run_before > 9)'
run same
expect_differences "after 10 other seeds, in one process"

claim "what depends on the memory that it finds is found"
simulator 'seed + memory[1000]'
run same
expect_differences "at other addresses"

claim "what does not build is no result"
simulator 'nothing'
run same
expect_status 2
expect_contains "does not build with g++ -O3"

claim "wrong usage is exit status 2"
for arguments in "--seeds 3" "--seeds 5..4 --others 1" "--others none" "--others 11" "--no-such-option"; do
  # shellcheck disable=SC2086  # words
  run same $arguments
  expect_status 2
done
