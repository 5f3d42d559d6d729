#!/bin/sh
# Rolling maintenance with the command: one host first, then a fifth of the hosts at a time. Each wave is drained, its users
# are warned and logged off, patch.sh patches and restarts its hosts, and they are opened before the next wave begins.
#
#     ./run.sh --hosts-file rdsh.txt --user 'CORP\patch-operator' --identity ~/.ssh/patch-operator
#
# Further options are added as they are. The hosts that are not done are in not-done.txt. Once they are in order, open them with
# `session-logoff --undrain --wait 30m --hosts-file not-done.txt`, and then run this again with `--hosts-file not-done.txt`. If
# patch.sh failed, the error names up to 20 hosts of its wave and rolling.html all of them: they have to be opened too.

# With until-restart, people could log on as soon as a host is up, before anybody has seen that it works.
exec session-logoff --all --except-user 'svc-*' \
  --warn 'Maintenance starts in {minutes} minutes. Please save your work and log off.' --grace "${GRACE:-15m}" \
  --drain until-undrain --waves "${WAVES:-1,20%}" --stuck continue \
  --then "$(dirname "$0")/patch.sh" --then-undrain "${BACK_WITHIN:-30m}" \
  --report rolling.html --failed-hosts not-done.txt "$@"
