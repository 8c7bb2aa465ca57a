#!/usr/bin/env bash
# Every planted bug can still be planted, and says what it is.
#   mutants_test.sh SOURCE-ROOT
set -euo pipefail
source "$(dirname "$0")/claims.sh"
cd "$1"

mapfile -t patches < <(find tests/mutants -name '*.patch' | sort)

claim "there are planted bugs, and nothing else stands among them but their description"
((${#patches[@]} >= 15)) || fail "only ${#patches[@]} patches were found"
run find tests/mutants -type f -not -name '*.patch' -not -name '*.md'
expect_output ""

applies() { patch --dry-run --strip=1 --fuzz=0 --forward --batch <"$1"; }

claim "the test can fail"
sed 's/^\(  *\|-\)[a-z].*/&stale/' "${patches[0]}" >"$scratch/stale.patch"
run applies "$scratch/stale.patch"
((status != 0)) || fail "a stale patch applies: $output"

claim "a bug that nobody else had is called what tools/mutate.sh --help calls it"
run grep -cE '^#   Seen: .*; or: own$' tools/mutate.sh
expect_output 1
run grep -liE '^Seen: *(ours?|self|mine|none)\b' "${patches[@]}"
expect_output ""

for patch in "${patches[@]}"; do
  claim "$patch applies to the present tree"
  run applies "$patch"
  expect_status 0
  expect_lacks "with fuzz"

  claim "$patch breaks the engine, not what watches it"
  run grep -E '^\+\+\+ ' "$patch"
  expect_lacks "b/sim/"
  expect_lacks "b/tests/"

  claim "$patch names its rule, what follows, and where it was seen"
  header=$(sed '/^\(---\|diff \)/q' "$patch")
  for field in Rule Breaks Seen; do
    grep -qE "^$field: +[^ ].*" <<<"$header" || fail "no '$field:' above the diff"
  done
done
