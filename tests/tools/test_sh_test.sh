#!/usr/bin/env bash
# tools/test.sh, copied into a small project whose tests pass, fail, skip themselves and cannot start.
#   test_sh_test.sh SOURCE-ROOT
set -euo pipefail
source "$(dirname "$0")/claims.sh"
root=$1

project=$scratch/project
mkdir -p "$project"/{tools,bench,tests/{engine,net}}
cp "$root/tools/test.sh" "$project/tools/"
printf '#!/bin/sh\n' >"$project/tools/deps.sh"
# The seeds' part, which says what $project/seeds says.
printf '#!/bin/sh\ncat "%s"\n! grep -q "[1-9][0-9]* failed" "%s"\n' "$project/seeds" "$project/seeds" >"$project/tools/seeds.sh"
echo '4 passed, 0 failed' >"$project/seeds"
chmod +x "$project"/tools/*.sh
cat >"$project/CMakeLists.txt" <<'CMAKE'
cmake_minimum_required(VERSION 3.25)
project(small LANGUAGES NONE)
message(STATUS "sanitizer '${TIMESTORE_SANITIZE}'")
foreach(program timestored timestore-sim sim_checkers_test sim_disk_test sim_run_test sim_script_test)
  add_custom_target(${program})
endforeach()
enable_testing()
add_subdirectory(bench)
add_subdirectory(tests)
CMAKE
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
)

claim "every stage runs its labels, and the sums are over all stages"
tests "${good_tests[@]}"
run test_sh
expect_status 0
last_line
# three with g++, good and whole with the address sanitizer, wire with the thread sanitizer, four of the seeds
expect_output "10 passed, 0 failed"

claim "--quick leaves out the sanitizers and the system tests"
run test_sh --quick
expect_status 0
last_line
expect_output "2 passed, 0 failed"

claim "-R narrows every stage, and a stage left without tests is no failure"
run test_sh -R '^wire$'
expect_status 0
last_line
expect_output "2 passed, 0 failed"

claim "failures, time-outs and programs that are not there all count; a skipped test does not"
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
  "g++: slow, after 1 s:" "g++: absent, after 0 s:" "    Unable to find executable: /nonexistent"; do
  expect_contains "$line"
done
expect_lacks shy
last_line
expect_output "10 passed, 4 failed"

claim "what does not build is a failure and hides no later stage"
tests "${good_tests[@]}" 'add_custom_target(broken ALL COMMAND false)'
run test_sh
expect_status 1
output=${output##*== what failed}
expect_contains "g++: not everything builds"
last_line
expect_output "10 passed, 1 failed"

claim "a project that cannot be configured fails in every stage"
tests 'message(FATAL_ERROR "no way")'
run test_sh
expect_status 1
last_line
expect_output "4 passed, 3 failed"

claim "a violated seed is a failure, and so are seeds that do not come to their end"
tests "${good_tests[@]}"
echo '3 passed, 1 failed' >"$project/seeds"
run test_sh
expect_status 1
last_line
expect_output "9 passed, 1 failed"
printf '#!/bin/sh\necho "5 passed, 0 failed of something else"\nexit 3\n' >"$project/tools/seeds.sh"
run test_sh
expect_status 1
output=${output##*== what failed}
expect_contains "did not come to its end"
last_line
expect_output "6 passed, 1 failed"

claim "a stage that finds no tests is a failure"
tests
run test_sh --quick
expect_status 1
last_line
expect_output "0 passed, 1 failed"

claim "an unknown option is refused before anything is built"
run test_sh --slow
expect_status 2
expect_output "test.sh: unknown option '--slow'; try --help."
