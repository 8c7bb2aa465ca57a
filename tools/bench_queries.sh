#!/usr/bin/env bash
# Asks one node of this build, InfluxDB 1.x and VictoriaMetrics the same questions about the same points, by turns.
#
#   tools/bench_queries.sh                 all three, 2 million points of 1,000 devices, best of 7
#   tools/bench_queries.sh --points N      so many points (default: 2000000)
#   tools/bench_queries.sh --devices N     of so many devices (default: 1000)
#   tools/bench_queries.sh --rounds N      best of so many (default: 7)
#   tools/bench_queries.sh --only LIST     such as: timestore,influxdb (default: those that are installed)
#   tools/bench_queries.sh --export        all points as NDJSON and CSV, too
#
# The points are a random walk of each device: two digits behind the point, every ten seconds. They are sent as line
# protocol, in bodies of 10,000 lines, on four connections. Each question is put to one server after the other: once to
# warm up, and then so many times on the same connection. What is told is the time that the client sees, until the last
# byte. On a busy machine all figures are high, but the ratios of one run can be compared. Needs jq; influxdb and
# victoria-metrics (apt-get install) are left out where they are missing. TIMESTORE_BUILD_DIR names the build directory.
set -euo pipefail
export LC_ALL=C

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(realpath -m "${TIMESTORE_BUILD_DIR:-$root/build}")
points=2000000
devices=1000
rounds=7
servers=(timestore influxdb victoria)
exports=
base_port=$((20000 + $$ % 20000))  # four ports from here on
first_second=1740787200            # 2025-03-01, so that nothing depends on the day

usage() { sed -n '2,/^set /{s/^# \{0,1\}//;/^set /d;p}' "${BASH_SOURCE[0]}"; }
say() { printf '%s\n' "$*" >&2; }
die() {
  say "bench_queries.sh: $*"
  exit 2
}
number_after() {
  [[ ${2:-} =~ ^[1-9][0-9]*$ ]] || die "$1 needs a number from 1 on; try --help."
  echo "$2"
}

while (($# > 0)); do
  case $1 in
    --points) points=$(number_after "$@"); shift ;;
    --devices) devices=$(number_after "$@"); shift ;;
    --rounds) rounds=$(number_after "$@"); shift ;;
    --only)
      IFS=, read -ra servers <<<"${2:-}"
      for server in "${servers[@]}"; do
        [[ $server =~ ^(timestore|influxdb|victoria)$ ]] || die "--only takes timestore, influxdb and victoria; try --help."
      done
      shift
      ;;
    --export) exports="ndjson csv" ;;
    --help | -h) usage; exit 0 ;;
    *) die "unknown option '$1'; try --help." ;;
  esac
  shift
done

program_of() {
  case $1 in
    timestore) echo "$build/bin/timestored" ;;
    influxdb) echo influxd ;;
    victoria) echo victoria-metrics ;;
  esac
}
present=()
for server in "${servers[@]}"; do
  if command -v "$(program_of "$server")" >/dev/null; then
    present+=("$server")
  elif [[ $server == timestore ]]; then
    die "there is no $build/bin/timestored; build it first: cmake --build $build --target timestored"
  else
    say "$server is left out, because $(program_of "$server") is not installed."
  fi
done
servers=("${present[@]}")
steps=$((points / devices))
((steps > 0)) || die "there must be a point for each device."
last_second=$((first_second + (steps - 1) * 10))
end_second=$((first_second + steps * 10))

scratch=$(mktemp -d)
declare -A pid_of=() port_of=([timestore]=$base_port [influxdb]=$((base_port + 1)) [victoria]=$((base_port + 2)))
stop_all() {
  local server
  for server in "${!pid_of[@]}"; do kill "${pid_of[$server]}" 2>/dev/null || true; done
  for server in "${!pid_of[@]}"; do wait "${pid_of[$server]}" 2>/dev/null || true; done
  pid_of=()
}
finish() {
  stop_all
  rm -rf "$scratch"
}
trap finish EXIT

