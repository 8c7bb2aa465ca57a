#!/usr/bin/env bash
# Runs the README: its quickstart and its tour, against a cluster on other ports, and its simulation, in the build directory
# that is given; and compares every answer with the one that the README shows ("…" stands for anything). Its table of settings must be timestored's own.
#   readme_test.sh SOURCE-ROOT BUILD-DIRECTORY
set -euo pipefail
source "$(dirname "$0")/claims.sh"
root=$1
readme=$root/README.md
export TIMESTORE_BUILD_DIR=$2 TIMESTORE_CLUSTER_DIR=$scratch/cluster TIMESTORE_CLUSTER_BASE_PORT
TIMESTORE_CLUSTER_BASE_PORT=$(free_base_port)
cd "$root"
at_exit+=("tools/cluster.sh down")

# block NAME: the lines of the README's fenced block "```sh NAME".
block() { sed -n "/^\`\`\`sh $1\$/,/^\`\`\`\$/{/^\`\`\`/d;p}" "$readme"; }

for_this_test() {
  local n text
  text=$(cat)
  text=${text//build\//$TIMESTORE_BUILD_DIR/}
  text=${text//--build build /--build $TIMESTORE_BUILD_DIR }
  for n in 1 2 3; do text=${text//localhost:500$n/localhost:$((TIMESTORE_CLUSTER_BASE_PORT + n - 1))}; done
  echo "$text"
}

# Does $output equal the text $1, in which "…" stands for anything?
output_matches() {
  local pattern
  pattern=$(sed 's/[][*?\\]/\\&/g' <<<"$1")
  pattern=${pattern//…/*}
  # shellcheck disable=SC2053  # a pattern is meant
  [[ $output == $pattern ]]
}

# execute NAME: runs the block's commands one by one. The comment lines after a command are its answer.
execute() {
  local lines i=0 command expected
  mapfile -t lines < <(block "$1" | for_this_test)
  ((${#lines[@]} > 0)) || fail "the README has no block '$1'"
  while ((i < ${#lines[@]})); do
    command=${lines[i++]}
    expected=""
    while ((i < ${#lines[@]})) && [[ ${lines[i]} == "# "* ]]; do expected+="${lines[i++]#\# }"$'\n'; done
    claim "the README's command runs: $command"
    run bash -c "$command"
    expect_status 0
    expected=${expected%$'\n'}
    [[ -z $expected ]] || output_matches "$expected" || fail "the README promises: $expected"$'\n'"but it is: $output"
    executed=$((executed + 1))
  done
}

claim "the comparison can fail"
output='{"a":1,"b":[2]}'
output_matches '{"a":…,"b":[2]}' || fail "an ellipsis does not stand for anything"
! output_matches '{"a":…,"b":[3]}' || fail "a wrong answer is accepted"
! output_matches '{"a":1' || fail "half an answer is accepted"

executed=0
execute quickstart
execute tour
execute simulate
((executed >= 10)) || fail "only $executed commands were found"

claim "the README's table names exactly the settings that timestored has"
in_table=$(sed -n 's/^| \(`--[^|]*\)|.*/\1/p' "$readme" | grep -oE -- '--[a-z-]+' | sort -u)
in_help=$("$TIMESTORE_BUILD_DIR/bin/timestored" --help | grep -oE '^ +(-[a-z],)?--[a-z-]+' | grep -oE -- '--[a-z-]+' | sort -u)
run diff <(echo "$in_table") <(echo "$in_help" | grep -vxE -- '--help|--version')
expect_status 0

claim "every file that the README links to is there"
for link in $(grep -oE '\]\([^)#:]+\)' "$readme" | sed 's/^](//; s/)$//'); do
  [[ -e $root/$link ]] || fail "$link is not there"
done
