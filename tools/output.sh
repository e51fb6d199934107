# Prints messages, steps and failures. Sourced by ./dev.

logs=build/logs

blue='' green='' red='' plain='' on_terminal=''
if [[ -t 1 && -z ${CI:-} && ${TERM:-dumb} != dumb ]]; then
  blue=$'\e[1;34m' green=$'\e[32m' red=$'\e[1;31m' plain=$'\e[0m' on_terminal=yes
fi

say() {
  printf '%s==>%s %s\n' "$blue" "$plain" "$*"
}

# fail <exit code> <line>...
fail() {
  local code=$1
  shift
  printf '%s\n' "${red}dev:${plain} $1" "${@:2}" >&2
  exit "$code"
}

# On a terminal, shows the newest line of what is read, beside the label.
show_newest_line() {
  local label=$1 line
  while IFS= read -r line; do
    if [[ $on_terminal ]]; then
      line="$label  ${line//[^[:print:]]/ }"
      printf '\r\e[K%s' "${line:0:${COLUMNS:-80}-1}"
    fi
  done
}

# quietly <label> <log> <command>...: the command's output goes to the log; its end is shown if the command fails.
quietly() {
  local label=$1 log=$logs/$2.log begun=$SECONDS status=0
  shift 2
  mkdir -p "$logs"
  printf '%s' "$label"
  "$@" 2>&1 </dev/null | tee "$log" | show_newest_line "$label" || status=$?
  local took="$((SECONDS - begun)) s"
  [[ $on_terminal ]] && printf '\r\e[K%s' "$label"
  if ((status == 0)); then
    printf ' %s%s%s\n' "$green" "$took" "$plain"
    return 0
  fi
  printf ' %sfailed after %s%s; the end of %s:\n' "$red" "$took" "$plain" "$log"
  tail -n 40 "$log"
  return "$status"
}

step=0 steps=0

# Counts a step and sets `label` to what stands before it.
next_step() {
  step=$((step + 1))
  label="${blue}[$step/$steps]${plain} $1"
}
