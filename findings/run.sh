#!/usr/bin/env bash
# Run the findings, all of them or those named, and tell which have changed.
cd "$(dirname "$0")" || exit 1
names=("$@")
[ $# -gt 0 ] || names=($(ls ./*.sh | sed 's|^\./||; s|\.sh$||' | grep -v '^run$'))
changed=()
for name in "${names[@]}"; do
    if said=$(bash "$name.sh" 2>&1); then echo "as before  $name"; else
        echo "CHANGED    $name"; echo "$said" | tail -n 20 | sed 's/^/    /'; changed+=("$name"); fi
done
echo "${#names[@]} findings, ${#changed[@]} changed: ${changed[*]:-none}"
[ ${#changed[@]} -eq 0 ]
