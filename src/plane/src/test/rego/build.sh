#!/usr/bin/env bash
# Builds the bundles that tests put into policy directories, with the OPA that the policy itself is built with.
set -euo pipefail
cd "$(dirname "$0")"
for policy in open formatting; do
  opa build --target wasm --entrypoint healthcare/healthdata \
    --output "../resources/policies/$policy.tar.gz" "$policy.rego"
done
opa build --target wasm --entrypoint healthcare/healthdata --output ../resources/policies/listed.tar.gz \
  listed.rego listed.json
