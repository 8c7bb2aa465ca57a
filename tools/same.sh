#!/usr/bin/env bash
# Proves that a seed is the same run everywhere: 20 seeds must have the same hashes, numbers of events and verdicts
#   - built with g++ and with clang++, at -O0 and at -O3, without precompiled headers;
#   - each in a process of its own, and after 1,000 other seeds in one process;
#   - at other addresses, over memory that is not zero.
#
#   tools/same.sh                  about ten minutes on two processors; the builds are kept in build-same/
#   tools/same.sh --seeds A..B     compare these (default: 1001..1020)
#   tools/same.sh --others N       of the seeds just below them, in one process with them (default: 1000)
#
# The test command runs less of this each time: tools/seeds.sh compares two builds, and tests/tools/simulator_test.sh
# processes and addresses. The exit status is 1 if anything differs, and 2 for wrong usage.
set -euo pipefail
export LC_ALL=C

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scratch=$root/build-same
first=1001
last=1020
others=1000
different=0

usage() { sed -n '2,/^set /{s/^# \{0,1\}//;/^set /d;p}' "${BASH_SOURCE[0]}"; }
die() {
  printf 'same.sh: %s\n' "$*" >&2
  exit 2
}

while (($# > 0)); do
  case $1 in
    --seeds)
      [[ ${2:-} =~ ^([0-9]+)\.\.([0-9]+)$ ]] || die "--seeds needs a range, as in 1001..1020."
      first=${BASH_REMATCH[1]} last=${BASH_REMATCH[2]}
      shift
      ;;
    --others)
      [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "--others needs a number."
      others=$2
      shift
      ;;
    --help | -h) usage; exit 0 ;;
    *) die "unknown option '$1'; try --help." ;;
  esac
  shift
done
((others < first)) || die "there are no $others seeds below $first."
((first <= last)) || die "$first..$last is no range."

# build COMPILER LEVEL: prints where the simulator is.
build() {
  local directory=$scratch/$1$2 launcher=()
  command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  {
    CXX=$1 cmake -S "$root" -B "$directory" -G Ninja "${launcher[@]}" -DBUILD_TESTING=OFF -DCMAKE_BUILD_TYPE=Release \
      -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON -DCMAKE_CXX_FLAGS=-w "-DCMAKE_CXX_FLAGS_RELEASE=$2" && cmake --build "$directory" --target timestore-sim
  } >"$directory.log" 2>&1 || { cat "$directory.log" >&2; return 1; }
  echo "$directory/bin/timestore-sim"
}

# hashes COMMAND...: what must be the same, a line for each of the compared seeds.
hashes() { "$@" --json 2>>"$scratch/progress.log" | jq -c "select(.seed >= $first) | del(.cpuSeconds, .replay)"; }

# compare WHAT COMMAND...: the command's lines with those of the first comparison.
compare() {
  local what=$1
  shift
  "$@" >"$scratch/lines" || true  # a violated seed is none of our business here, but it must be violated everywhere
  [[ -e $scratch/expected ]] || cp "$scratch/lines" "$scratch/expected"
  if [[ $(wc -l <"$scratch/lines") == $((last - first + 1)) ]] && cmp -s "$scratch/expected" "$scratch/lines"; then
    printf '%-44s the same\n' "$what"
  else
    different=$((different + 1))
    printf '%-44s DIFFERENT\n' "$what"
    diff "$scratch/expected" "$scratch/lines" | head -n 4 || true
  fi
}

in_processes_of_their_own() {
  local seed
  for ((seed = first; seed <= last; ++seed)); do hashes "$reference" run --seed "$seed"; done
}

# Large blocks get pages of their own, freed memory is overwritten, and a long environment moves the stack.
elsewhere() {
  MALLOC_MMAP_THRESHOLD_=4096 MALLOC_PERTURB_=165 LONG=$(printf '%050000d' 0) hashes "$reference" run --seeds "$first..$last"
}

"$root/tools/deps.sh"
mkdir -p "$scratch"
rm -f "$scratch/expected"
for compiler in g++ clang++; do
  for level in -O3 -O0; do
    simulator=$(build "$compiler" "$level") || die "the simulator does not build with $compiler $level; its words are above."
    reference=${reference:-$simulator}
    compare "$compiler $level" hashes "$simulator" run --seeds "$first..$last" --jobs "$(nproc)"
  done
done
compare "each in a process of its own" in_processes_of_their_own
compare "after $others other seeds, in one process" hashes "$reference" run --seeds "$((first - others))..$last" --jobs 1
compare "at other addresses" elsewhere
((different == 0))
