#!/usr/bin/env bash
# timestore-sim's command line, over a simulator that only pretends (campaign_double.cc says what its seeds do).
#   command_line_test.sh BUILD-DIRECTORY
set -euo pipefail
source "$(dirname "$0")/claims.sh"
sim=$1/bin/campaign_double
ulimit -c 0

# lines_of COMMAND...: its standard output, without the processor time, which differs from run to run.
lines_of() { { "$@" 2>"$scratch/stderr" || true; } | jq -c 'del(.cpuSeconds)'; }

claim "seeds that hold are exit status 0, and the summary says which they were"
run "$sim" run --seeds 1..12
expect_status 0
expect_contains "seeds 1..12: all held"
expect_contains "histories searched blindly: 36; too long or too hard and left out: 24"

claim "with --json there is one line for each seed, with exactly these members, and nothing else on standard output"
lines=$("$sim" run --seeds 1..12 --nodes 3 --seconds 5 --json 2>"$scratch/stderr")
[[ $(wc -l <<<"$lines") == 12 ]] || fail "$lines"
members=$(jq -c keys_unsorted <<<"$lines" | sort -u)
[[ $members == '["seed","verdict","hash","events","simSeconds","cpuSeconds","leaderChanges","commits","faults","nodes","restarts","searchedHistories","leftOutHistories"]' ]] || fail "$members"
jq -es 'all(.[]; .verdict == "ok" and (.hash | test("^[0-9a-f]{16}$")) and .simSeconds == 5 and .nodes == 3
  and .searchedHistories == 3 and .leftOutHistories == 2)' <<<"$lines" >/dev/null || fail "$lines"
grep -q "seeds 1..12: all held" "$scratch/stderr" || fail "$(<"$scratch/stderr")"

claim "jobs change neither the lines nor their order"
one_job=$(lines_of "$sim" run --seeds 1..15 --limit-seconds 1 --json --jobs 1)
five_jobs=$(lines_of "$sim" run --seeds 1..15 --limit-seconds 1 --json --jobs 5)
[[ $one_job == "$five_jobs" ]] || fail "$(diff <(echo "$one_job") <(echo "$five_jobs"))"
[[ $(jq -c .seed <<<"$five_jobs") == "$(seq 1 15)" ]] || fail "seeds are not in order"

claim "a list of seeds is run in its order, each seed as often as it is named, whatever the number of jobs"
for jobs in 1 3; do
  lines=$(lines_of "$sim" run --seeds 9..11,3,20,9..10 --jobs $jobs --json)
  [[ $(jq -sc 'map(.seed)' <<<"$lines") == "[9,10,11,3,20,9,10]" ]] || fail "$lines"
  grep -q "seeds 9..11,3,20,9..10: all held" "$scratch/stderr" || fail "$(<"$scratch/stderr")"
done

claim "a violation is exit status 1 with the broken sentence, the timeline and the command that replays it"
run "$sim" run --seeds 10..13 --nodes 4 --fault all=off --fault "kill=on"
expect_status 1
expect_contains "one entry per index"
expect_contains "   1.50  leads"
expect_contains "seeds 10..13: 1 violated"
replay=$(sed -n 's/^  replay   //p' <<<"$output")
[[ $replay == "$sim run --seed 13 --nodes 4 --fault all=off --fault kill=on" ]] || fail "$replay"

claim "the command that replays a violation does"
hash_of() { { "$@" --json 2>"$scratch/stderr" || true; } | jq -r 'select(.seed == 13) | .hash'; }
# shellcheck disable=SC2086  # it is a command line
[[ $(hash_of "$sim" run --seeds 10..13 --nodes 4 --fault all=off --fault kill=on) == "$(hash_of $replay)" ]] || fail "$replay"
[[ $(hash_of "$sim" run --seed 13) != "$(hash_of "$sim" run --seed 13 --nodes 4)" ]] || fail "options do not matter"

claim "in JSON a violation says the same"
line=$("$sim" run --seed 13 --json 2>"$scratch/stderr") && fail "exit status 0"
jq -e --arg replay "$sim run --seed 13" '.verdict == "violation" and .violation == "ledger: one entry per index"
  and .checker == "ledger" and .replay == $replay and (.timeline | length) == 2' <<<"$line" >/dev/null || fail "$line"

