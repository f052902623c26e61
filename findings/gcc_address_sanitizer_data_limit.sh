#!/usr/bin/env bash
# A program with AddressSanitizer does not start where memory for data is limited (ulimit -d, RLIMIT_DATA), even to 64 GiB,
# and suggests that ulimit -v is the cause, which is not set. g++ 12, Linux.
#
# It reserves terabytes for its shadow memory. Since Linux 4.7, RLIMIT_DATA counts private writable mappings, even if they are only
# reserved. So a sandbox that limits memory this way cannot use it; guard pages (PROT_NONE is not counted) and UBSan work there.
#
# Source: running it; man 2 getrlimit, RLIMIT_DATA.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
g++ --version | head -1
echo 'int main() { return 0; }' >empty.cc
for sanitizer in undefined address; do
    g++ -fsanitize="$sanitizer" empty.cc -o "$sanitizer"
    "./$sanitizer"
    echo "$sanitizer: starts without a limit"
done
ulimit -d $((64 * 1024 * 1024)) # KiB: 64 GiB
[ "$(ulimit -v)" = unlimited ]
./undefined
echo "undefined: starts with a limit of 64 GiB"
if ./address 2>said; then exit 1; fi
grep -q "ulimit -v" said
echo "address: does not start with that limit:"
cat said
