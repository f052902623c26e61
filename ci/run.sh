#!/usr/bin/env bash
# Everything that must hold before a change is taken, or the given parts of it: targets of make. Expects python3 with
# venv, make and a C++ compiler.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Grading is tested in the real sandbox, and pages in a real browser. Only a machine that is there for nothing else gets
# packages unasked.
needed=()
command -v bwrap >/dev/null || needed+=(bubblewrap)
command -v chromium >/dev/null || command -v google-chrome >/dev/null || needed+=(chromium)
if [ "${CI:-}" = true ] && [ ${#needed[@]} -gt 0 ]; then
	as_root=$([ "$(id -u)" = 0 ] || echo sudo)
	$as_root apt-get update -qq
	$as_root apt-get install -y -qq "${needed[@]}"
fi

# shellcheck disable=SC2086  # words
make ${*:-test course}
