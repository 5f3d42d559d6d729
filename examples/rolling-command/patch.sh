#!/bin/sh
# Patches and restarts the hosts that standard input names, one on each line, all at the same time. Ends with status 1 if one
# of them fails, which ends the run: the hosts of later waves are not touched. session-logoff waits for the restarts.
# SSH_CONFIG may name the ssh_config with the login.

patch() {
  # Put your own patch step here, and keep its status. Without -n, ssh would read the names of the other hosts. The
  # restart begins five seconds later, so that its answer arrives before the connection ends.
  if ssh -n -o BatchMode=yes ${SSH_CONFIG:+-F "$SSH_CONFIG"} "ssh://$1" shutdown.exe /r /t 5; then
    echo "$1 is restarting"
  else
    echo "$1 could not be patched"
    return 1
  fi
}

echo "Patching wave $SESSION_LOGOFF_WAVE of $SESSION_LOGOFF_WAVES"
running=
while read -r host; do
  patch "$host" &
  running="$running $!"
done
status=0
for job in $running; do
  wait "$job" || status=1
done
exit $status
