#!/usr/bin/env bash
# tools/seeds.sh with stand-ins for two builds of the simulator.
#   seeds_test.sh SOURCE-ROOT
set -euo pipefail
source "$(dirname "$0")/claims.sh"

project=$scratch/project
mkdir -p "$project"/{tools,tests/sim,one/bin,other/bin}
cp "$1/tools/seeds.sh" "$project/tools/"

# simulator BUILD HASH STATUS-OF-FRESH: one whose seeds all have this hash, and that notes how it was called.
simulator() {
  cat >"$project/$1/bin/timestore-sim" <<STAND_IN
#!/usr/bin/env bash
echo "\$*" >>"$scratch/calls"
if [[ "\$*" == *--json* ]]; then
  echo '{"seed":1,"verdict":"ok","hash":"$2","cpuSeconds":'\$RANDOM'}'
fi
if [[ "\$*" == *fresh* ]]; then exit $3; fi
if [[ "\$*" == *--nodes\ 4* ]]; then exit 1; fi
STAND_IN
  chmod +x "$project/$1/bin/timestore-sim"
}
seeds() { (cd "$project" && tools/seeds.sh "$@"); }
last_line() { output=${output##*$'\n'}; }

claim "builds with the same hashes pass; fixed seeds, which must reach every mark, and fresh ones run for a limited time"
simulator one aaaa 0
simulator other aaaa 0
run seeds one other
expect_status 0
last_line
expect_output "3 passed, 0 failed"
[[ $(grep -cE -- '--seeds 1\.\.20 .*--verify --json' "$scratch/calls") == 2 ]] || fail "$(<"$scratch/calls")"
grep -qE '^marks --enough 32 --seeds 1\.\.8,[0-9.,]+,983,1\.\.2000 .*--budget-seconds [0-9]+' "$scratch/calls" || fail "$(<"$scratch/calls")"
grep -qE '^run --seeds fresh:[0-9]+ .*--budget-seconds [0-9]+' "$scratch/calls" || fail "$(<"$scratch/calls")"

claim "builds that differ fail, and the lines that differ are shown"
simulator other bbbb 0
run seeds one other
expect_status 1
expect_contains '"hash":"aaaa"'
expect_contains '"hash":"bbbb"'
last_line
expect_output "2 passed, 1 failed"

claim "one build alone is compared with none"
run seeds one
expect_status 0
last_line
expect_output "2 passed, 0 failed"

claim "a violated seed fails"
simulator one aaaa 1
run seeds one
expect_status 1
last_line
expect_output "1 passed, 1 failed"

claim "a mark that the fixed seeds do not reach fails"
simulator one aaaa 0
sed -i '2i [[ $1 != marks ]] || exit 1' "$project/one/bin/timestore-sim"
run seeds one
expect_status 1
last_line
expect_output "1 passed, 1 failed"

claim "every kept seed is run with its options, and counts"
simulator one aaaa 0
printf '# seeds with their reasons\n\n--seed 4711  # lost a write\n--seed 5 --nodes 4\n' >"$project/tests/sim/seeds.txt"
rm "$scratch/calls"
run seeds one
expect_status 1
grep -qx 'run --verify --seed 4711' "$scratch/calls" || fail "$(<"$scratch/calls")"
last_line
expect_output "3 passed, 1 failed"

claim "wrong usage is exit status 2"
for arguments in "" "absent" "one other one" "--no-such-option"; do
  # shellcheck disable=SC2086  # words
  run seeds $arguments
  expect_status 2
done
