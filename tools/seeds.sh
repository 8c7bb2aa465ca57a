#!/usr/bin/env bash
# Runs the simulator for the test command: is it the same everywhere, and does everything hold?
#
#   tools/seeds.sh BUILD OTHER-BUILD   run 20 seeds twice in each of two builds: all four runs must be the same; then,
#                                      with the first build, run seeds that once found a bug, fixed seeds and fresh seeds
#   tools/seeds.sh BUILD               the same without the comparison
#   --least N                          run N fixed seeds and a quarter as many fresh ones, however long it takes
#                                      (default: 200)
#   --minutes N                        if that takes less than N minutes, go on with more of both until then (default: 1)
#
# BUILD is a build directory with bin/timestore-sim. The fixed seeds must reach every mark that the sources have; the few
# that together reach all of them come first. It is a failure if fewer seeds ran than promised, or if the simulator does
# not know a mark. The exit status is 1 if a seed is violated, differs or did not run, and 2 for wrong usage. The last
# line says: N passed, N failed; the comparison, each kept seed, the fixed, the fresh and the further seeds count as one each.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
compared=1..20
# The first seed to reach each mark, from `timestore-sim marks --seeds 1..1300`. Any change to what is drawn changes which
# seeds these are.
reaching=1..8,11..16,18,20..24,28..29,31..32,34..35,40,42,44..45,64,76,83,123,130,134,141,147,166,180,188,214,239,246,341,502
least=200
minutes=1
jobs=$(nproc)
passed=0
failed=0

usage() { sed -n '2,/^set /{s/^# \{0,1\}//;/^set /d;p}' "${BASH_SOURCE[0]}"; }
die() {
  printf 'seeds.sh: %s\n' "$*" >&2
  exit 2
}

number_after() {
  [[ ${2:-} =~ ^(0|[1-9][0-9]*)$ ]] || die "$1 needs a number; try --help."
  echo "$2"
}

simulators=()
while (($# > 0)); do
  case $1 in
    --least) least=$(number_after "$@"); shift ;;
    --minutes) minutes=$(number_after "$@"); shift ;;
    --help | -h) usage; exit 0 ;;
    -*) die "unknown option '$1'; try --help." ;;
    *)
      [[ -x $1/bin/timestore-sim ]] || die "there is no $1/bin/timestore-sim; build it first."
      simulators+=("$1/bin/timestore-sim")
      ;;
  esac
  shift
done
((least >= 4)) || die "--least needs a number from 4 on."
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
    echo "The builds differ. The first different lines follow, those of the second build further right:"
    comm -3 <(sort "$scratch/one") <(sort "$scratch/other") | head -n 6 || true
  elif (($(wc -l <"$scratch/one") != $(count_of "$compared"))); then
    status=1
    echo "Only $(wc -l <"$scratch/one") of them ran."
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

# run_seeds LEAST COMMAND...: fails if a seed is violated, or if fewer than LEAST ran.
run_seeds() {
  local at_least=$1 status=0 ran
  shift
  printf '\n-- %s\n' "$*"
  "$simulator" "$@" --jobs "$jobs" --json 2>&1 >"$scratch/lines" | tee "$scratch/words" || status=$?
  jq -r 'select(.verdict == "violation") | "seed \(.seed): \(.violation): \(.detail)\n  \(.replay)"' "$scratch/lines" || status=1
  ran=$(wc -l <"$scratch/lines")
  if ((ran < at_least)); then
    echo "Only $ran seeds ran, of $at_least."
    status=1
  fi
  if [[ $1 == marks ]] && ! all_marks_are_known; then status=1; fi
  count $status
}

# Whether the simulator's table of marks has all those of the sources.
all_marks_are_known() {
  local unknown
  unknown=$(comm -23 <("$root/tools/promised.sh" marks) <(sed -nE 's/^ *[0-9]+ +[0-9-]+  //p' "$scratch/words" | LC_ALL=C sort))
  [[ -n $unknown ]] || return 0
  printf 'The sources have marks that the simulator does not know:\n%s\n' "$unknown"
  return 1
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

started=$SECONDS
((${#simulators[@]} == 1)) || compare_builds
run_kept_seeds
run_seeds $(($(count_of "$reaching") + least)) marks --seeds "$reaching,1..$least"
run_seeds $((least / 4)) run --seeds "fresh:$((least / 4))"
# The seeds that run at the end of a budget still need a moment.
left=$((minutes * 60 - (SECONDS - started) - 10))
if ((left > 20)); then
  run_seeds 1 run --seeds "$((least + 1))..1000000" --budget-seconds $((left / 2))
  run_seeds 1 run --seeds fresh:1000000 --budget-seconds $((left / 2))
fi

printf '\n%d passed, %d failed\n' "$passed" "$failed"
((failed == 0))
