"""A SLURM cluster of stand-ins, which runs launch/slurm.sbatch on this machine."""

import os
import subprocess
from pathlib import Path

from scripts import SBATCH, write_program
from waiting import HANG

NODES = '127.0.0.1,127.0.0.2'  # Both are this machine, for a real run too.
TRAIN = ('train', '--config', 'configs/homus.py', '--workdir', 'runs/a b')
SWEEP = ('sweep', '--sweep', 'configs/sweeps/quick.py', '--out', 'runs/quick')
PREDICT = ('predict', '--shards', 'answers', 'pictures')

SRUN = """
  #!/bin/bash
  # Starts the tasks of a step on this machine, with the variables SLURM gives them.
  echo "srun $*" >> "$CALLS"
  IFS=, read -ra nodes <<< "$SLURM_JOB_NODELIST"
  each=${SLURM_NTASKS_PER_NODE:-1}
  while [[ $1 == --* ]]; do
    case $1 in
      --nodelist=*) nodes=("${1#*=}") ;;
      --exclude=*) nodes=("${nodes[@]:1}") ;;
      --ntasks-per-node=*) each=${1#*=} ;;
    esac
    shift
  done
  export SLURM_NNODES=${#nodes[@]} SLURM_NTASKS=$((${#nodes[@]} * each)) SLURM_STEP_ID=0
  export SLURM_NPROCS=$SLURM_NTASKS SLURM_STEP_NUM_TASKS=$SLURM_NTASKS
  export SLURM_STEP_NUM_NODES=$SLURM_NNODES SLURM_CPUS_ON_NODE=3
  SLURM_STEP_NODELIST=$(IFS=,; echo "${nodes[*]}")
  export SLURM_STEP_NODELIST
  tasks=()
  for ((id = 0; id < SLURM_NTASKS; id++)); do
    SLURM_PROCID=$id SLURM_LOCALID=$((id % each)) SLURM_NODEID=$((id / each)) \\
      SLURMD_NODENAME=${nodes[id / each]} "$@" &
    tasks+=($!)
  done
  signals=0 highest=0
  trap 'signals=$((signals + 1)); kill -TERM "${tasks[@]}" 2> /dev/null' TERM
  for task in "${tasks[@]}"; do
    while :; do
      before=$signals code=0
      wait "$task" || code=$?
      ((signals > before)) || break
    done
    ((code <= highest)) || highest=$code
  done
  exit $highest
"""
SCONTROL = """
  #!/bin/bash
  case $1 in
    show) tr , '\\n' <<< "$3" ;;
    requeue) echo "scontrol $*" >> "$CALLS"; exit "${REQUEUE_CODE:-0}" ;;
  esac
"""
RAY = """
  #!/bin/bash
  if [[ $1 == status ]]; then grep -q 'ray start --head' "$CALLS"; exit; fi
  [[ ! $RAY_BROKEN ]] || exit 1
  echo "${RAY_SAYS:-ray $* on $SLURMD_NODENAME}" >> "$CALLS"
  trap 'echo "ray stopped on $SLURMD_NODENAME" >> "$CALLS"; exit 143' TERM
  while :; do sleep 0.1; done
"""
PYTHON = """
  #!/bin/bash
  trap 'echo "saved by $SLURM_PROCID" >> "$CALLS"; exit "${SAVED_CODE:-1}"' TERM
  echo "python $* as $SLURM_PROCID/$SLURM_LOCALID of $SLURM_NTASKS" >> "$CALLS"
  until [[ ! $PYTHON_WAITS_FOR ]] || grep -q "$PYTHON_WAITS_FOR" "$CALLS"; do sleep 0.1; done
  exit "${PYTHON_CODE:-0}"
"""


class Cluster:
  """Runs slurm.sbatch as SLURM would: a copy elsewhere, in a job's environment."""

  def __init__(self, folder: Path):
    self.project = folder / 'project'
    self.submitted_in = self.project
    for name in ('omr_jax/main.py', 'launch/sweep.py'):
      write_program(self.project / name, '')
    write_program(self.project / '.venv' / 'bin' / 'python', PYTHON)
    self.bin = folder / 'bin'
    for name, text in {'srun': SRUN, 'scontrol': SCONTROL, 'ray': RAY}.items():
      write_program(self.bin / name, text)
    self.script = folder / 'spool' / 'job12345' / 'slurm_script'
    write_program(self.script, SBATCH.read_text())
    self._calls = folder / 'calls'
    self._calls.touch()

  def start(self, *arguments, nodes=NODES, tasks=1, job=12345, **variables):
    """The job's process: tasks on each of the nodes."""
    environment = {key: os.environ[key] for key in os.environ if not key.startswith('SLURM_')}
    environment |= {
      'PATH': f'{self.bin}:{os.environ["PATH"]}',
      'CALLS': str(self._calls),
      'SLURM_JOB_ID': str(job),
      'SLURM_SUBMIT_DIR': str(self.submitted_in),
      'SLURM_JOB_NODELIST': nodes,
      'SLURM_NNODES': str(len(nodes.split(','))),
      'SLURM_NTASKS': str(len(nodes.split(',')) * tasks),
      'SLURM_NTASKS_PER_NODE': str(tasks),
      'SLURM_PROCID': '0',
      'SLURM_LOCALID': '0',
    }
    return subprocess.Popen(
      ['bash', self.script, *map(str, arguments)],
      env=environment | variables,
      cwd=self.script.parent,
      stdin=subprocess.DEVNULL,
      stdout=subprocess.PIPE,
      stderr=subprocess.PIPE,
      text=True,
    )

  def run(self, *arguments, **options):
    """Exit code, stdout and stderr of a job that nobody disturbs."""
    with self.start(*arguments, **options) as job:
      out, errors = job.communicate(timeout=HANG)
    return job.returncode, out, errors

  def calls(self):
    return self._calls.read_text().splitlines()
