#!/usr/bin/env bash
# Builds the policy's WebAssembly module from its sources, with OPA as named here and no other:
#   go install github.com/open-policy-agent/opa@v1.22.0 && src/plane/src/main/rego/build.sh
# --check writes nothing, and fails where the module committed is not the one that its sources give.
set -euo pipefail
cd "$(dirname "$0")"

opa_version=1.22.0
sources=(healthcare/caller.rego healthcare/healthdata.rego healthcare/input.rego)

found="$(opa version | sed -n 's/^Version: //p')"
if [ "$found" != "$opa_version" ]; then
  echo "The policy is built with OPA $opa_version, this is OPA $found." >&2
  exit 2
fi

built="$(mktemp -d)"
trap 'rm -rf "$built"' EXIT
opa build --target wasm --entrypoint healthcare/healthdata --output "$built/bundle.tar.gz" "${sources[@]}"
tar -xzPOf "$built/bundle.tar.gz" /policy.wasm >"$built/healthdata.wasm"
{
  (cd "$built" && sha256sum healthdata.wasm)
  sha256sum "${sources[@]}"
} >"$built/healthdata.sha256"

if [ "${1:-}" = --check ]; then
  cmp "$built/healthdata.wasm" healthdata.wasm
  cmp "$built/healthdata.sha256" healthdata.sha256
else
  cp "$built/healthdata.wasm" "$built/healthdata.sha256" .
fi
