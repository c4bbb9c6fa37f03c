#!/usr/bin/env bash
# Runs the commands of docs/model-guide.md and prints them with their output.
#   docs/examples/procurement/walk.sh [FOLDER of leadforge CSV files]
# Run it in a fresh clone after `npm ci`: it writes .env, .leadgrade and files in mappings/. Without a folder the
# sandbox has its invented contacts.
set -u
cd "$(dirname "$0")/../../.."
[ -e .env ] && { echo ".env exists. Run this in a fresh clone."; exit 2; }
examples=docs/examples/procurement
data=${1:+--data $1 --recent}
run() { printf '\n$ npx leadgrade %s\n' "$*"; node bin/leadgrade.js "$@" 2>&1; }
copy() { printf '\n$ cp %s %s\n' "$1" "$2"; cp "$1" "$2"; }

work=$(mktemp -d)
# shellcheck disable=SC2086
node bin/leadgrade.js sandbox ${data:-} --json >"$work/sandbox.json" & sandbox=$!
trap 'kill $sandbox ${service:-} 2>/dev/null; rm -r "$work"' EXIT
until [ -s "$work/sandbox.json" ]; do sleep 1; kill -0 $sandbox || exit 3; done
value() { sed -n "s/.*\"hubspot\":{[^}]*\"$1\":\"\([^\"]*\)\".*/\1/p" "$work/sandbox.json"; }

echo "== 1 The default model"
value accessToken | run init --set "HUBSPOT_API_URL=$(value url)"
run setup
run backfill
run plan
run explain hubspot:103153

echo "== 2 The workshop"
run validate --against store
copy $examples/workshop.yaml mappings/model.yaml
sed 's/"Ideal size (200 to 1,999 people)"/Ideal size (200 to 1,999 people)/' $examples/workshop.yaml >"$work/comma.yaml"
run validate --model "$work/comma.yaml"
run validate --against store
run explain hubspot:103153 --model mappings/model.yaml

echo "== 3 The plan"
run plan
copy $examples/applied.yaml mappings/model.yaml
run validate --against store
run plan

echo "== 4 Apply"
node bin/leadgrade.js start >"$work/service.log" 2>&1 & service=$!
until grep -q 'leadgrade is running' "$work/service.log"; do sleep 1; done
settle() { # until the service has scored and written all leads
  sleep 20
  while node bin/leadgrade.js models list | head -1 | grep -q '; 0 leads'; do sleep 5; done
  sleep "${SETTLE_SECONDS:-60}"
}
run apply --yes --by anna
settle
run explain hubspot:103153

echo "== 5 Back"
run models list
run models diff b2b-saas@2026.11.2 procurement-saas@2026.12.2
run models rollback b2b-saas@2026.11.2 --yes --by anna
settle
run explain hubspot:103153
run models rollback procurement-saas@2026.12.2 --yes --by anna
settle

echo "== 6 A second model"
copy $examples/payables.yaml mappings/payables.yaml
copy $examples/models.yaml mappings/models.yaml
kill $service; wait $service 2>/dev/null
printf '\n$ echo MODEL_FILE=mappings/models.yaml >> .env\n'
echo MODEL_FILE=mappings/models.yaml >>.env
run validate
run plan
run apply --yes --by anna
node bin/leadgrade.js start >"$work/service.log" 2>&1 & service=$!
until grep -q 'leadgrade is running' "$work/service.log"; do sleep 1; done
settle
run compare models procurement payables
run explain hubspot:103153
run apply --promote payables --yes --by anna
sed -i.before 's/role: shadow/role: live/' mappings/models.yaml
printf '\n$ # in mappings/models.yaml: role: live\n'
run setup
run models list