start_timestore() {
  exec "$build/bin/timestored" --node-id node1 --listen "127.0.0.1:${port_of[timestore]}" \
    --database "$scratch/timestore/node.db" --log-level warn
}
start_influxdb() {
  INFLUXDB_REPORTING_DISABLED=true INFLUXDB_BIND_ADDRESS=127.0.0.1:$((base_port + 3)) \
    INFLUXDB_HTTP_BIND_ADDRESS=127.0.0.1:${port_of[influxdb]} INFLUXDB_HTTP_LOG_ENABLED=false \
    INFLUXDB_META_DIR=$scratch/influxdb/meta INFLUXDB_DATA_DIR=$scratch/influxdb/data \
    INFLUXDB_DATA_WAL_DIR=$scratch/influxdb/wal INFLUXDB_DATA_CACHE_SNAPSHOT_WRITE_COLD_DURATION=5s \
    INFLUXDB_DATA_QUERY_LOG_ENABLED=false INFLUXDB_MONITOR_STORE_ENABLED=false \
    exec influxd run -config /dev/null
}
start_victoria() {
  exec victoria-metrics -httpListenAddr="127.0.0.1:${port_of[victoria]}" -storageDataPath="$scratch/victoria" \
    -retentionPeriod=100y -loggerLevel=ERROR
}
health_of() {
  case $1 in
    timestore) echo /raft/status ;;
    influxdb) echo /ping ;;
    victoria) echo /health ;;
  esac
}
url_of() { echo "http://127.0.0.1:${port_of[$1]}"; }
start() {
  local deadline=$((SECONDS + 60))
  mkdir -p "$scratch/$1"
  "start_$1" >"$scratch/$1.log" 2>&1 &
  pid_of[$1]=$!
  until curl -sf -o "$scratch/health" "$(url_of "$1")$(health_of "$1")" &&
    { [[ $1 != timestore ]] || grep -q '"state":"Leader"' "$scratch/health"; }; do
    ((SECONDS < deadline)) && kill -0 "${pid_of[$1]}" || { tail -n 5 "$scratch/$1.log" >&2; exit 1; }
    sleep 0.2
  done
}

# ------------------------------------------------------------------------------------------------------- the points

