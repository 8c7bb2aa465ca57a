#!/usr/bin/env bash
# timestore-sim itself: a seed is always the same run, in whatever process, and from its list of choices too.
#   simulator_test.sh BUILD-DIRECTORY
set -euo pipefail
source "$(dirname "$0")/claims.sh"
sim=$1/bin/timestore-sim

# runs_of OPTIONS...: everything about the seeds that must be the same whenever they run.
runs_of() { "$sim" run --seconds 10 --json "$@" 2>"$scratch/stderr" | jq -c 'del(.cpuSeconds)'; }

claim "seeds hold, and do what they are for: leaders change, entries are committed, faults strike"
runs_of --seeds 1..12 --jobs 2 --verify >"$scratch/first"
jq -es 'length == 12 and all(.[]; .verdict == "ok" and .simSeconds >= 10) and (map(.commits) | add) > 100
  and (map(.faults) | add) > 10 and (map(.leaderChanges) | add) >= 12' "$scratch/first" >/dev/null || fail "$(<"$scratch/first")"

claim "other processes and another number of jobs give the same runs"
runs_of --seeds 1..12 --jobs 1 >"$scratch/second"
run diff "$scratch/first" "$scratch/second"
expect_status 0

claim "a seed is the same run after others and alone"
runs_of --seed 12 >"$scratch/alone"
run diff <(tail -n 1 "$scratch/first") "$scratch/alone"
expect_status 0

claim "a seed is the same run at other addresses, over memory that is not zero"
(
  export MALLOC_MMAP_THRESHOLD_=4096 MALLOC_PERTURB_=165 LONG
  LONG=$(printf '%050000d' 0)
  runs_of --seeds 1..12 --jobs 2
) >"$scratch/elsewhere"
run diff "$scratch/first" "$scratch/elsewhere"
expect_status 0

claim "a run can be repeated from its list of choices"
runs_of --seed 7 --record "$scratch/choices" >"$scratch/recorded"
runs_of --choices "$scratch/choices" >"$scratch/replayed"
run diff "$scratch/recorded" "$scratch/replayed"
expect_status 0

claim "a run without any choice but calm ones is another run, and it holds"
grep '^#' "$scratch/choices" >"$scratch/calm"
runs_of --choices "$scratch/calm" >"$scratch/calm.json"
[[ $(jq -r .verdict "$scratch/calm.json") == ok ]] || fail "$(<"$scratch/calm.json")"
[[ $(jq -r .hash "$scratch/calm.json") != "$(jq -r .hash "$scratch/recorded")" ]] || fail "choices do not matter"

claim "a trace tells everything that happened, and changes nothing"
runs_of --seed 7 --trace "$scratch/trace" >"$scratch/traced"
run diff "$scratch/recorded" "$scratch/traced"
expect_status 0
(($(wc -l <"$scratch/trace") > 100)) || fail "$(head "$scratch/trace")"

claim "without faults nothing is injected"
runs_of --seeds 1..3 --fault all=off >"$scratch/faultless"
jq -es 'all(.[]; .verdict == "ok" and .faults == 0)' "$scratch/faultless" >/dev/null || fail "$(<"$scratch/faultless")"

claim "every size of cluster can be asked for"
for nodes in 1 2 3 4 5 6 7; do
  [[ $(runs_of --seed 3 --nodes $nodes | jq -c '[.verdict, .nodes]') == "[\"ok\",$nodes]" ]] || fail "$nodes nodes: $(<"$scratch/stderr")"
done
