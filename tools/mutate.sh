#!/usr/bin/env bash
# Plants bugs and counts the seeds that the simulator needs to find each of them.
#
#   tools/mutate.sh                     every planted bug, tests/mutants/*.patch
#   tools/mutate.sh NAME...             only these; a NAME may also be the path of a patch
#   tools/mutate.sh --draw N            N of them, drawn anew each time
#   tools/mutate.sh --draw N --minutes M    and more, until M minutes are over
#   tools/mutate.sh --seeds N           give up on a bug after seeds 1 to N (default: 2000)
#   tools/mutate.sh --jobs N            run N seeds at a time (default: one for each processor)
#
# A planted bug is a unified diff against the tree. Above the diff stand lines of its header:
#   Rule:     the rule that it breaks, in a sentence
#   Breaks:   what follows from that: election safety, durability, linearizability, liveness, ...
#   Seen:     where a real system broke it; or: own
#   Options:  optional, more flags for `timestore-sim run`, such as: --nodes 4
#
# Prints a line for each bug: which checker caught it, how many seeds it took, and how many seconds of processor time.
# A bug only counts as caught if the same seed holds without it. The exit status is 1 if a bug was not caught, and 2
# for wrong usage. Bugs are planted in a copy of the tree under build-mutants/, which is kept so that later runs build
# little; nothing else is changed.
set -euo pipefail
export LC_ALL=C  # numbers have points

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scratch=$root/build-mutants
original=$scratch/original  # the tree as it was when this run began
tree=$scratch/tree          # where bugs are planted
build=$scratch/build
seeds=2000
jobs=$(nproc)
limit_seconds=60  # of processor time; an ordinary seed needs less than one, the longest need four
draw=0  # none is drawn
minutes=0
patches=()

usage() { sed -n '2,/^set /{s/^# \{0,1\}//;/^set /d;p}' "${BASH_SOURCE[0]}"; }
say() { printf 'mutate.sh: %s\n' "$*" >&2; }
die() {
  say "$*"
  exit 2
}

number_after() {
  [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "$1 needs a number; try --help."
  echo "$2"
}

while (($# > 0)); do
  case $1 in
    --seeds) seeds=$(number_after "$@"); shift ;;
    --draw) draw=$(number_after "$@"); shift ;;
    --minutes) minutes=$(number_after "$@"); shift ;;
    --jobs) jobs=$(number_after "$@"); shift ;;
    --help | -h) usage; exit 0 ;;
    -*) die "unknown option '$1'; try --help." ;;
    *)
      patch=$1
      [[ -f $patch ]] || patch=$root/tests/mutants/${1%.patch}.patch
      [[ -f $patch ]] || die "there is no planted bug '$1'; ls tests/mutants shows them."
      patches+=("$(realpath "$patch")")
      ;;
  esac
  shift
