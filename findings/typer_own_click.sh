#!/usr/bin/env bash
# Typer 0.29.2 carries a copy of Click, `typer._click`, and no longer uses the package `click`. A command that was written
# for Click's documented ways breaks in silence, as long as click is installed by something else: `raise
# click.UsageError(...)` ends in a traceback with exit status 1 instead of one line with status 2, `raise
# click.exceptions.Exit(3)` is an error with status 1, and `click.get_current_context()` finds no context. With
# Typer 0.20.1, all three did what Click's documentation says. `typer.BadParameter`, `typer.Exit` and `typer.Context`
# are the ways that work in both; there is no `typer.UsageError`.
#
# Source: typer/_click/ in the wheel; typer.BadParameter is no subclass of click.ClickException any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/program.py" <<'PYTHON'
import click
import typer

app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def usage() -> None:
    raise click.UsageError("expected a whole number")


@app.command()
def leave() -> None:
    raise click.exceptions.Exit(3)


@app.command()
def context() -> None:
    print(click.get_current_context().info_name)


@app.command()
def own() -> None:
    raise typer.BadParameter("expected a whole number")


app()
PYTHON
statuses() {
	python3 -m venv "$folder/$1"
	"$folder/$1/bin/python" -m pip install --quiet --disable-pip-version-check "typer==$1" click==8.3.1
	local found=()
	for command in usage leave context own; do
		status=0
		"$folder/$1/bin/python" "$folder/program.py" "$command" >/dev/null 2>&1 || status=$?
		found+=("$status")
	done
	echo "${found[*]}"
}
before=$(statuses 0.20.1) now=$(statuses 0.29.2)
echo "Python $(python3 --version | cut -d' ' -f2), click 8.3.1"
echo "exit statuses of UsageError, Exit(3), get_current_context, BadParameter: $before with Typer 0.20.1, $now with Typer 0.29.2"
[ "$before" = "2 3 0 2" ] && [ "$now" = "1 1 1 2" ]
