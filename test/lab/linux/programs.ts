/**
 * The programs of a fake Linux host, as `sh` scripts that keep their state in files below `$LAB`. Our real commands run
 * against them in a real shell. Their errors and properties were recorded from elogind 246; layouts.ts has what differs in
 * other versions. Nothing else is on the path, and unscripted calls are recorded.
 */
export const programs: Readonly<Record<string, string>> = {
  loginctl: String.raw`
printf '%s\n' "$LAB_UID loginctl $*" >>"$LAB/calls"
strange() { printf '%s\n' "loginctl $*" >>"$LAB/unexpected"; exit 64; }
fail() { printf 'Failed to %s: %s\n' "$1" "$2" >&2; exit 1; }
deadlocks() {
  [ -e "$1" ] || return 1
  left=$(cat "$1"); [ "$left" -gt 0 ] || return 1
  printf '%s\n' $((left - 1)) >"$1"
}
# A way of ending that is about processes and rights, not about words.
end() {
  for pid in $(cat "$session/pids"); do rm -rf "$LAB/proc/$pid"; done
  rm -rf "$session"
}
close() {
  sed -i -e 's/^State=.*/State=closing/' "$session/properties"
  sed -i -e 's/ active / closing /' "$session/row"
}
all=$*
[ "$1" = --no-ask-password ] && shift
case $all in
  "--no-pager --no-legend list-sessions")
    [ -e "$LAB/list-fails" ] && fail "list sessions" "$(cat "$LAB/list-fails")"
    cat "$LAB"/sessions/*/row 2>/dev/null; exit 0;;
  "--no-pager show-session "*)
    [ -d "$LAB/later" ] && mv "$LAB"/later/* "$LAB/sessions/" && rm -r "$LAB/later"
    session=$LAB/sessions/$3
    deadlocks "$session/deadlocks" && fail "get session path" "Resource deadlock avoided"
    [ -e "$session/vanishes" ] && rm -rf "$session"
    [ -e "$session/unreadable" ] && fail "get properties" "Connection timed out"
    [ -d "$session" ] || fail "get session path" "No session '$3' known"
    shift 3
    names=
    while [ $# -gt 1 ]; do [ "$1" = -p ] || strange "$all"; names="$names$2 "; shift 2; done
    while IFS='=' read -r name value; do
      case " $names" in *" $name "*) [ -n "$value" ] && printf '%s=%s\n' "$name" "$value";; esac
    done <"$session/properties"
    exit 0;;
  "--no-ask-password terminate-session "*) verb=terminate; id=$2;;
  "--no-ask-password kill-session --signal=SIGKILL "*) verb=kill; id=$3;;
  *) strange "$all";;
esac
[ -n "$id" ] || strange "$all"
session=$LAB/sessions/$id
[ -d "$session" ] || fail "issue method call" "No session '$id' known"
case $LAB_UID in 0|"$(cat "$session/uid")");; *) [ -e "$LAB/polkit-allows" ] || fail "issue method call" "Interactive authentication required.";; esac
deadlocks "$session/deadlocks" && fail "issue method call" "Resource deadlock avoided"
printf '%s %s\n' "$verb" "$id" >>"$LAB/ended"
[ "$verb" = kill ] && { end; exit 0; }
case $(cat "$session/on-terminate") in
  ends) end;;
  closes) close;;
  forgets) rm -rf "$session";;
  ignores) ;;
esac
exit 0
`,
  id: String.raw`
[ "$*" = -u ] || { printf '%s\n' "id $*" >>"$LAB/unexpected"; exit 64; }
printf '%s\n' "$LAB_UID"
`,
  sudo: String.raw`
printf '%s\n' "$LAB_UID sudo $*" >>"$LAB/calls"
[ "$1" = -n ] || { printf '%s\n' "sudo $*" >>"$LAB/unexpected"; exit 64; }
shift
[ -e "$LAB/sudo-allows" ] || { printf 'sudo: a password is required\n' >&2; exit 1; }
LAB_UID=0 exec "$@"
`,
  tee: String.raw`
[ -e "$1" ] || { printf '%s\n' "tee $*" >>"$LAB/unexpected"; exit 64; }
cat >>"$LAB/seen-$(basename "$1")"
`,
  // The real `kill` does not know our process table.
  kill: String.raw`
[ "$1 $2" = "-s KILL" ] || { printf '%s\n' "kill $*" >>"$LAB/unexpected"; exit 64; }
rm -rf "$LAB/proc/$3"
`,
  ps: String.raw`
[ "$*" = "-A -o pid= -o ppid= -o tty=" ] || { printf '%s\n' "ps $*" >>"$LAB/unexpected"; exit 64; }
cat "$LAB"/proc/*/ps 2>/dev/null
`,
  timeout: `shift; exec "$@"\n`,
  sleep: `printf '%s\\n' "sleep $*" >>"$LAB/calls"\n`,
};

/** System programs that the scripts may use. */
export const systemPrograms = [
  "sh",
  "env",
  "cat",
  "cksum",
  "date",
  "expr",
  "grep",
  "head",
  "ln",
  "mv",
  "rm",
  "sed",
  "sort",
  "uname",
  "uniq",
  "xargs",
  "basename",
] as const;