make_points() {
  mkdir "$scratch/lines"
  awk -v devices="$devices" -v steps="$steps" -v first="$first_second" -v each=10000 -v to="$scratch/lines/" 'BEGIN {
    srand(1)
    for (device = 0; device < devices; ++device) {
      name[device] = sprintf("walk,device=device-%06d value=", device)
      value[device] = 2000 + int(rand() * 1000)
    }
    for (step = 0; step < steps; ++step) for (device = 0; device < devices; ++device) {
      if (written++ % each == 0) {
        if (file != "") close(file)
        file = sprintf("%s%07d", to, ++files)
      }
      value[device] += int((rand() + rand() + rand() + rand() - 2) * 9)
      printf "%s%.2f %d000000000\n", name[device], value[device] / 100, first + 10 * step > file
    }
  }'
}
load() {
  local file began=$EPOCHREALTIME wrong
  for file in "$scratch"/lines/*; do
    printf 'url = "%s/write?db=walk"\nrequest = POST\nupload-file = "%s"\nheader = "Expect:"\noutput = /dev/null\n' \
      "$(url_of "$1")" "$file"
    printf 'write-out = "%%{http_code}\\n"\nnext\n'
  done | sed '$d' >"$scratch/uploads"
  wrong=$(curl -s --no-progress-meter --parallel --parallel-max 4 --config "$scratch/uploads" | grep -vc '^204$' || true)
  [[ $wrong == 0 ]] || { say "$1 has not stored $wrong bodies."; exit 1; }
  awk -v began="$began" -v ended="$EPOCHREALTIME" -v points=$((steps * devices)) \
    'BEGIN { printf "%.0f\n", points / (ended - began) }' >"$scratch/$1.rate"
}

# ---------------------------------------------------------------------------------------------------- the questions

within="time >= ${first_second}s AND time < ${end_second}s"
one_device=$(printf 'device-%06d' $((devices / 2)))
one_end=$((first_second + 21600 < end_second ? first_second + 21600 : end_second))
questions=(by_hour one_device by_minute_of_each last newest_ten count)
declare -A title_of=(
  [by_hour]="mean and max by hour, all devices"
  [one_device]="mean by minute, one device, 6 hours"
  [by_minute_of_each]="mean by minute of each device"
  [last]="last value of each device"
  [newest_ten]="newest ten of one device"
  [count]="count of all"
)
declare -A influxql_of=(
  [by_hour]="SELECT mean(value), max(value) FROM walk WHERE $within GROUP BY time(1h)"
  [one_device]="SELECT mean(value) FROM walk WHERE device = '$one_device' AND time >= ${first_second}s AND time < ${one_end}s GROUP BY time(1m)"
  [by_minute_of_each]="SELECT mean(value) FROM walk WHERE $within GROUP BY time(1m), device"
  [last]="SELECT last(value) FROM walk GROUP BY device"
  [newest_ten]="SELECT value FROM walk WHERE device = '$one_device' ORDER BY time DESC LIMIT 10"
  [count]="SELECT count(value) FROM walk"
)
# VictoriaMetrics looks back from each step: a step at the end of an interval is that interval.
declare -A metricsql_of=(
  [by_hour]="query_range?start=$((first_second + 3599))&end=$((end_second + 3599))&step=3600&query=union(avg(avg_over_time(walk_value[1h])),max(max_over_time(walk_value[1h])))"
  [one_device]="query_range?start=$((first_second + 59))&end=$((one_end - 1))&step=60&query=avg_over_time(walk_value{device=\"$one_device\"}[1m])"
  [by_minute_of_each]="query_range?start=$((first_second + 59))&end=$((end_second - 1))&step=60&query=avg_over_time(walk_value[1m])"
  [last]="query?time=$last_second&query=last_over_time(walk_value[$((steps * 10))s])"
  [count]="query?time=$last_second&query=sum(count_over_time(walk_value[$((steps * 10))s]))"
)
escaped() { jq -rn --arg text "$1" '$text | @uri'; }
question() {  # SERVER NAME: its URL; empty: it cannot be asked
  if [[ $1 == victoria ]]; then
    local text=${metricsql_of[$2]:-}
    [[ -n $text ]] || return 0
    echo "$(url_of victoria)/api/v1/${text%%query=*}nocache=1&query=$(escaped "${text#*query=}")"
  else
    echo "$(url_of "$1")/query?db=walk&epoch=ms&q=$(escaped "${influxql_of[$2]}")"
  fi
}
# Asked so often on one connection; the least time in milliseconds. The first answer is kept.
ask() {
  local url option=() at
  url=$(question "$1" "$2")
  [[ -n $url ]] || { echo -; return; }
  for ((at = 0; at <= rounds; ++at)); do option+=(-o "$scratch/answers/$1.$2" "$url"); done
  curl -sf -w '%{time_total}\n' "${option[@]}" | tail -n +2 | sort -g | awk 'NR == 1 { printf "%.2f\n", $1 * 1000 }'
}

# ------------------------------------------------------------------------------------------------------ the exports

declare -A export_of=(
  [timestore.ndjson]="/api/timeseries?db=walk&order=device&format=ndjson"
  [timestore.csv]="/api/timeseries?db=walk&order=device&format=csv"
  [influxdb.csv]="/query?db=walk&epoch=ns&chunked=true&q=SELECT+value,device+FROM+walk"
  [victoria.ndjson]="/api/v1/export?match[]=walk_value&reduce_mem_usage=1"
  [victoria.csv]="/api/v1/export/csv?format=__name__,device,__value__,__timestamp__:unix_ms&match[]=walk_value"
)
peak_of() { awk '/^VmHWM/ { printf "%.0f\n", $2 / 1024 }' "/proc/${pid_of[$1]}/status"; }
resident_of() { awk '/^VmRSS/ { printf "%.0f\n", $2 / 1024 }' "/proc/${pid_of[$1]}/status"; }
# Points a second, and by how much memory the server grew at its peak.
export_all() {
  local path=${export_of[$1.$2]:-} seconds before option=()
  [[ -n $path ]] || { echo "-"; return; }
  [[ $1.$2 != influxdb.csv ]] || option=(-H "Accept: application/csv")
  before=$(resident_of "$1")
  echo 5 >"/proc/${pid_of[$1]}/clear_refs" 2>/dev/null || true  # the peak begins anew
  seconds=$(curl -sf -g -o /dev/null -w '%{time_total}' "${option[@]}" "$(url_of "$1")$path")
  awk -v points=$((steps * devices)) -v seconds="$seconds" -v before="$before" -v peak="$(peak_of "$1")" \
    'BEGIN { printf "%.0f a second, +%d MiB\n", points / seconds, peak - before }'
}

# -------------------------------------------------------------------------------------------------------- the table

say "making $((steps * devices)) points of $devices devices"
make_points
mkdir "$scratch/answers"
for server in "${servers[@]}"; do
  start "$server"
  [[ $server != influxdb ]] || curl -sf -o /dev/null "$(url_of influxdb)/query" --data-urlencode "q=CREATE DATABASE walk"
  say "sending them to $server"
  load "$server"
done
rm -rf "$scratch/lines"
[[ -z ${pid_of[victoria]:-} ]] || curl -sf -o /dev/null "$(url_of victoria)/internal/force_flush"
sleep 8  # until InfluxDB has written its cache and VictoriaMetrics has merged what is small

each() {  # COMMAND ...: with every server behind it
  local server
  for server in "${servers[@]}"; do "$@" "$server"; done
}
row() {  # TITLE, and a line of the input for each column
  printf '%s' "$1"
  while read -r value; do printf '\t%s' "$value"; done
  printf '\n'
}
others() {  # of which ours is a part
  [[ ${servers[0]} != timestore ]] || ((${#servers[@]} == 1)) || printf '%s\n' "${servers[@]:1}"
}
ask_and_note() {  # NAME SERVER
  ask "$2" "$1" | tee "$scratch/time.$2"
}
ratios() {
  local server
  for server in $(others); do
    awk -v ours="$(cat "$scratch/time.timestore")" -v theirs="$(cat "$scratch/time.$server")" \
      'BEGIN { print ours == "-" || theirs == "-" || theirs == 0 ? "-" : sprintf("%.2f", ours / theirs) }'
  done
}
export_as() { export_all "$2" "$1"; }
rate_of() { cat "$scratch/$1.rate"; }
per_point() { awk -v points=$((steps * devices)) 'END { printf "%.2f\n", $1 / points }'; }
disk_of() { du -sb "$scratch/$1" | per_point; }

{
  { each echo; others | sed 's/^/of_/'; } | row "ms, best of $rounds"
  for name in "${questions[@]}"; do { each ask_and_note "$name"; ratios; } | row "${title_of[$name]}"; done
  each rate_of | row "points a second when sent"
  for format in $exports; do each export_as "$format" | row "export as $format"; done
  each resident_of | row "resident MiB at the end"
  stop_all  # so that nothing waits in memory or in a write-ahead log
  each disk_of | row "bytes a point on disk"
  [[ ${servers[0]} != timestore ]] || du -cb "$scratch"/timestore/node.db* | per_point | row "of these the series file"
} >"$scratch/table"
column -t -s $'\t' "$scratch/table"
