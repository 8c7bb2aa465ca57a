#!/usr/bin/env bash
# tools/seeds.sh with stand-ins for two builds of the simulator.
#   seeds_test.sh SOURCE-ROOT
set -euo pipefail
source "$(dirname "$0")/claims.sh"

project=$scratch/project
mkdir -p "$project"/{tools,tests/sim,engine,sim,one/bin,other/bin}
cp "$1"/tools/{seeds,promised}.sh "$project/tools/"
printf 'TIMESTORE_MARK("first");\nif (rare) TIMESTORE_MARK(\n    "second");\n' >"$project/engine/marked.cc"

# simulator BUILD HASH STATUS-OF-FRESH: one whose seeds all have this hash, and that notes how it was called. It runs five seeds
# where it has a budget.
simulator() {
  cat >"$project/$1/bin/timestore-sim" <<STAND_IN
#!/usr/bin/env bash
echo "\$*" >>"$scratch/calls"
list=\$(sed -nE 's/.*--seeds? ([^ ]*).*/\1/p' <<<"\$*")
seeds=0
for part in \${list//,/ }; do
  case \$part in
    fresh:*) seeds=\$((seeds + \${part#fresh:})) ;;
    *) seeds=\$((seeds + \${part#*..} - \${part%..*} + 1)) ;;
  esac
done
[[ "\$*" != *--budget* ]] || seeds=5
if [[ "\$*" == *--json* ]]; then
  for ((seed = 1; seed <= seeds; ++seed)); do echo '{"seed":'\$seed',"verdict":"ok","hash":"$2","cpuSeconds":'\$RANDOM'}'; done
fi
if [[ \$1 == marks ]]; then printf '  4    1  first\n 0     -  second\n' >&2; fi
if [[ "\$*" == *fresh* ]]; then exit $3; fi
if [[ "\$*" == *--nodes\ 4* ]]; then exit 1; fi
STAND_IN
  chmod +x "$project/$1/bin/timestore-sim"
}
seeds() { (cd "$project" && tools/seeds.sh "$@"); }
last_line() { output=${output##*$'\n'}; }

claim "builds with the same hashes pass; fixed seeds, which must reach every mark, and fresh ones run"
simulator one aaaa 0
simulator other aaaa 0
run seeds --least 100 --minutes 0 one other
expect_status 0
last_line
expect_output "3 passed, 0 failed"
[[ $(grep -cE -- '--seeds 1\.\.20 .*--verify --json' "$scratch/calls") == 2 ]] || fail "$(<"$scratch/calls")"
grep -qE '^marks --seeds [0-9][0-9.,]+,1\.\.100 ' "$scratch/calls" || fail "$(<"$scratch/calls")"
grep -qE '^run --seeds fresh:25 ' "$scratch/calls" || fail "$(<"$scratch/calls")"
! grep -q -- --budget "$scratch/calls" || fail "$(<"$scratch/calls")"

claim "when there is time left, more of both run in it"
run seeds --least 100 --minutes 2 one
expect_status 0
last_line
expect_output "4 passed, 0 failed"
grep -qE '^run --seeds 101\.\.[0-9]+ --budget-seconds [0-9]+' "$scratch/calls" || fail "$(<"$scratch/calls")"
grep -qE '^run --seeds fresh:[0-9]+ --budget-seconds [0-9]+' "$scratch/calls" || fail "$(<"$scratch/calls")"

claim "fewer seeds than were asked for are a failure, though all that ran held"
simulator one aaaa 0
sed -i '/^seeds=0/a [[ "$*" == *fresh* ]] && seeds=-1' "$project/one/bin/timestore-sim"
run seeds --least 100 --minutes 0 one
expect_status 1
expect_contains "Only 24 seeds ran, of 25."
last_line
expect_output "1 passed, 1 failed"

claim "a mark of the sources that the simulator does not know is a failure"
simulator one aaaa 0
echo 'TIMESTORE_MARK("third");' >"$project/sim/more.cc"
run seeds --minutes 0 one
expect_status 1
expect_contains $'does not know:\nthird'
rm "$project/sim/more.cc"

claim "builds that differ fail, and the lines that differ are shown"
simulator other bbbb 0
run seeds --minutes 0 one other
expect_status 1
expect_contains '"hash":"aaaa"'
expect_contains '"hash":"bbbb"'
last_line
expect_output "2 passed, 1 failed"

simulator one aaaa 0
claim "one build alone is compared with none"
run seeds --minutes 0 one
expect_status 0
last_line
expect_output "2 passed, 0 failed"

claim "a violated seed fails"
simulator one aaaa 1
run seeds --minutes 0 one
expect_status 1
last_line
expect_output "1 passed, 1 failed"

claim "a mark that the fixed seeds do not reach fails"
simulator one aaaa 0
sed -i '2i [[ $1 != marks ]] || exit 1' "$project/one/bin/timestore-sim"
run seeds --minutes 0 one
expect_status 1
last_line
expect_output "1 passed, 1 failed"

claim "every kept seed is run with its options, and counts"
simulator one aaaa 0
printf '# seeds with their reasons\n\n--seed 4711  # lost a write\n--seed 5 --nodes 4\n' >"$project/tests/sim/seeds.txt"
rm "$scratch/calls"
run seeds --minutes 0 one
expect_status 1
grep -qx 'run --verify --seed 4711' "$scratch/calls" || fail "$(<"$scratch/calls")"
last_line
expect_output "3 passed, 1 failed"

claim "wrong usage is exit status 2"
for arguments in "" "absent" "one other one" "--no-such-option" "--least 3 one" "--minutes one"; do
  # shellcheck disable=SC2086  # words
  run seeds $arguments
  expect_status 2
done
