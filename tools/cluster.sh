#!/usr/bin/env bash
# A three-node Time Store DB on this machine, for trying things out.
#
#   tools/cluster.sh up          install and build what is missing, start the nodes that do not run, wait for a leader
#   tools/cluster.sh down        stop all nodes cleanly
#   tools/cluster.sh status      one line for each node: pid, role, term, commit and applied index
#   tools/cluster.sh logs [-f]   the last lines of the nodes' logs; -f keeps following
#   tools/cluster.sh kill N      end node N (1 to 3) as a power cut would: kill -9
#   tools/cluster.sh restart N   stop node N if it runs, and start it
#   tools/cluster.sh wipe        delete the data and logs of a stopped cluster
#
# Nodes listen on 127.0.0.1, ports 5001 to 5003, and keep their data under build/cluster. In the environment,
# TIMESTORE_CLUSTER_BASE_PORT and TIMESTORE_CLUSTER_DIR choose otherwise, so that several clusters can live side by
# side; TIMESTORE_BUILD_DIR names the build directory.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$(realpath -m "${TIMESTORE_BUILD_DIR:-$root/build}")
home=$(realpath -m "${TIMESTORE_CLUSTER_DIR:-$build/cluster}")
base_port=${TIMESTORE_CLUSTER_BASE_PORT:-5001}
program=$build/bin/timestored
nodes=(1 2 3)

say() { printf '%s\n' "$*"; }
die() {
  printf 'cluster.sh: %s\n' "$*" >&2
  exit 1
}

port_of() { echo $((base_port + $1 - 1)); }
url_of() { echo "http://127.0.0.1:$(port_of "$1")"; }
log_of() { echo "$home/node$1/node.log"; }
database_of() { echo "$home/node$1/node$1.db"; }

# Prints node $1's process id if it runs. A pid file may outlive its process and the number be given to another, so
# the process must show by its command line that it is a timestored on this node's database.
pid_of() {
  local pid arguments
  read -r pid 2>/dev/null <"$home/node$1/pid" || return 1
  mapfile -d '' -t arguments 2>/dev/null <"/proc/$pid/cmdline" || return 1
  [[ ${arguments[0]:-} == */timestored && " ${arguments[*]} " == *" --database $(database_of "$1") "* ]] || return 1
  echo "$pid"
}

port_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# await SECONDS COMMAND...: asks ten times a second until COMMAND succeeds; fails when the time is over.
await() {
  local deadline=$((SECONDS + $1))
  shift
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}

# A process that ended but was not yet collected by its parent has an empty command line; it counts as gone.
gone() { ! read -r -d '' _ 2>/dev/null <"/proc/$1/cmdline"; }

# Fields of node $1's /raft/status, separated by blanks; fails when it does not answer.
raft_status() {
  curl -sf --max-time 1 "$(url_of "$1")/raft/status" |
    jq -er '[.state, .term, .commitIndex, .appliedIndex | tostring] | join(" ")' 2>/dev/null
}

# Prints the number of the node that says it leads.
find_leader() {
  local n
  for n in "${nodes[@]}"; do
    if [[ $(raft_status "$n") == Leader* ]]; then
      echo "$n"
      return 0
    fi
  done
  return 1
}

show_log_end() { tail -n 5 "$(log_of "$1")" | sed 's/^/    /' >&2; }

build_program() {
  "$root/tools/deps.sh"
  if [[ ! -e $build/build.ninja ]]; then
    say "Configuring $build ..."
    local launcher=()
    command -v ccache >/dev/null && launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    CXX=${CXX:-g++} cmake -S "$root" -B "$build" -G Ninja "${launcher[@]}" >"$home/configure.log" 2>&1 ||
      { cat "$home/configure.log" >&2; die "CMake could not configure $build; its output is above."; }
  fi
  say "Building timestored ..."
  cmake --build "$build" --target timestored >"$home/build.log" 2>&1 ||
    { cat "$home/build.log" >&2; die "timestored does not build; the compiler's output is above."; }
}

