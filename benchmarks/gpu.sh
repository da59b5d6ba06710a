#!/bin/bash
# Measures training on a GPU, in at most eight minutes, and writes one table:
#
#   benchmarks/gpu.sh [--out FOLDER] [--tiny] [PART ...]
#
# The parts are peak, steps, accuracy, compile and population, as gpu.py explains; all of them by
# default. Each writes a file in FOLDER (runs/gpu by default), so the same command does what is
# missing, and a part is measured again when its file is deleted. A part that fails or takes too
# long does not stop the others; its log is in FOLDER. The table is FOLDER/table.md.
#
# $PYTHON is the Python with omr_jax's extra [cuda] and PyTorch (python3 by default); without PyTorch
# its rows are missing. `accuracy` needs HOMUS: $OMR_RAW_DIR, or a connection. $SECONDS_IN_ALL is
# the limit of the whole command, 460 by default. --tiny does everything at sizes for a CPU.
set -euo pipefail

folder=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$folder")
python=${PYTHON:-python3}
out=$root/runs/gpu tiny=() parts=()
until=$((SECONDS + ${SECONDS_IN_ALL:-460}))
while (($#)); do
  case $1 in
    --out)
      [[ ${2:-} ]] || { echo 'gpu.sh: --out needs a folder.' >&2; exit 2; }
      out=$2
      shift
      ;;
    --tiny) tiny=(--tiny) ;;
    peak | steps | accuracy | compile | population) parts+=("$1") ;;
    *)
      echo "gpu.sh: $1 is no part; there are peak, steps, accuracy, compile and population." >&2
      exit 2
      ;;
  esac
  shift
done
((${#parts[@]})) || parts=(peak steps accuracy compile population)
mkdir -p "$out"
export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1

# `timeout` has a process group of its own, so that Ctrl-C reaches only this script, which ends the
# part; the same command goes on with it.
child=
trap '[[ -z $child ]] || kill "$child"; exit 130' INT TERM

code=0
for part in "${parts[@]}"; do
  if [[ -s $out/$part.json ]]; then
    echo "$part: is there"
    continue
  fi
  left=$((until - SECONDS))
  if ((left < 20)); then
    echo "$part: no time left; the same command does it"
    code=1
    continue
  fi
  began=$SECONDS
  # A part that does not end when it is asked to is killed, with what it has started.
  timeout --kill-after=5 "$left" "$python" "$folder/gpu.py" "$part" --out "$out" \
    "${tiny[@]}" > "$out/$part.log" 2>&1 &
  child=$!
  if wait "$child"; then
    echo "$part: $((SECONDS - began)) s"
  else
    echo "$part: failed after $((SECONDS - began)) s; $out/$part.log ends with"
    tail -n 5 "$out/$part.log"
    code=1
  fi
  child=
done
"$python" "$folder/gpu.py" table --out "$out" > "$out/table.md"
cat "$out/table.md"
exit "$code"
