#!/usr/bin/env bash
# Sphinx 9.0.4: after a build that rewrites only some pages, searchindex.js has no index entries of the other pages.
#
# The search of HTML pages finds index entries, such as those of documented functions and of `.. index::`, through
# "indexentries" in searchindex.js. When a page has changed and the project is built again, the entries of all pages that
# were not written in this build are missing; terms, titles and objects are kept. So the search of a site depends on
# whether its build folder was empty. A build from an empty folder has them all.
#
# Source: sphinx/search/__init__.py, `IndexBuilder.feed` and `freeze`: entries are collected while pages are written, in an
# attribute of the environment, which was stored before; `IndexBuilder.load` does not read them from the old file. Seen
# with Python 3.11.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check sphinx==9.0.4
cd "$folder"

mkdir source
touch source/conf.py
printf 'Home\n====\n\nWords.\n\n.. toctree::\n\n   other\n' > source/index.rst
printf 'Other\n=====\n\n.. py:function:: spam()\n\n   More words.\n' > source/other.rst

entries() {
	venv/bin/python -m sphinx -q -b html source "$1"
	grep -o '"indexentries":{[^}]*}' "$1/searchindex.js"
}

venv/bin/python -m sphinx --version
first=$(entries site)
sed -i 's/^Words/Changed words/' source/index.rst
second=$(entries site)
clean=$(entries another_site)
echo "first build:                     $first"
echo "after a change of another page:  $second"
echo "the same in an empty folder:     $clean"
[ "$first" = "$clean" ]
[ "$second" = '"indexentries":{}' ]