require_free_port() {
  ! port_answers "$1" ||
    die "port $1 is taken by another program; stop it, or choose other ports with TIMESTORE_CLUSTER_BASE_PORT."
}

start_node() {
  local n=$1 other peers=() pid
  require_free_port "$(port_of "$n")"
  for other in "${nodes[@]}"; do
    ((other == n)) || peers+=("node$other=$(url_of "$other")")
  done
  mkdir -p "$home/node$n"
  # A session of its own, so that the terminal's hang-up and Ctrl-C do not reach it; 9 is our lock, which it must not keep.
  setsid nohup "$program" --node-id "node$n" --listen "127.0.0.1:$(port_of "$n")" \
    --peers "$(IFS=,; echo "${peers[*]}")" --database "$(database_of "$n")" </dev/null >>"$(log_of "$n")" 2>&1 9>&- &
  pid=$!
  echo "$pid" >"$home/node$n/pid"
  await 60 answers_or_gone "$n" "$pid" || die "node$n (pid $pid) does not answer on port $(port_of "$n"); see $(log_of "$n")"
  if gone "$pid"; then
    show_log_end "$n"
    die "node$n ended at once; the end of its log is above; all of it is in $(log_of "$n")"
  fi
  say "node$n started, pid $pid."
}

answers_or_gone() { gone "$2" || port_answers "$(port_of "$1")"; }

# Asks the given nodes to stop, all at once, and gives them a minute together.
stop_nodes() {
  local n pid deadline=$((SECONDS + 60))
  for n in "$@"; do
    pid=$(pid_of "$n") && kill -TERM "$pid"
  done 2>/dev/null || true
  for n in "$@"; do
    if pid=$(pid_of "$n") && ! await $((deadline - SECONDS)) gone "$pid"; then
      kill -KILL "$pid" 2>/dev/null || true
      await 60 gone "$pid" || die "node$n (pid $pid) does not end even after kill -9."
      say "node$n did not stop in time, so it was killed (kill -9)."
    else
      say "node$n stopped."
    fi
    rm -f "$home/node$n/pid"
  done
}

# Writes one entry through a follower and reads it from the third node. Its id is fixed, so that doing this again
# stores nothing more.
prove_it_works() {
  local leader=$1 writer=$((($1 % 3) + 1)) reader=$((($1 + 1) % 3 + 1)) id=7d1f6a52-0c3b-4e8e-9a57-3f20c8b6d001
  local entry="{\"id\":\"$id\",\"deviceId\":\"cluster-sh\",\"timestamp\":\"2025-01-01T00:00:00Z\",\"value\":1}"
  local ask=(curl -sS --fail-with-body --retry 10 --retry-connrefused --retry-delay 1 --max-time 60)
  local answer
  answer=$("${ask[@]}" --json "$entry" "$(url_of "$writer")/api/timeseries") ||
    die "node$writer refused to write an entry: $answer"
  answer=$("${ask[@]}" "$(url_of "$reader")/api/timeseries/device/cluster-sh") ||
    die "node$reader refused to read an entry: $answer"
  [[ $answer == *"$id"* ]] || die "node$reader does not know the entry that node$writer acknowledged; its answer: $answer"
  say "node$leader leads. One entry was written through node$writer and read back from node$reader."
}

running_nodes() {
  local n
  for n in "${nodes[@]}"; do
    pid_of "$n" >/dev/null && echo "$n"
  done
  return 0
}

stopped_nodes() {
  local n
  for n in "${nodes[@]}"; do
    pid_of "$n" >/dev/null || echo "$n"
  done
}

