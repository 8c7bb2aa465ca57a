# shellcheck shell=bash
# What the shell tests share: a scratch directory that vanishes, and expectations that say what they wanted.

scratch=$(mktemp -d)
at_exit=()
clean_up() {
  local command
  for command in "${at_exit[@]}"; do $command || true; done
  rm -rf "$scratch"
}
trap clean_up EXIT

# claim SENTENCE: names what the next lines show, so that a failure says which claim is false.
claim() {
  current_claim=$1
  printf 'claim: %s\n' "$1"
}

fail() {
  printf 'FALSE: %s\n%s\n' "${current_claim:-}" "$*" >&2
  exit 1
}

# run COMMAND...: leaves the exit status in $status and everything it printed in $output.
run() {
  status=0
  output=$("$@" 2>&1) || status=$?
}

expect_status() { [[ $status == "$1" ]] || fail "expected exit status $1, got $status with this output: $output"; }
expect_output() { [[ $output == "$1" ]] || fail "expected exactly '$1', got: $output"; }
expect_contains() { [[ $output == *"$1"* ]] || fail "expected '$1' in: $output"; }
expect_lacks() { [[ $output != *"$1"* ]] || fail "expected no '$1' in: $output"; }

# Prints the first of three neighbouring ports that nobody answers on.
free_base_port() {
  local base
  for ((base = 20001 + RANDOM % 10000; ; base += 3)); do
    if ! port_answers "$base" && ! port_answers $((base + 1)) && ! port_answers $((base + 2)); then
      echo "$base"
      return
    fi
  done
}

port_answers() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# await COMMAND...: asks ten times a second until COMMAND succeeds; fails after two minutes, which only what hangs takes.
await() {
  local deadline=$((SECONDS + 120))
  until "$@"; do
    ((SECONDS < deadline)) || return 1
    sleep 0.1
  done
}