claim "a run that crashes, hangs or eats memory is a violation of its seed, and the campaign goes on"
run "$sim" run --seeds 14..18 --limit-seconds 1 --jobs 2
expect_status 1
for caught in "seed 14: a violation, found by crash" "seed 15: a violation, found by hang" "seed 17: a violation, found by crash"; do
  expect_contains "$caught"
done
expect_contains "run --seed 15 --limit-seconds 1"
expect_contains "seeds 14..18: 3 violated"

claim "--verify finds the seed that is never the same twice"
run "$sim" run --seeds 16..16
expect_status 0
run "$sim" run --seeds 16..16 --verify
expect_status 1
expect_contains "a seed is always the same run"
expect_contains "run --seed 16 --verify"

claim "--until-violation stops at the first one"
lines=$("$sim" run --seeds 1..1000 --until-violation --json 2>"$scratch/stderr") && fail "exit status 0"
[[ $(jq -s 'map(.seed) == [range(1; 14)]' <<<"$lines") == true ]] || fail "$lines"
run "$sim" run --seeds 20,13,1..1000 --until-violation
expect_status 1
expect_contains "the first 2 of the 1002 seeds 20,13,1..1000 (stopped there): 1 violated"

claim "a list of choices is replayed with the options that it was recorded with, and needs none of them again"
"$sim" run --seed 9 --nodes 4 --seconds 30 --fault all=off --record "$scratch/choices" >/dev/null
[[ $(head -n 1 "$scratch/choices") == "# timestore-sim run --seed 9 --nodes 4 --seconds 30 --fault all=off" ]] || fail "$(<"$scratch/choices")"
recorded=$(lines_of "$sim" run --seed 9 --nodes 4 --seconds 30 --fault all=off --json)
[[ $(lines_of "$sim" run --choices "$scratch/choices" --json) == "$recorded" ]] || fail "not $recorded"
[[ $(lines_of "$sim" run --seed 9 --nodes 4 --choices "$scratch/choices" --json) == "$recorded" ]] || fail "not $recorded"

claim "a list that is recorded while one is replayed says the same"
"$sim" run --choices "$scratch/choices" --record "$scratch/again" >/dev/null
run diff "$scratch/choices" "$scratch/again"
expect_status 0

claim "--trace writes what happened, once, even when the seed runs twice"
"$sim" run --seed 1 --verify --trace "$scratch/trace" >/dev/null
[[ $(<"$scratch/trace") == pretended ]] || fail "$(<"$scratch/trace")"

claim "fresh seeds are told by their numbers before they run"
run "$sim" run --seeds fresh:3
expect_status 0
range=$(sed -n 's/^timestore-sim: --seeds //p' <<<"$output")
[[ $range =~ ^[0-9]{7,}\.\.[0-9]{7,}$ ]] || fail "$output"
expect_contains "seeds $range: all held"
run "$sim" run --seeds 7,fresh:3
expect_status 0
list=$(sed -n 's/^timestore-sim: --seeds //p' <<<"$output")
[[ $list =~ ^7,[0-9]{7,}\.\.[0-9]{7,}$ ]] || fail "$output"
expect_contains "seeds $list: all held"

claim "faults are listed with what they do"
run "$sim" faults
expect_status 0
(($(wc -l <<<"$output") >= 10)) || fail "$output"

claim "marks lists every mark by its name, and one that was never reached is exit status 1"
run "$sim" marks --seeds 1..4
expect_status 1
expect_contains "   4             1  pretence: a seed ran"
expect_contains "never: pretence: the fifth seed ran"
names=$(sed -nE 's/^ *[0-9]+ +[0-9-]+  (.*)/\1/p' <<<"$output")
(($(wc -l <<<"$names") > 100)) || fail "$output"
[[ $names == "$(LC_ALL=C sort <<<"$names")" ]] || fail "$names"

claim "marks --json prints a line for each seed, and the table beside it"
"$sim" marks --seeds 1..4 --json >"$scratch/lines" 2>"$scratch/table" || true
jq -es 'map(.seed) == [1, 2, 3, 4]' "$scratch/lines" >/dev/null || fail "$(<"$scratch/lines")"
grep -qE '^[0-9]+ marks, [0-9]+ never reached$' "$scratch/table" || fail "$(<"$scratch/table")"