command_up() {
  local n leader stopped
  stopped=$(stopped_nodes)
  if [[ -z $stopped ]]; then
    say "The cluster is up already."
  else
    for n in $stopped; do require_free_port "$(port_of "$n")"; done  # rather before the long build than after it
    build_program
    for n in $stopped; do start_node "$n"; done
  fi
  leader=$(await 60 find_leader) || die "no node became leader within a minute; see tools/cluster.sh status and logs."
  prove_it_works "$leader"
  say ""
  for n in "${nodes[@]}"; do say "  node$n  $(url_of "$n")"; done
  say ""
  say "Next:"
  say "  curl -s $(url_of 1)/api/timeseries"
  say "  curl -s --json '{\"deviceId\":\"kitchen\",\"timestamp\":\"2025-03-01T12:00:00Z\",\"value\":21.5}' $(url_of 2)/api/timeseries"
  say "  tools/cluster.sh status | logs -f | kill $leader | restart $leader | down"
}

command_down() {
  local running
  mapfile -t running < <(running_nodes)
  ((${#running[@]} > 0)) || say "No node is running."
  stop_nodes "${running[@]}"
}

command_status() {
  local n pid role term commit applied
  printf '%-6s %-8s %-10s %6s %10s %10s\n' node pid role term commit applied
  for n in "${nodes[@]}"; do
    pid=$(pid_of "$n") || pid=-
    role=stopped term=- commit=- applied=-
    if [[ $pid != - ]]; then
      read -r role term commit applied < <(raft_status "$n") || role=silent
    fi
    printf '%-6s %-8s %-10s %6s %10s %10s\n' "node$n" "$pid" "$role" "$term" "$commit" "$applied"
  done
}

command_logs() {
  local logs=()
  mapfile -t logs < <(compgen -G "$home/node[123]/node.log")
  ((${#logs[@]} > 0)) || die "there are no logs under $home yet; start with tools/cluster.sh up."
  exec tail -n 40 "$@" "${logs[@]}"
}

command_kill() {
  local pid
  pid=$(pid_of "$1") || die "node$1 is not running."
  kill -KILL "$pid"
  await 60 gone "$pid" || die "node$1 (pid $pid) does not yield to kill -9."
  rm -f "$home/node$1/pid"
  say "node$1 was killed (kill -9, pid $pid). Bring it back with: tools/cluster.sh restart $1"
}

command_restart() {
  [[ -x $program ]] || build_program
  pid_of "$1" >/dev/null && stop_nodes "$1"
  start_node "$1"
}

command_wipe() {
  local n running
  running=$(running_nodes)
  [[ -z $running ]] || die "node(s) ${running//$'\n'/, } still run; first: tools/cluster.sh down"
  for n in "${nodes[@]}"; do rm -rf "${home:?}/node$n"; done
  rm -f "$home/configure.log" "$home/build.log"
  say "The data and logs under $home are deleted."
}

usage() { sed -n '2,/^set /{s/^# \{0,1\}//;/^set /d;p}' "${BASH_SOURCE[0]}"; }

# Two invocations that start and stop nodes at the same time would undo each other's work.
with_lock() {
  mkdir -p "$home"
  exec 9>"$home/lock"
  flock --nonblock 9 || die "another cluster.sh is at work on $home; try again when it has finished."
  "$@"
}

main() {
  local verb=${1:-}
  [[ $base_port =~ ^[1-9][0-9]{0,4}$ && $base_port -le 65533 ]] ||
    die "TIMESTORE_CLUSTER_BASE_PORT is '$base_port', which is not a port from 1 to 65533."
  case "$verb $#" in
    "up 1" | "down 1" | "wipe 1") with_lock "command_$verb" ;;
    "status 1") command_status ;;
    "logs 1") command_logs ;;
    "logs 2")
      [[ $2 == -f ]] || die "'logs' takes no '$2', only -f."
      command_logs -f
      ;;
    "kill "* | "restart "*)
      [[ $# == 2 && $2 =~ ^[123]$ ]] || die "'$verb' needs one node: 1, 2 or 3."
      with_lock "command_$verb" "$2"
      ;;
    "help "* | "--help "* | "-h "*) usage ;;
    " "*) usage >&2; exit 2 ;;
    *) die "'$*' is not a command; try --help." ;;
  esac
}

main "$@"
