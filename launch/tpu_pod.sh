#!/usr/bin/env bash
# Trains one model on a TPU slice of Google Cloud: create, install, run, collect, delete.
#
#   launch/tpu_pod.sh all --name homus --project my-project --zone us-west4-a --type v5litepod-16 \
#     --bucket my-bucket --spot -- --config homus --config.seed=1
#   launch/tpu_pod.sh run ...same flags...      # one step: create, install, run, collect or delete
#   launch/tpu_pod.sh all --dry-run ...         # prints one command per line and runs none
#
#   --name, --project, --zone   of the slice; always needed
#   --type TYPE                 type of the slice, such as v5litepod-16 or v6e-8; for create
#   --runtime VERSION           TPU software; by default what Google recommends for JAX on this type
#   --spot                      a cheaper slice that Google may take away at any time; if it does,
#                               run delete and then all again
#   --bucket BUCKET             name without gs://, mounted at ~/bucket; for install, run, collect
#   --workdir FOLDER            folder of the run in the bucket; runs/NAME by default
#   --raw FOLDER                folder of the raw data in the bucket; by default data is downloaded
#   --repository URL            what to install; by default the commit that is checked out here
#   --revision REVISION         revision to install, HEAD by default, without uncommitted changes
#   --to DIR                    where collect puts the run and the workers' logs; runs/NAME by default
#   --from STEP                 the step with which all begins, for example after a failure
#   --yes                       delete without a question
#   -- FLAGS                    flags of python -m omr_jax.main; --workdir and --distributed are added
#
# The run goes on if the connection ends; its log is ~/omr_jax.log on each worker. Ctrl-C only stops
# watching. `run`, called again, watches a run in progress, or resumes one that has ended.
#
# Needs bash 4.4, gcloud that is logged in, and a bucket near the zone to which the slice may write.
# The bucket must have a hierarchical namespace, because in a flat one the folder of a checkpoint is
# not renamed in one step. A slice from Google's queue (gcloud compute tpus queued-resources) can be
# used for all steps but create.
#
# Not tested, because no cloud was available: every gcloud command, the installation of gcsfuse and
# of uv, the mount, and training on TPUs. Tested with a stand-in for gcloud: order, flags, failures;
# starting, watching and resuming a process. Google offers this API for TPUs up to v6e; newer ones
# need GKE.
set -euo pipefail

refuse() {
  echo "tpu_pod.sh: $*" >&2
  exit 2
}

quoted() {  # quoted WORDS: prints them quoted for a shell.
  local word line=''
  for word in "$@"; do
    [[ $word =~ ^[A-Za-z0-9_./:=@%+,-]+$ ]] || word=${word@Q}
    line+="${line:+ }$word"
  done
  printf '%s\n' "$line"
}

do_it() {
  if [[ $dry ]]; then quoted "$@"; else "$@"; fi
}

on() {  # on all|0 LINE: runs a command line on all workers or on worker 0; fails if one fails.
  do_it gcloud compute tpus tpu-vm ssh "${slice[@]}" "--worker=$1" "--command=$2"
}

create() {
  do_it gcloud compute tpus tpu-vm create "${slice[@]}" "--accelerator-type=$type" \
    "--version=$runtime" --scopes=https://www.googleapis.com/auth/cloud-platform "${spot[@]}"
}

install() {
  local archive=$root/build/$name.tar.gz packages=https://packages.cloud.google.com/apt
  local key=/usr/share/keyrings/cloud.google.asc list=/etc/apt/sources.list.d/gcsfuse.list
  on all 'flock -n ~/omr_jax.lock true || { echo "a run is going on" >&2; exit 1; }'
  if [[ $repository ]]; then
    on all "rm -rf ~/omr_jax && git clone --quiet $(quoted "$repository") ~/omr_jax && \
git -C ~/omr_jax checkout --quiet $(quoted "$revision")"
  else
    do_it mkdir -p "$root/build"
    do_it git -C "$root" archive --format=tar.gz "--output=$archive" "$revision"
    do_it gcloud compute tpus tpu-vm scp "$archive" "$name:omr_jax.tar.gz" "${slice[@]:1}" --worker=all
    on all 'rm -rf ~/omr_jax && mkdir ~/omr_jax && tar -xzf ~/omr_jax.tar.gz -C ~/omr_jax'
  fi
  on all "command -v gcsfuse || { curl -fsS $packages/doc/apt-key.gpg | sudo tee $key > /dev/null && \
echo \"deb [signed-by=$key] $packages gcsfuse-\$(lsb_release -cs) main\" | sudo tee $list && \
sudo apt-get -q update && sudo apt-get -qy -o DPkg::Lock::Timeout=600 install gcsfuse; }"
  on all "$mount"
  # uv brings its own Python, because that of the slice may be too old.
  on all "python3 -m pip install --quiet --user uv && cd ~/omr_jax && \
~/.local/bin/uv venv --clear --python 3.12 ~/venv && \
~/.local/bin/uv pip install --python ~/venv/bin/python -e '.[tpu]'"
}

