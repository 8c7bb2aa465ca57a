#!/usr/bin/env bash
# tools/test.sh, copied into a small project whose tests pass, fail, skip themselves and cannot start.
#   test_sh_test.sh SOURCE-ROOT
set -euo pipefail
source "$(dirname "$0")/claims.sh"
root=$1

project=$scratch/project
mkdir -p "$project"/{tools,bench,tests/{engine,net}}
cp "$root"/tools/{test,promised}.sh "$project/tools/"
printf '#!/bin/sh\n' >"$project/tools/deps.sh"
# The seeds' part, which says what $project/seeds says, and the planted bugs', which says what $project/bugs says.
printf '#!/bin/sh\necho "$*" >>"%s"\ncat "%s"\n! grep -q "[1-9][0-9]* failed" "%s"\n' "$scratch/seed_calls" "$project/seeds" "$project/seeds" >"$project/tools/seeds.sh"
printf '#!/bin/sh\necho "$*" >>"%s"\ncat "%s"\n' "$scratch/bug_calls" "$project/bugs" >"$project/tools/mutate.sh"
echo '4 passed, 0 failed' >"$project/seeds"
echo '5 bugs, 5 caught; seeds: median 1, worst 1' >"$project/bugs"
chmod +x "$project"/tools/*.sh
cat >"$project/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(small LANGUAGES NONE)
message(STATUS "sanitizer '${TIMESTORE_SANITIZE}'")
foreach(program timestored timestore-sim sim_checkers_test sim_disk_test sim_run_test sim_script_test)
  add_custom_target(${program})
endforeach()
enable_testing()
add_custom_target(timestore-bench)
add_subdirectory(tools)
add_subdirectory(bench)
add_subdirectory(tests)
CMAKE
touch "$project/tools/CMakeLists.txt"
echo 'add_custom_target(bench_program)' >"$project/bench/CMakeLists.txt"
echo 'add_custom_target(net_test)' >"$project/tests/net/CMakeLists.txt"
echo 'add_custom_target(engine_test)' >"$project/tests/engine/CMakeLists.txt"

# tests LINES: the small project's tests, beside its engine and net folders.
tests() { printf '%s\n' 'add_subdirectory(engine)' 'add_subdirectory(net)' "$@" >"$project/tests/CMakeLists.txt"; }
test_sh() { "$project/tools/test.sh" "$@"; }
last_line() { output=${output##*$'\n'}; }

good_tests=(
  'add_test(NAME good COMMAND true)'   'set_tests_properties(good PROPERTIES LABELS unit)'
  'add_test(NAME wire COMMAND true)'   'set_tests_properties(wire PROPERTIES LABELS net)'
  'add_test(NAME whole COMMAND true)'  'set_tests_properties(whole PROPERTIES LABELS "system;sanitized-system")'
  'add_test(NAME long COMMAND true)'   'set_tests_properties(long PROPERTIES LABELS "system;full")'
)

claim "one compiler, every test but the long ones, and some seeds are the everyday run"
tests "${good_tests[@]}"
run test_sh
expect_status 0
last_line
expect_output "6 passed, 0 failed"  # good and wire, and four of the seeds
[[ $(<"$scratch/seed_calls") == "--least 120 --minutes 0 $project/build" ]] || fail "$(<"$scratch/seed_calls")"
[[ ! -e $scratch/bug_calls && ! -e $project/build-address ]] || fail "that was more"

claim "--full runs every stage with its labels, and the sums are over all stages"
run test_sh --full
expect_status 0
last_line
# four with g++, good and whole with the address sanitizer, wire with the thread sanitizer, four of the seeds, five bugs
expect_output "16 passed, 0 failed"
[[ $(tail -n 1 "$scratch/seed_calls") == *"$project/build $project/build-address" ]] || fail "$(<"$scratch/seed_calls")"
[[ $(<"$scratch/bug_calls") == "--draw 2 --minutes 1" ]] || fail "$(<"$scratch/bug_calls")"

claim "a bug that survives is a failure, and so is one that is not planted"
echo '5 bugs, 3 caught' >"$project/bugs"
run test_sh --full
expect_status 1
expect_contains "2 of 5 survived"
last_line
expect_output "14 passed, 2 failed"
for words in '1 bugs, 1 caught' 'nothing'; do
  echo "$words" >"$project/bugs"
  run test_sh --full
  expect_status 1
  expect_contains "were tried, of 2"
done
echo '5 bugs, 5 caught' >"$project/bugs"

claim "a test that the sources have and CTest does not know is a failure, by its name"
printf 'TEST(Suite, instance) {}\nRC_GTEST_PROP(Suite,\n              lost, ()) {}\n  TEST(Suite, not_at_the_beginning)\n' >"$project/tests/engine/small_test.cc"
mkdir -p "$project/tests/scenarios/reads"
touch "$project/tests/scenarios/reads/"{known,unknown}.txt
tests "${good_tests[@]}" \
  'add_test(NAME "In/Suite.instance/1  # GetParam() = 1" COMMAND true)' 'add_test(NAME Scenario.holds/reads_known COMMAND true)'
run test_sh
expect_status 1
expect_contains $'that CTest does not know:\nScenario.holds/reads_unknown\nSuite.lost\n'
last_line
expect_output "8 passed, 1 failed"
rm -r "$project/tests/scenarios" "$project/tests/engine/small_test.cc"

claim "failures, time-outs and programs that are not there all count, and so does a test that skips itself"
tests "${good_tests[@]}" \
  'add_test(NAME bad COMMAND sh -c [[echo "bad reason"; echo "<testcase name=\"x\" status=\"run\">"; exit 1]])' \
  'add_test(NAME "quoted \"name\"" COMMAND false)' \
  'add_test(NAME absent COMMAND /nonexistent)' \
  'add_test(NAME slow COMMAND sleep 60)' 'set_tests_properties(slow PROPERTIES TIMEOUT 1)' \
  'add_test(NAME shy COMMAND echo shy)'  'set_tests_properties(shy PROPERTIES SKIP_REGULAR_EXPRESSION shy)'
run test_sh
expect_status 1
expect_contains "bad reason"
output=${output##*== what failed}
for line in "g++: bad, after 0 s:" "    bad reason" '    <testcase name="x" status="run">' 'g++: quoted "name", after 0 s:' \
  "g++: slow, after 1 s:" "g++: shy, after" "g++: absent, after 0 s:" "    Unable to find executable: /nonexistent"; do
  expect_contains "$line"
done
last_line
expect_output "6 passed, 5 failed"

claim "what does not build is a failure and hides no later stage"
tests "${good_tests[@]}" 'add_custom_target(broken ALL COMMAND false)'
run test_sh --full
expect_status 1
output=${output##*== what failed}
expect_contains "g++: not everything builds"
last_line
expect_output "16 passed, 1 failed"

claim "a project that cannot be configured fails in every stage"
tests 'message(FATAL_ERROR "no way")'
run test_sh --full
expect_status 1
last_line
expect_output "9 passed, 3 failed"

claim "a violated seed is a failure, and so are seeds that do not come to their end"
tests "${good_tests[@]}"
echo '3 passed, 1 failed' >"$project/seeds"
run test_sh
expect_status 1
last_line
expect_output "5 passed, 1 failed"
printf '#!/bin/sh\necho "5 passed, 0 failed of something else"\nexit 3\n' >"$project/tools/seeds.sh"
run test_sh
expect_status 1
output=${output##*== what failed}
expect_contains "did not come to its end"
last_line
expect_output "2 passed, 1 failed"
echo '4 passed, 0 failed' >"$project/seeds"

claim "a stage that finds no tests is a failure"
tests
run test_sh
expect_status 1
expect_contains "0 tests are in the results"

claim "an unknown option is refused before anything is built"
run test_sh --slow
expect_status 2
expect_output "test.sh: unknown option '--slow'; try --help."
