#!/bin/bash
# Measures training on a GPU, in at most eight minutes, and writes one table:
#
#   benchmarks/gpu.sh [--out FOLDER] [--tiny] [PART ...]
#
# gpu.py explains the parts: peak, preact_resnet11, resnet25, vgg13, accuracy, compile, population;
# all of them by default. Each writes a file in FOLDER (runs/gpu by default), so the same command
# does what is missing, and a part is measured again when its file is deleted. A part that fails or
# takes too long does not stop the others; its log is in FOLDER. The table is FOLDER/table.md.
#
# $PYTHON is the Python with omr_jax's extra [cuda] and PyTorch (python3 by default); without PyTorch
# its rows are missing. `accuracy` needs HOMUS: $OMR_RAW_DIR, or a connection. $SECONDS_IN_ALL is
# the limit of the whole command, 460 by default, and $SECONDS_A_PART that of a part, 210. --tiny
# does everything at sizes for a CPU, in runs/gpu_tiny.
set -euo pipefail

folder=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$folder")
python=${PYTHON:-python3}
all=(peak preact_resnet11 resnet25 vgg13 accuracy compile population)
out='' name=gpu tiny=() parts=()
until=$((SECONDS + ${SECONDS_IN_ALL:-460}))
while (($#)); do
  case $1 in
    --out)
      [[ ${2:-} ]] || { echo 'gpu.sh: --out needs a folder.' >&2; exit 2; }
      out=$2
      shift
      ;;
    --tiny) tiny=(--tiny) name=gpu_tiny ;;
    *)
      [[ " ${all[*]} " == *" $1 "* ]] || {
        echo "gpu.sh: $1 is no part; there are ${all[*]}." >&2
        exit 2
      }
      parts+=("$1")
      ;;
  esac
  shift
done
((${#parts[@]})) || parts=("${all[@]}")
out=${out:-$root/runs/$name}
mkdir -p "$out"
export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH} PYTHONUNBUFFERED=1
card=${CUDA_VISIBLE_DEVICES:-0}
export CUDA_VISIBLE_DEVICES=${card%%,*} # All contenders use one and the same card.
if ((${#tiny[@]})); then
  export XLA_FLAGS="${XLA_FLAGS:-} --xla_backend_optimization_level=0" # Compiles in less time.
fi

# `timeout` makes a process group of all that a part has started. So Ctrl-C reaches only this script,
# which ends the group; the same command goes on with the part.
child=
end() {
  [[ -z $child ]] || kill -"$1" -- "-$child" 2> /dev/null || true
}
trap 'end TERM; sleep 1; end KILL; exit 130' INT TERM

code=0
for part in "${parts[@]}"; do
  if [[ -s $out/$part.json ]]; then
    echo "$part: is there"
    continue
  fi
  left=$((until - SECONDS)) most=${SECONDS_A_PART:-210}
  if ((left < 20)); then
    echo "$part: no time left; the same command does it"
    code=1
    continue
  fi
  began=$SECONDS
  timeout --kill-after=5 "$((left < most ? left : most))" "$python" "$folder/gpu.py" "$part" \
    --out "$out" "${tiny[@]}" > "$out/$part.log" 2>&1 &
  child=$! ended=0
  wait "$child" || ended=$?
  end KILL # What it has started may not disturb the next part.
  child=
  if ((ended == 0)); then
    echo "$part: $((SECONDS - began)) s"
    continue
  fi
  code=1
  case $ended in
    124 | 137) echo "$part: cut after $((SECONDS - began)) s; $out/$part.log ends with" ;;
    *) echo "$part: failed after $((SECONDS - began)) s; $out/$part.log ends with" ;;
  esac
  tail -n 5 "$out/$part.log"
done
"$python" "$folder/gpu.py" table --out "$out" > "$out/table.md" || code=1
cat "$out/table.md"
exit "$code"
