#!/usr/bin/env bash
# Runs the simulator for the test command: is it the same everywhere, and does everything hold?
#
#   tools/seeds.sh BUILD OTHER-BUILD   20 seeds run twice in each of the two builds and must all four times be the same;
#                                      then, with the first build, seeds that once found a bug, fixed ones and fresh ones
#   tools/seeds.sh BUILD               the same without the comparison
#
# The fixed seeds must also reach every mark: those that together do come first.
# It takes at most four minutes; TIMESTORE_SEED_MINUTES says otherwise. BUILD is a build directory with bin/timestore-sim.
# The exit status is 1 if a seed is violated or differs, and 2 for wrong usage. The last line says: N passed, N failed;
# the comparison, each kept seed, the fixed and the fresh seeds count as one each.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
deadline=$((SECONDS + ${TIMESTORE_SEED_MINUTES:-4} * 60 - 15))  # the seeds that run then still need a moment
compared=1..20
# The first seed to reach each mark, as `timestore-sim marks --seeds 1..2500` tells. Another draw makes it other seeds.
reaching=1..8,10..12,14,16,17,20..23,28,40,46,65,67,76,78,149,209,250,321,324,344,983
fixed=1..2000
jobs=$(nproc)
passed=0
failed=0

usage() { sed -n '2,/^set /{s/^# \{0,1\}//;/^set /d;p}' "${BASH_SOURCE[0]}"; }
die() {
  printf 'seeds.sh: %s\n' "$*" >&2
  exit 2
}

simulators=()
for argument in "$@"; do
  case $argument in
    --help | -h) usage; exit 0 ;;
    -*) die "unknown option '$argument'; try --help." ;;
    *)
      [[ -x $argument/bin/timestore-sim ]] || die "there is no $argument/bin/timestore-sim; build it first."
      simulators+=("$argument/bin/timestore-sim")
      ;;
  esac
done
((${#simulators[@]} == 1 || ${#simulators[@]} == 2)) || die "one or two build directories are wanted; try --help."
simulator=${simulators[0]}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# count STATUS: a check that ended with this exit status.
count() { if (($1 == 0)); then passed=$((passed + 1)); else failed=$((failed + 1)); fi; }

# Runs the compared seeds, each twice, and prints everything about them that must be the same everywhere.
runs_of() { "$1" run --seeds "$compared" --jobs "$jobs" --verify --json 2>"$2" | jq -c 'del(.cpuSeconds, .replay)'; }

compare_builds() {
  local status=0
  printf '\n-- seeds %s, each twice, in %s and %s\n' "$compared" "${simulators[@]}"
  runs_of "${simulators[0]}" "$scratch/one.log" >"$scratch/one" || status=1
  runs_of "${simulators[1]}" "$scratch/other.log" >"$scratch/other" || status=1
  if ! cmp -s "$scratch/one" "$scratch/other"; then
    status=1
    echo "The builds differ. The first lines that do:"
    diff "$scratch/one" "$scratch/other" | head -n 6 || true
  fi
  if ((status != 0)); then
    jq -r 'select(.verdict == "violation") | "seed \(.seed): \(.violation): \(.detail)"' "$scratch/one" "$scratch/other" || true
    cat "$scratch/one.log" "$scratch/other.log"
  else
    echo "One hash for each seed."
  fi
  count $status
}

# count_of LIST: how many seeds it names.
count_of() {
  local part parts count=0
  IFS=, read -ra parts <<<"$1"
  for part in "${parts[@]}"; do count=$((count + ${part#*..} - ${part%..*} + 1)); done
  echo "$count"
}

# run_seeds RANGE SECONDS COMMAND...: as many seeds of the range as can be begun in that time.
run_seeds() {
  local range=$1 budget=$2 status=0
  shift 2
  printf '\n-- seeds %s, for at most %d s\n' "$range" "$budget"
  "$simulator" "$@" --seeds "$range" --jobs "$jobs" --budget-seconds "$budget" || status=$?
  count $status
}

# Each line of tests/sim/seeds.txt holds the options of a run that once found a bug.
run_kept_seeds() {
  local line options kept=() number status
  [[ -e $root/tests/sim/seeds.txt ]] || return 0
  printf '\n-- seeds that once found a bug\n'
  while IFS= read -r line; do
    read -ra options <<<"${line%%#*}"
    ((${#options[@]} > 0)) || continue
    while (($(jobs -pr | wc -l) >= jobs)); do wait -n || true; done
    number=${#kept[@]}
    kept+=("${options[*]}")
    { "$simulator" run --verify "${options[@]}" && echo held; } >"$scratch/kept.$number" 2>&1 &
  done <"$root/tests/sim/seeds.txt"
  wait
  for number in "${!kept[@]}"; do
    status=0
    [[ $(tail -n 1 "$scratch/kept.$number") == held ]] || { status=1; printf '%s\n' "${kept[number]}:"; cat "$scratch/kept.$number"; }
    count $status
  done
}

((${#simulators[@]} == 1)) || compare_builds
run_kept_seeds
left=$((deadline - SECONDS))
run_seeds "$reaching,$fixed" $((left > 2 ? left / 2 : 1)) marks --enough "$(count_of "$reaching")"
left=$((deadline - SECONDS))
run_seeds fresh:1000000 $((left > 1 ? left : 1)) run

printf '\n%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