done
if ((${#patches[@]} == 0)); then
  mapfile -t patches < <("$root/tools/promised.sh" bugs | sed "s|.*|$root/tests/mutants/&.patch|")
  ((${#patches[@]} > 0)) || die "there are no patches in tests/mutants."
fi
((draw <= ${#patches[@]})) || die "there are only ${#patches[@]} bugs to draw from."
if ((draw > 0)); then
  mapfile -t patches < <(printf '%s\n' "${patches[@]}" | shuf)
fi

# header NAME PATCH: what the patch's header says after "NAME: ".
header() { sed -n "/^\(---\|diff \)/q; s/^$1: *//p" "$2"; }

# restore: makes $tree what $original is. A file that differs gets a new date, so that Ninja builds it again.
restore() {
  local file
  while IFS= read -r -d '' file; do
    cmp -s "$original/$file" "$tree/$file" && continue
    mkdir -p "$tree/$(dirname "$file")"
    cp "$original/$file" "$tree/$file"
  done < <(cd "$original" && find . -type f -print0)
  while IFS= read -r -d '' file; do
    [[ -e $original/$file ]] || rm "$tree/$file"
  done < <(cd "$tree" && find . -type f -print0)
}

take_copy() {
  local part
  mkdir -p "$tree"
  rm -rf "$original"
  mkdir "$original"
  for part in CMakeLists.txt engine sim net tools bench; do
    if [[ -e $root/$part ]]; then cp -R "$root/$part" "$original/"; fi
  done
  restore
}

# Warnings are the unbroken tree's business (-w), and nobody debugs these programs (no -g).
configure() {
  local launcher=()
  command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  CXX=${CXX:-g++} cmake -S "$tree" -B "$build" -G Ninja "${launcher[@]}" -DBUILD_TESTING=OFF -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_CXX_FLAGS=-w -DCMAKE_CXX_FLAGS_RELEASE=-O2 >"$scratch/configure.log" 2>&1
}

build_simulator() { cmake --build "$build" --target timestore-sim >"$1" 2>&1; }

# not_caught FATE REASON [SEEDS CPU-SECONDS]
not_caught() {
  [[ -z $2 ]] || say "$2"
  printf '%s\t%s\t%s\n' "$1" "${3:--}" "${4:--}"
}

# hunt PATCH: runs seeds with the bug planted until one is violated. Prints what to say in the table, separated by tabs:
# who caught it (or, in capitals, why nobody did), the number of seeds, and their processor time.
hunt() {
  local name options caught checker seed cpu status=0
  name=$(basename "$1" .patch)
  read -ra options <<<"$(header Options "$1")"
  if ! patch --directory="$tree" --strip=1 --fuzz=0 --forward --batch <"$1" >"$scratch/$name.patch.log" 2>&1; then
    not_caught "DOES NOT APPLY" "$name does not apply: see $scratch/$name.patch.log"
    return
  fi
  say "$name: building"
  if ! build_simulator "$scratch/$name.build.log"; then
    not_caught "DOES NOT BUILD" "$name does not build: see $scratch/$name.build.log"
    return
  fi
  say "$name: running seeds"
  "$build/bin/timestore-sim" run --seeds "1..$seeds" --jobs "$jobs" --limit-seconds "$limit_seconds" --until-violation \
    --json "${options[@]}" >"$scratch/$name.json" 2>"$scratch/$name.run.log" || status=$?
  if ((status > 1)); then
    not_caught "DOES NOT RUN" "$name does not run: see $scratch/$name.run.log"
    return
  fi
  # Seeds above the caught one may have run beside it; they do not count.
  caught=$(jq -rs 'map(.verdict == "violation") as $broken | ($broken | index(true)) as $at
    | if $at == null then empty else [.[$at].checker, .[$at].seed, ([.[:$at + 1][].cpuSeconds] | add)] | @tsv end' \
    "$scratch/$name.json")
  if [[ -z $caught ]]; then
    not_caught "NOT CAUGHT" "" "$(wc -l <"$scratch/$name.json")" "$(jq -s 'map(.cpuSeconds) | add // 0' "$scratch/$name.json")"
    return
  fi
  IFS=$'\t' read -r checker seed cpu <<<"$caught"
  if ! "$scratch/unbroken-sim" run --seed "$seed" --limit-seconds "$limit_seconds" "${options[@]}" \
    >"$scratch/$name.unbroken.log" 2>&1; then
    not_caught "FAILS WITHOUT IT" "seed $seed fails without $name too: see $scratch/$name.unbroken.log"
    return
  fi
  printf '%s\t%s\t%s\n' "$checker" "$seed" "$cpu"
}

# spread FORMAT NUMBER...: the median and the worst.
spread() {
  local format=$1
  shift
  printf '%s\n' "$@" | sort -g | awk -v format="median $format, worst $format" '{ n[NR] = $1 } END { printf format, n[int((NR + 1) / 2)], n[NR] }'
}

"$root/tools/deps.sh"
mkdir -p "$scratch"
exec 9>"$scratch/lock"
flock -n 9 || die "another mutate.sh is at work in $scratch."
ulimit -c 0

take_copy
configure || { cat "$scratch/configure.log" >&2; die "CMake could not configure the copy; its words are above."; }
say "building the unbroken simulator"
build_simulator "$scratch/build.log" || { cat "$scratch/build.log" >&2; die "the unbroken tree does not build."; }
cp "$build/bin/timestore-sim" "$scratch/unbroken-sim"

caught_seeds=()
caught_cpu=()
survived=0
planted=0
started=$SECONDS
printf '%-56s %-18s %8s %10s\n' "bug" "caught by" "seeds" "CPU s"
for patch in "${patches[@]}"; do
  ((draw == 0 || planted < draw || SECONDS - started < minutes * 60)) || break
  planted=$((planted + 1))
  restore
  IFS=$'\t' read -r checker seed cpu < <(hunt "$patch") || die "the hunt for $patch ended in disorder; its words are above."
  printf '%-56s %-18s %8s %10s\n' "$(basename "$patch" .patch)" "$checker" "$seed" "$(printf '%.1f' "${cpu/-/0}")"
  if [[ $checker == [A-Z]* ]]; then
    survived=$((survived + 1))
  else
    caught_seeds+=("$seed")
    caught_cpu+=("$cpu")
  fi
done
restore

printf '\n%d bugs, %d caught' "$planted" "${#caught_seeds[@]}"
if ((${#caught_seeds[@]} > 0)); then
  printf '; seeds: %s; CPU seconds: %s' "$(spread %d "${caught_seeds[@]}")" "$(spread %.1f "${caught_cpu[@]}")"
fi
printf '\n'
((survived == 0))
