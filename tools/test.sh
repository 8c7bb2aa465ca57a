#!/usr/bin/env bash
# Installs what is missing, builds, and runs the tests. The last line says: N passed, N failed.
#
#   tools/test.sh          for every commit: one compiler, all tests except the long ones (CTest's label "full"), and some
#                          of the simulator's seeds. A quarter of an hour on two processors.
#   tools/test.sh --full   everything: all tests; clang with the address and undefined-behaviour sanitizers, and with the
#                          thread sanitizer; many seeds, some of which must be the same in the first two builds; and
#                          some planted bugs, drawn anew each time. 45 minutes on two processors.
#
# The exit status is 1 if a test failed or was skipped, a seed is violated, a mark is not reached, a planted bug survives,
# something did not build, or fewer of them ran than the tree promises (tools/promised.sh). Builds are kept in build/,
# build-address/, build-thread/ and build-mutants/, so a second run is quick. If a stage fails, the later ones still run.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
passed=0
failed=0
failures=()  # what is told of them once more at the end, behind everything else

usage() { sed -n '2,/^set /{s/^# \{0,1\}//;/^set /d;p}' "${BASH_SOURCE[0]}"; }

# fail WHAT: one more failure, which is told at once and again at the end.
fail() {
  echo "$1"
  failures+=("$1")
  failed=$((failed + 1))
}
die() {
  printf 'test.sh: %s\n' "$*" >&2
  exit 2
}

full=no
for option in "$@"; do
  case $option in
    --full) full=yes ;;
    --help | -h) usage; exit 0 ;;
    *) die "unknown option '$option'; try --help." ;;
  esac
done

# names_of BUILD CTEST-ARGUMENTS...: the tests that CTest selects there.
names_of() {
  local build=$1
  shift
  ctest --test-dir "$build" -N "$@" | sed -nE 's/^ *Test +#[0-9]+: //p'
}

# count_results TITLE FILE SELECTED: adds CTest's JUnit results to the sums. A test that could not be run, skipped itself or
# is disabled has not passed, so it counts as failed. CTest escapes whatever a test prints, so these lines can only be
# its own.
count_results() {
  local all ran
  all=$(grep -c '^[[:space:]]*<testcase ' "$2") || true
  ran=$(grep -c '^[[:space:]]*<testcase .* status="run">$' "$2") || true
  if ((all == 0 || all < $3)); then
    fail "$1: $all tests are in the results, of $3."
  fi
  passed=$((passed + ran))
  if ((all > ran)); then
    failed=$((failed + all - ran))
    failures+=("$(failures_in "$1" "$2")")
  fi
}

# check_promise BUILD: whether CTest knows every test that the sources define.
check_promise() {
  local unknown
  unknown=$(comm -23 <("$root/tools/promised.sh" tests) <(names_of "$1" | "$root/tools/promised.sh" plain))
  [[ -z $unknown ]] || fail "The sources define tests that CTest does not know:"$'\n'"$unknown"
}

# failures_in TITLE FILE: names the tests that failed according to CTest's JUnit results, with the last lines that each
# of them printed.
failures_in() {
  awk -v title="$1" '
    function plain(text) {
      gsub(/&lt;/, "<", text); gsub(/&gt;/, ">", text); gsub(/&quot;/, "\"", text); gsub(/&apos;/, "\x27", text)
      gsub(/&amp;/, "\\&", text)
      return text
    }
    /^\t<testcase / {
      failed = !/ status="run">$/
      lines = 0
      name = $0; sub(/.* name="/, "", name); sub(/" classname=.*/, "", name)
      time = $0; sub(/.* time="/, "", time); sub(/".*/, "", time)
    }
    { if (sub(/^\t\t<system-out>/, "")) prints = 1 }
    prints {
      if (sub(/<\/system-out>$/, "")) prints = 0
      line[lines++] = plain($0)
    }
    /^\t<\/testcase>$/ && failed {
      printf "%s: %s, after %.0f s:\n", title, plain(name), time
      for (at = lines > 20 ? lines - 20 : 0; at < lines; ++at) print "    " line[at]
    }' "$2"
}

# run_tests TITLE DIRECTORY CTEST-ARGUMENTS...: runs tests that are built, and counts them.
run_tests() {
  local title=$1 results=$2/test-results.xml build=$2
  shift 2
  rm -f "$results"
  ctest --test-dir "$build" -j 2 --timeout 1200 --output-on-failure --output-junit "$results" "$@" || true
  if [[ -f $results ]]; then
    count_results "$title" "$results" "$(names_of "$build" "$@" | wc -l)"
  else
    fail "$title: CTest left no results."
  fi
}

