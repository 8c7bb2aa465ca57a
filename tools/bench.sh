#!/usr/bin/env bash
# Measures three nodes of this build and three of etcd by turns, under the same load from the same client.
#
#   tools/bench.sh                     both, three rounds, with 1, 64 and 256 connections
#   tools/bench.sh --rounds N          so many rounds
#   tools/bench.sh --seconds N         so long for each measurement (default: 5)
#   tools/bench.sh --connections LIST  such as: 1,64 (default: 1,64,256)
#   tools/bench.sh --svg FILE          draw the table too
#   tools/bench.sh --without-etcd      this build alone
#
# Each entry is a POST of its own, durable on two of three nodes before it is answered; to etcd the same device, time and
# value go through its JSON gateway. Every measurement begins with empty directories. The table tells the median of the
# rounds. On a busy machine all figures are low, but the ratios of one run can be compared. Needs jq, and etcd-server
# and gnuplot-nox for what uses them (apt-get install). TIMESTORE_BUILD_DIR names the build directory.
set -euo pipefail
export LC_ALL=C

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(realpath -m "${TIMESTORE_BUILD_DIR:-$root/build}")
rounds=3
seconds=5
connections=(1 64 256)
svg=
servers=(timestore etcd)
base_port=$((20000 + $$ % 20000))  # six ports from here on

usage() { sed -n '2,/^set /{s/^# \{0,1\}//;/^set /d;p}' "${BASH_SOURCE[0]}"; }
say() { printf '%s\n' "$*" >&2; }
die() {
  say "bench.sh: $*"
  exit 2
}
number_after() {
  [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "$1 needs a number from 1 on; try --help."
  echo "$2"
}

while (($# > 0)); do
  case $1 in
    --rounds) rounds=$(number_after "$@"); shift ;;
    --seconds) seconds=$(number_after "$@"); shift ;;
    --connections)
      [[ ${2:-} =~ ^[1-9][0-9]*(,[1-9][0-9]*)*$ ]] || die "--connections needs a list such as 1,64; try --help."
      IFS=, read -ra connections <<<"$2"
      shift
      ;;
    --svg) svg=${2:-}; [[ -n $svg ]] || die "--svg needs a file; try --help."; shift ;;
    --without-etcd) servers=(timestore) ;;
    --help | -h) usage; exit 0 ;;
    *) die "unknown option '$1'; try --help." ;;
  esac
  shift
done
for program in timestored timestore-bench; do
  [[ -x $build/bin/$program ]] || die "there is no $build/bin/$program; build it first: cmake --build $build --target $program"
