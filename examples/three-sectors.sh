#!/bin/sh
# Plan sectors and write one Markdown text, for mail: three-sectors.sh l1 defi infra | mail -s "Plans" desk@example.com
#
# A sector without an answer says why in its place, and the others are still planned. The exit code is the last one
# that was not 0, so that cron or a healthcheck hears of it.
set -u
worst=0
printf '# Plans of %s\n' "$(date -u +%F)"
for sector in "$@"; do
    told=$(betacli hedge --sector "$sector" --target 1.4 --leverage 3 -O md 2>&1)
    code=$?
    if [ "$code" -eq 0 ]; then
        printf '\n%s\n' "$told" | sed 's/^#/##/'
    else
        worst=$code
        printf '\n## %s: no answer (exit %s)\n\n' "$sector" "$code"
        printf '%s\n' "$told" | sed 's/^/    /'
    fi
done
exit "$worst"
