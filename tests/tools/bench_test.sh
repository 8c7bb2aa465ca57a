#!/usr/bin/env bash
# timestore-bench against a real cluster: its exit status, its report, and that what it counts is stored.
#   bench_test.sh SOURCE-ROOT BUILD-DIRECTORY
set -euo pipefail
source "$(dirname "$0")/claims.sh"
root=$1
bench=$2/bin/timestore-bench
export TIMESTORE_BUILD_DIR=$2 TIMESTORE_CLUSTER_DIR=$scratch/cluster TIMESTORE_CLUSTER_BASE_PORT
TIMESTORE_CLUSTER_BASE_PORT=$(free_base_port)
url=http://127.0.0.1:$TIMESTORE_CLUSTER_BASE_PORT

claim "a port where nobody listens is exit status 1, with the reason"
run "$bench" ingest --url "$url" --seconds 1
expect_status 1
expect_contains "Connection refused"

claim "a wrong setting is exit status 2"
run "$bench" ingest --connections none
expect_status 2
run "$bench"
expect_status 2

at_exit+=("$root/tools/cluster.sh down")
run "$root/tools/cluster.sh" up
expect_status 0

claim "a run against a cluster counts what was stored, and no more than that"
for seconds in 1 10 60; do  # what a quiet machine does in a second, a busy one does in a minute
  status=0
  report=$("$bench" ingest --url "$url" --follow-redirect --connections 4 --seconds $seconds --devices 7 --json 2>"$scratch/progress") || status=$?
  output="$report $(<"$scratch/progress")"
  expect_status 0
  expect_contains "entries/s"
  entries=$(jq -e '.entries' <<<"$report") || fail "$report"
  ! jq -e '.entries > 0 and .errors == 0 and .unanswered == 0' <<<"$report" >/dev/null || break
done
jq -e '.errors == 0 and .unanswered == 0 and .latencyMs.p50 > 0 and .latencyMs.p50 <= .latencyMs.max' <<<"$report" >/dev/null || fail "$report"
stored=$(curl -s "$url/api/timeseries" | jq '[.[] | select(.deviceId | startswith("bench-00000"))] | length')
((entries > 0 && entries <= stored)) || fail "it counted $entries entries, and $stored are stored"

claim "by turns: a table of both, or of this build alone"
"$root/tools/cluster.sh" down >/dev/null
run "$root/tools/bench.sh" --without-etcd --rounds 1 --seconds 1 --connections 2,4
expect_status 0
[[ $(awk '$1 == 2 || $1 == 4 { print ($2 > 0), NF }' <<<"$output") == $'1 9\n1 9' ]] || fail "$output"

claim "bench.sh refuses what it does not know"
run "$root/tools/bench.sh" --fast
expect_status 2
expect_contains "unknown option '--fast'"
run "$root/tools/bench.sh" --connections 1,
expect_status 2