done
[[ ${#servers[@]} == 1 ]] || command -v etcd >/dev/null || die "etcd is missing: apt-get install etcd-server, or use --without-etcd."
[[ -z $svg ]] || command -v gnuplot >/dev/null || die "gnuplot is missing: apt-get install gnuplot-nox, or leave --svg out."

scratch=$(mktemp -d)
etcd_pids=()
export TIMESTORE_BUILD_DIR=$build TIMESTORE_CLUSTER_DIR=$scratch/timestore TIMESTORE_CLUSTER_BASE_PORT=$base_port

start_timestore() { "$root/tools/cluster.sh" up >"$scratch/up.log" 2>&1 || { cat "$scratch/up.log" >&2; return 1; }; }
stop_timestore() {
  "$root/tools/cluster.sh" down >/dev/null 2>&1 || true
  rm -rf "$scratch/timestore"
}
url_of_timestore() { echo "http://127.0.0.1:$base_port"; }

etcd_peer() { echo "http://127.0.0.1:$((base_port + 10 + $1))"; }
etcd_client() { echo "http://127.0.0.1:$((base_port + 20 + $1))"; }

start_etcd() {
  local node cluster='' deadline=$((SECONDS + 60))
  for node in 1 2 3; do cluster+="${cluster:+,}n$node=$(etcd_peer $node)"; done
  for node in 1 2 3; do
    etcd --name n$node --data-dir "$scratch/etcd/n$node" --initial-cluster "$cluster" --initial-cluster-state new \
      --listen-peer-urls "$(etcd_peer $node)" --initial-advertise-peer-urls "$(etcd_peer $node)" \
      --listen-client-urls "$(etcd_client $node)" --advertise-client-urls "$(etcd_client $node)" \
      >"$scratch/etcd$node.log" 2>&1 &
    etcd_pids+=($!)
  done
  until curl -sf "$(etcd_client 1)/health" 2>/dev/null | grep -q '"health": *"true"'; do
    ((SECONDS < deadline)) || { tail -n 5 "$scratch"/etcd?.log >&2; return 1; }
    sleep 0.2
  done
}
stop_etcd() {
  ((${#etcd_pids[@]} == 0)) || kill "${etcd_pids[@]}" 2>/dev/null || true
  ((${#etcd_pids[@]} == 0)) || wait "${etcd_pids[@]}" 2>/dev/null || true
  etcd_pids=()
  rm -rf "$scratch/etcd"
}
# The node that leads, as its client needs no detour either.
url_of_etcd() {
  local node
  for node in 1 2 3; do
    curl -sf -d '{}' "$(etcd_client $node)/v3/maintenance/status" 2>/dev/null |
      jq -e '.leader == .header.member_id' >/dev/null && { etcd_client $node; return; }
  done
  etcd_client 1
}

finish() {
  stop_timestore
  stop_etcd
  rm -rf "$scratch"
}
trap finish EXIT

# measure SERVER CONNECTIONS: one line of JSON.
measure() {
  local report option=(--server "$1")
  [[ $1 == etcd ]] || option+=(--follow-redirect)
  report=$("$build/bin/timestore-bench" ingest --url "$("url_of_$1")" --connections "$2" --seconds "$seconds" --json \
    "${option[@]}" 2>"$scratch/progress") || { cat "$scratch/progress" >&2; return 1; }
  jq -c --arg server "$1" --argjson connections "$2" '. + {server: $server, connections: $connections}' <<<"$report"
}

for ((round = 1; round <= rounds; ++round)); do
  for server in "${servers[@]}"; do
    say "round $round of $rounds: $server"
    "start_$server"
    for count in "${connections[@]}"; do measure "$server" "$count" >>"$scratch/results"; done
    "stop_$server"
  done
done

# One row for each number of connections: medians of the rounds.
jq -rs '
  def median: sort | .[length / 2 | floor];
  def of($server): map(select(.server == $server));
  group_by(.connections)[] | . as $all |
  [$all[0].connections] + [("timestore", "etcd") as $server | $all | of($server) |
    if length == 0 then "-", "-", "-" else
      (map(.entriesPerSecond) | median | round), (map(.latencyMs.p50) | median), (map(.latencyMs.p99) | median) end] +
  [if ($all | of("etcd") | length) == 0 then "-" else
     ((($all | of("timestore") | map(.entriesPerSecond) | median) / ($all | of("etcd") | map(.entriesPerSecond) | median)) *
      100 | round / 100) end] +
  [$all | map(.errors) | add] | @tsv' "$scratch/results" >"$scratch/table"

{
  printf 'connections\tentries/s\tp50 ms\tp99 ms\tetcd entries/s\tetcd p50\tetcd p99\tratio\terrors\n'
  cat "$scratch/table"
} | column -t -s $'\t'

if [[ -n $svg ]]; then
  gnuplot <<PLOT
set terminal svg size 640,400 font "sans-serif,12"
set output "$svg"
set title "Entries a second, each durable on two of three nodes"
set style data histograms
set style fill solid 0.8 border -1
set boxwidth 0.9
set xlabel "connections"
set yrange [0:*]
set grid ytics
set key top left
set datafile missing "-"
plot "$scratch/table" using 2:xtic(1) title "Time Store DB" lc rgb "#1f77b4", "" using 5 title "etcd" lc rgb "#bbbbbb"
PLOT
  say "drawn: $svg"
fi