claim "run --marks prints the same table, but demands nothing"
run "$sim" run --seeds 1..4 --marks
expect_status 0
expect_contains "never: pretence: the fifth seed ran"

claim "script --help prints the language"
run "$sim" script --help
expect_status 0
expect_contains "propose"

# refused WORDS HINT: this command line is exit status 2 with that hint, and nothing ran.
refused() {
  claim "wrong usage: $1"
  # shellcheck disable=SC2086  # words of a command line
  run "$sim" $1
  expect_status 2
  expect_contains "$2"
  expect_lacks "held"
}
refused "" "try: timestore-sim --help"
refused "jump" "try: timestore-sim --help"
refused "run --jump" "try: timestore-sim run --help"
refused "run --seed x" "--seed"
refused "run --seed -1" "--seed"
refused "run --seeds 4..1" "'4..1' ends before it begins; write seeds as in 7, 1..2000, 1..250,1492 or fresh:200"
refused "run --seeds 1..3,x" "'x' is no range of seeds"
refused "run --seeds 1..3,,7" "'1..3,,7' has an empty part"
refused "marks --seeds 1,18446744073709551616" "'18446744073709551616' goes beyond the last seed"
refused "run --seed 1 --seeds 1..2" "excludes"
refused "run --nodes 0" "1 to 7"
refused "run --nodes 8" "1 to 7"
refused "run --seconds 0" "--seconds"
refused "run --jobs 0" "--jobs"
refused "run --fault kill" "NAME=on, NAME=off or NAME=1 to NAME=3"
refused "run --fault kill=maybe" "NAME=on, NAME=off or NAME=1 to NAME=3"
refused "run --fault kill=4" "NAME=1 to NAME=3"
refused "run --fault gremlins=on" "timestore-sim faults"
refused "run --seed 1 --choices $scratch/absent" "cannot be read"
printf '# timestore-sim run --seed 9\nnonsense\n' >"$scratch/nonsense"
refused "run --choices $scratch/nonsense" "name subject occasion counter value"
refused "run --choices $0" "must say what it was recorded with: # timestore-sim run --seed N"
refused "run --choices $scratch/choices --seed 8" "was not recorded with this --seed"
refused "run --choices $scratch/choices --seeds 1..2" "was not recorded with this --seeds"
refused "run --choices $scratch/choices --nodes 5" "was not recorded with this --nodes"
refused "run --choices $scratch/choices --seconds 60" "was not recorded with this --seconds"
refused "run --choices $scratch/choices --fault all=on" "was not recorded with this --fault"
refused "run --seed 1 --trace $scratch/absent/trace" "cannot be written"
refused "run --seeds 1..2 --record $scratch/record" "name it by --seed N"
refused "run --seeds 1,2 --trace $scratch/trace" "name it by --seed N"
refused "marks --nodes 3" "try: timestore-sim marks --help"
refused "script" "try: timestore-sim script --help"
refused "script $scratch/absent.txt" "absent.txt"

claim "an empty seed is called that"
run "$sim" run --seed ""
expect_status 2
expect_contains "'' is no number"

end() { kill -KILL "$1" 2>"$scratch/stderr"; }

claim "Ctrl-C and SIGTERM end the workers, and what ran is told"
for signal in INT TERM; do
  "$sim" run --seeds 15..1000000 --jobs 3 --limit-seconds 0 >"$scratch/interrupted" 2>&1 &
  pid=$!
  at_exit+=("end $pid")
  await grep -q . "/proc/$pid/task/$pid/children" || fail "no worker was started"
  read -ra workers < <(cat "/proc/$pid/task/$pid/children"; echo)
  kill "-$signal" "$pid"
  status=0
  wait "$pid" || status=$?
  ((status > 128 || status == 1)) || fail "exit status $status"
  grep -q "interrupted after" "$scratch/interrupted" || fail "$(<"$scratch/interrupted")"
  for worker in "${workers[@]}"; do [[ ! -e /proc/$worker ]] || fail "worker $worker still runs"; done
done
