#!/usr/bin/env bash
# tools/cluster.sh with real nodes, on ports and in a directory of its own.
#   cluster_test.sh SOURCE-ROOT BUILD-DIRECTORY
set -euo pipefail
source "$(dirname "$0")/claims.sh"
root=$1
export TIMESTORE_BUILD_DIR=$2 TIMESTORE_CLUSTER_DIR=$scratch/cluster TIMESTORE_CLUSTER_BASE_PORT
TIMESTORE_CLUSTER_BASE_PORT=$(free_base_port)
port=$TIMESTORE_CLUSTER_BASE_PORT

cluster() { "$root/tools/cluster.sh" "$@"; }
at_exit+=("cluster down")

entries_of_device() { curl -s --max-time 5 "http://127.0.0.1:$((port + $1 - 1))/api/timeseries/device/$2"; }

# Succeeds when the status table has a line that matches.
status_shows() { grep -qE "$1" <<<"$(cluster status)"; }

claim "up starts three nodes, waits for a leader and proves that they work"
run cluster up
expect_status 0
expect_contains "One entry was written through"
for n in 1 2 3; do expect_contains "http://127.0.0.1:$((port + n - 1))"; done

claim "exactly one node leads"
run cluster status
expect_status 0
[[ $(grep -c ' Leader ' <<<"$output") == 1 ]] || fail "$output"
[[ $(grep -c ' Follower ' <<<"$output") == 2 ]] || fail "$output"
leader=$(sed -n 's/^node\([123]\) .* Leader .*/\1/p' <<<"$output")

claim "up when everything is up says so and changes nothing"
pids_before=$(cat "$scratch"/cluster/node?/pid)
run cluster up
expect_status 0
expect_contains "up already"
[[ $pids_before == "$(cat "$scratch"/cluster/node?/pid)" ]] || fail "the process ids changed"

claim "the entry that up writes to prove itself is stored once, however often it is run"
run entries_of_device "$leader" cluster-sh
[[ $(grep -o '"id"' <<<"$output" | wc -l) == 1 ]] || fail "$output"

claim "wipe refuses while nodes run, and their data stay"
run cluster wipe
expect_status 1
expect_contains "still run"
[[ -e $scratch/cluster/node1/node1.db ]] || fail "the data are gone"

claim "kill ends one node, and the others find another leader"
run cluster kill "$leader"
expect_status 0
await status_shows ' Leader ' || fail "$(cluster status)"
status_shows "^node$leader .* stopped " || fail "$(cluster status)"
run cluster kill "$leader"
expect_status 1
expect_output "cluster.sh: node$leader is not running."

claim "restart brings it back with what it had"
run cluster restart "$leader"
expect_status 0
await status_shows "^node$leader .* (Follower|Leader) " || fail "$(cluster status)"
run entries_of_device "$leader" cluster-sh
expect_contains '"deviceId":"cluster-sh"'

claim "logs shows every node's log"
run cluster logs
expect_status 0
for n in 1 2 3; do expect_contains "node$n/node.log"; done

claim "a second invocation at the same time is refused"
run flock "$scratch/cluster/lock" "$root/tools/cluster.sh" down
expect_status 1
expect_contains "another cluster.sh is at work"

claim "down stops all nodes in good order, and once is enough"
run cluster down
expect_status 0
for n in 1 2 3; do expect_contains "node$n stopped."; done
expect_lacks "kill -9"
run cluster down
expect_status 0
expect_output "No node is running."

claim "a pid file that names another process harms nobody"
sleep 60 &
bystander=$!
echo "$bystander" >"$scratch/cluster/node1/pid"
run cluster down
run cluster kill 1
expect_status 1
kill -0 "$bystander" || fail "the bystander was killed"
kill "$bystander"

claim "a port that another program has taken is one clear sentence, before anything is built or started"
other_cluster() { TIMESTORE_CLUSTER_DIR=$scratch/other cluster "$@"; }
at_exit+=("other_cluster down")
run other_cluster up
expect_status 0
run cluster up
expect_status 1
expect_output "cluster.sh: port $port is taken by another program; stop it, or choose other ports with TIMESTORE_CLUSTER_BASE_PORT."
run other_cluster down
expect_status 0

claim "wipe deletes the data of a stopped cluster"
run cluster wipe
expect_status 0
[[ ! -e $scratch/cluster/node1 ]] || fail "node1 is still there"

claim "what it does not understand it refuses, with a hint"
for arguments in "fly" "kill" "kill 4" "up now" "logs -x"; do
  # shellcheck disable=SC2086  # words
  run cluster $arguments
  expect_status 1
  [[ $output == "cluster.sh: "* ]] || fail "$output"
done
run cluster --help
expect_status 0
expect_contains "restart N"