run() {
  local raw_dir='' command
  [[ ! $raw ]] || raw_dir="OMR_RAW_DIR=~/bucket/$(quoted "$raw") "
  command="${raw_dir}~/venv/bin/python -m omr_jax.main $(quoted "${flags[@]}") \
--workdir ~/bucket/$(quoted "$workdir") --distributed"
  # The run holds the lock until it ends: so it is not started twice, and others can wait for it.
  on all "$mount && exec 9> ~/omr_jax.lock && { flock -n 9 || { echo \"goes on\"; exit 0; }; } && \
cd ~/omr_jax && rm -f ~/omr_jax.exit && trap \"\" HUP && { { $command; echo \$? > ~/omr_jax.exit; } \
>> ~/omr_jax.log 2>&1 < /dev/null & }"
  on 0 "tail -n 20 -F ~/omr_jax.log & flock -s ~/omr_jax.lock true; sleep 1; kill \$!"
  on all "flock -s ~/omr_jax.lock true; exit \$(cat ~/omr_jax.exit || echo 1)"
}

collect() {
  local logs
  logs=logs/$(quoted "$name")
  on all "mkdir -p ~/bucket/$logs && cp ~/omr_jax.log ~/bucket/$logs/\$(hostname).log"
  do_it mkdir -p "$to/logs"
  do_it gcloud storage rsync --recursive "gs://$bucket/$workdir" "$to"
  do_it gcloud storage rsync --recursive "gs://$bucket/logs/$name" "$to/logs"
}

delete() {
  local answer=''
  if [[ ! $yes && ! $dry ]]; then
    read -r -p "Delete the slice $name (not the bucket)? Type its name: " answer || true
    [[ $answer == "$name" ]] || { echo 'tpu_pod.sh: not deleted.' >&2; return 1; }
  fi
  do_it gcloud compute tpus tpu-vm delete "${slice[@]}"
}

ended() {  # After a failure or Ctrl-C: says what exists and how to continue.
  local code=$? there='still exists and costs money'
  ((code)) || return 0
  [[ $step != create ]] || there='may exist and cost money'
  {
    echo "tpu_pod.sh: the step $step ended with exit code $code. The slice $name $there."
    [[ $step != run ]] || echo 'A run that was started goes on without this command.'
    echo "To go on:  $(quoted "$0" "$what" "${from[@]}" "${given[@]}")"
    [[ $step == delete ]] || echo "To end it: $(quoted "$0" delete "${given[@]}")"
  } >&2
}

((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)) || refuse "needs bash 4.4, not $BASH_VERSION."
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
name='' project='' zone='' type='' runtime='' bucket='' workdir='' raw='' repository='' to=''
revision=HEAD dry='' yes='' first=create spot=() flags=() given=() from=()

what=${1:-nothing}
case $what in
  create | install | run | collect | delete) steps=("$what") ;;
  all) steps=(create install run collect delete) ;;
  *) refuse 'say first what to do: create, install, run, collect, delete or all; see its head.' ;;
esac
shift
while (($#)); do
  case $1 in
    --name | --project | --zone | --type | --runtime | --bucket | --workdir | --raw | --repository | \
      --revision | --to | --from)
      [[ ${2:-} && $2 != --* ]] || refuse "$1 needs a value."
      if [[ $1 == --from ]]; then first=$2; else
        printf -v "${1#--}" %s "$2"
        given+=("$1" "$2")
      fi
      shift
      ;;
    --spot) spot=(--spot) given+=("$1") ;;
    --yes) yes=yes given+=("$1") ;;
    --dry-run) dry=yes ;;
    --)
      flags=("${@:2}") given+=("$@")
      break
      ;;
    *) refuse "unknown flag $(quoted "$1"); those of omr_jax.main come after --." ;;
  esac
  shift
done

while [[ $what == all && ${steps[0]} != "$first" ]]; do
  steps=("${steps[@]:1}")
  ((${#steps[@]})) || refuse "--from needs one of create, install, run, collect, delete."
done
need=(name project zone)
[[ " ${steps[*]} " != *' create '* ]] || need+=(type)
[[ ! ${steps[*]} =~ install|run|collect ]] || need+=(bucket)
for flag in "${need[@]}"; do [[ ${!flag} ]] || refuse "$what needs --$flag."; done
[[ " ${steps[*]} " != *' run '* || ${flags[*]} ]] \
  || refuse "$what needs the flags of omr_jax.main, such as -- --config homus."
for flag in "${flags[@]}"; do
  [[ ! $flag =~ ^--?(workdir|distributed)(=|$) ]] \
    || refuse "${flag%%=*} is added by itself; --workdir before -- says where in the bucket."
done
case $type in  # https://docs.cloud.google.com/tpu/docs/runtimes
  v5lite*) default=v2-alpha-tpuv5-lite ;;
  v5p*) default=v2-alpha-tpuv5 ;;
  v6e*) default=v2-alpha-tpuv6e ;;
  *) default=tpu-ubuntu2204-base ;;
esac
runtime=${runtime:-$default} workdir=${workdir:-runs/$name} to=${to:-runs/$name}
slice=("$name" "--zone=$zone" "--project=$project" --quiet)
# No caching of metadata, so that a worker sees at once what another worker has written.
mount="mkdir -p ~/bucket && { mountpoint -q ~/bucket || gcsfuse --implicit-dirs \
--metadata-cache-ttl-secs=0 --rename-dir-limit=200000 $(quoted "$bucket") ~/bucket; }"
if [[ ! $dry ]]; then
  [[ $what != all || $yes || -t 0 ]] || refuse 'all asks before it deletes; here it needs --yes.'
  command -v gcloud > /dev/null || refuse 'needs gcloud: https://cloud.google.com/sdk/docs/install'
  trap ended EXIT
fi

for step in "${steps[@]}"; do
  [[ $what != all ]] || from=(--from "$step")
  "$step"
done