# stage TITLE DIRECTORY SANITIZER TARGETS CTEST-ARGUMENTS...: configures, builds and tests one build directory.
stage() {
  local title=$1 build=$root/$2 sanitizer=$3 targets=$4 started=$SECONDS launcher=()
  shift 4
  command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
  printf '\n== %s (%s)\n' "$title" "${build##*/}"
  # Some files at a time (unity) are built in a third of the time that they need one by one. So a name in an unnamed
  # namespace means one thing in all files of a library.
  if ! cmake -S "$root" -B "$build" -G Ninja "${launcher[@]}" "-DTIMESTORE_SANITIZE=$sanitizer" --log-level=WARNING \
    -DCMAKE_UNITY_BUILD=ON -DCMAKE_UNITY_BUILD_BATCH_SIZE=10; then
    fail "$title: CMake could not configure; none of these tests ran."
    return
  fi
  # shellcheck disable=SC2086  # targets is a list of words
  if ! cmake --build "$build" --target $targets -- --quiet -k 0; then
    fail "$title: not everything builds. What does build is tested."
  fi
  printf -- '-- built in %d s\n' $((SECONDS - started))
  run_tests "$title" "$build" "$@"
  # The system tests of the first stage can drive any timestored: that of this stage too, where it is asked for.
  if ((${#drive[@]} > 0)); then
    TIMESTORED=$build/bin/timestored run_tests "$title, whole processes" "$root/build" "${drive[@]}"
  fi
  printf -- '-- %s: %d s\n' "$title" $((SECONDS - started))
}

# run_seeds ARGUMENTS...: runs simulator seeds, and counts what their last line says.
run_seeds() {
  local results=$root/build/seeds.log status=0 counts=()
  printf '\n== seeds\n'
  "$root/tools/seeds.sh" "$@" 2>&1 | tee "$results" || status=$?
  if read -r -a counts < <(grep -xE '[0-9]+ passed, [0-9]+ failed' "$results" | tail -n 1); then
    passed=$((passed + counts[0]))
    failed=$((failed + counts[2]))
    ((counts[2] == 0)) || failures+=("seeds: ${counts[2]} failed; see above.")
  fi
  if ((status != 0 && (${#counts[@]} == 0 || counts[2] == 0))); then
    fail "seeds: tools/seeds.sh did not come to its end."
  fi
}

# run_bugs LEAST MINUTES: plants so many bugs, and more while there is time. Each that is caught has passed.
run_bugs() {
  local results=$root/build/bugs.log status=0 bugs=0 caught=0
  printf '\n== planted bugs\n'
  "$root/tools/mutate.sh" --draw "$1" --minutes "$2" 2>&1 | tee "$results" || status=$?
  read -r bugs caught < <(sed -nE 's/^([0-9]+) bugs, ([0-9]+) caught.*/\1 \2/p' "$results") || true
  passed=$((passed + caught))
  if ((caught < bugs)); then
    failed=$((failed + bugs - caught))
    failures+=("planted bugs: $((bugs - caught)) of $bugs survived; see above.")
  elif ((status != 0 || bugs < $1)); then
    fail "planted bugs: only $bugs were tried, of $1."
  fi
}

"$root/tools/deps.sh"

drive=()
if [[ $full == no ]]; then
  CXX=g++ stage "g++" build "" "tests/all tools/all timestore-bench" -LE '^(full|sanitized-system)$'
  check_promise "$root/build"
  run_seeds --least 120 --minutes 0 "$root/build"
else
  CXX=g++ stage "g++" build "" all
  check_promise "$root/build"
  export UBSAN_OPTIONS=print_stacktrace=1 TSAN_OPTIONS=second_deadlock_stack=1
  drive=(-L '^sanitized-system$')
  # Of the simulator's tests all but the crash points, which need minutes there; the seeds that follow run in this build too.
  CXX=clang++ stage "clang, address and undefined behaviour" build-address address \
    "tests/engine/all sim_checkers_test sim_disk_test sim_run_test sim_script_test timestored timestore-sim" \
    -L '^unit$'
  drive=()
  CXX=clang++ stage "clang, threads" build-thread thread tests/net/all -L '^net$'
  run_seeds --least 600 --minutes 2 "$root/build" "$root/build-address"
  run_bugs 2 1
fi

((${#failures[@]} == 0)) || printf '\n== what failed\n'
printf '%s\n' "${failures[@]}"
printf 'Took %d s.\n' "$SECONDS"
echo "$passed passed, $failed failed"
((failed == 0))
