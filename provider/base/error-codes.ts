/**
 * What went wrong, named for what the operator does next. Outputs and reports contain these codes, so they never change. The message
 * that comes with a code has the details. Each comment is a paragraph that says what happened and a list of two items, **Why** and
 * **What to do**; `npm run generate` makes docs/troubleshooting.md from them.
 */
export type ErrorCode =
  /**
   * An input, an option or a line of ssh_config cannot be used, so nothing is sent to any host it concerns.
   *
   * - **Why:** An unknown field, a wrong type, two values that exclude each other, a line of ssh_config that
   *   cannot be followed exactly, jump hosts that form a loop, or no `ssh` for `connection.client: "openssh"`, or one
   *   that is too old. Or the name of a host or of
   *   its user must not get into a proxy command (`docs/networks.md`). The message names the field
   *   (`connection.port: must be …`), the file and the line, or the host.
   * - **What to do:** Correct every problem that the message names; problems of inputs and options are all reported
   *   at once. `pulumi preview` and `--dry-run` report them too.
   */
  | "plan-invalid"
  /**
   * The host cannot be reached over SSH.
   *
   * - **Why:** The name is unknown to DNS, the port is closed or filtered, the SSH server does not run, or the
   *   host closes the connection before its SSH identification because it is busy (`MaxStartups`,
   *   `PerSourcePenalties`). Behind a jump host, the jump host cannot reach it. Or its proxy command ends too early:
   *   the message has its exit code and its last words, and 127 means that its program is missing here.
   * - **What to do:** Check the address, the port, the firewall and the SSH server, then run again. Give slow
   *   hosts more time with `timeouts.connect` (`--timeout-connect`). If busy hosts close connections, wait a
   *   few minutes and lower `rollout.parallel` (`--parallel`). Try a proxy command alone in a shell: it must print
   *   a line that begins with `SSH-`. `docs/networks.md` has more.
   */
  | "host-unreachable"
  /**
   * A jump host cannot be used, so the host behind it is not reached.
   *
   * - **Why:** The connection or the login to the jump host fails, it forbids forwarding
   *   (`AllowTcpForwarding`), or its connection ends. The message names the jump host and, in parentheses, the
   *   code of its own error. Later hosts behind it are skipped ("not tried, since … has just failed").
   * - **What to do:** Follow the advice for the code in parentheses, on the jump host.
   *   `session-logoff --check --host JUMPHOST` tests the connection and the login to it alone.
   */
  | "jump-host-failed"
  /**
   * No known key belongs to the host. No credential is sent.
   *
   * - **Why:** The host is not in known_hosts under this name and port, its known key has a type that is not
   *   supported, only a `@cert-authority` line matches, or a known_hosts file cannot be read. With
   *   `connection.client: "openssh"`, the host's certificate may have expired or be for another name. The message
   *   has the reason, or lists the files that were searched.
   * - **What to do:** Compare the fingerprint with the host's own (on the host:
   *   `ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub`, on Windows
   *   `C:\ProgramData\ssh\ssh_host_ed25519_key.pub`). Then add the line to known_hosts that the end of the
   *   message shows, or says how to get, or set `connection.hostKey` (`--host-key`). `connection.strictHostKeyChecking: "accept-new"`
   *   (`--accept-new`) accepts new hosts without comparing.
   */
  | "host-key-unknown"
  /**
   * The key of the host is not the known one. No credential is sent.
   *
   * - **Why:** The host was reinstalled or renamed, its address belongs to another machine now,
   *   `connection.hostKey` (`--host-key`) names another key, or somebody intercepts the connection.
   * - **What to do:** Find out which of these it is, and compare the key with the host's own. Only then replace
   *   the line in known_hosts, or the pinned key, with the one that the message shows.
   */
  | "host-key-changed"
  /**
   * The host shows a key that known_hosts revokes. No credential is sent.
   *
   * - **Why:** A `@revoked` line contains this key; the message names its file and line.
   * - **What to do:** Do not connect. Give the host a new key, and add the new key to known_hosts.
   */
  | "host-key-revoked"
  /**
   * There is no credential that can be offered, or none of a kind that the host accepts.
   *
   * - **Why:** No key, agent or password is set, and OpenSSH's defaults are missing. Or one that is set cannot
   *   be used: the file is missing or other users may read it, the variable is not set, the passphrase is
   *   missing or wrong, the agent does not answer. Or the password is withheld because
   *   `connection.strictHostKeyChecking: "no"` checks no host key. With `connection.client: "openssh"`, there may
   *   be no Kerberos ticket.
   * - **What to do:** Set `connection.privateKeyFile` (`--identity`) or `connection.passwordEnv`
   *   (`--password-env`), load a key into the SSH agent (`ssh-add -l` lists its keys), or get a ticket
   *   (`kinit`; `klist` shows it). The message says what was found and why it was not used.
   */
  | "auth-unavailable"
  /**
   * The host rejects the login, or the login is not tried because the password was rejected elsewhere.
   *
   * - **Why:** The login name, the key or the password is wrong, a certificate has expired or is for somebody
   *   else (`ssh-keygen -L -f FILE-cert.pub` shows it), the key is not in the host's authorized_keys
   *   (for administrators of Windows: `C:\ProgramData\ssh\administrators_authorized_keys`), or the host asks a
   *   question that only a person can answer. A rejected password is not offered to further hosts, so that no
   *   account is locked; these hosts are skipped. `docs/connecting.md` has the rules.
   * - **What to do:** Try `ssh USER@HOST`, and correct `connection.user` (`--user`), the key or the password
   *   before you run again. If the message says that no host gave an answer, raise `timeouts.connect`
   *   (`--timeout-connect`).
   */
  | "auth-rejected"
  /**
   * The host and this package have no SSH algorithm in common, or the host's key is too small.
   *
   * - **Why:** The SSH server is old, or its configuration is strict; the message lists both sides. Or
   *   `RequiredRSASize` in ssh_config requires a larger key.
   * - **What to do:** Update the SSH server, or give the host a larger key. If the message says so,
   *   `connection.algorithms: "legacy"` (`--legacy-algorithms`) helps until then.
   */
  | "no-common-algorithm"
  /**
   * The system, the shell or the tools of the host cannot be used.
   *
   * - **Why:** The system is neither Windows nor Linux, or not the one in `platform` (`--platform`). On
   *   Windows, the SSH server starts a Unix shell such as Git Bash or WSL. On Linux, `loginctl` or `ps` is
   *   missing, or logind does not know our own login (`UsePAM`, pam_systemd).
   * - **What to do:** Install or configure what the message names; `session-logoff --check --host HOST` shows
   *   whether it is enough. See `docs/windows-hosts.md` and `docs/linux-hosts.md`. Otherwise take the host out
   *   of `hosts`.
   */
  | "unsupported-host"
  /**
   * The login lacks a right that a command needs.
   *
   * - **Why:** On Windows, the login is no administrator or lacks Full Control over other users' sessions; for
   *   a server behind a host, a login by key passes no credentials on. On Linux, logind or sudo refuses the
   *   command, or `drain` is set and the login is not root.
   * - **What to do:** Log in as an administrator (Windows), with a password if `server` (`--via`) is used, or
   *   as root or with the rights that `docs/linux-hosts.md` lists (Linux).
   */
  | "permission-denied"
  /**
   * A command or a step fails in a way that no other code names.
   *
   * - **Why:** The message quotes the host. Frequent cases: a server behind a host cannot be reached by remote
   *   procedure call, the SSH server refuses another channel (`MaxSessions`), the host refuses a logoff, a user
   *   cannot be warned while `warn.ifUndelivered` is `fail`, a file cannot be written.
   * - **What to do:** Fix what the message quotes, and run again. If the message makes no sense, repeat with
   *   `--debug` and report it.
   */
  | "command-failed"
  /**
   * The host's answer cannot be read with certainty, so nobody is taken to be absent.
   *
   * - **Why:** The host is a Windows Home, which lacks `qwinsta`; or its answer contains text that cmd's AutoRun or a PowerShell profile prints
   *   before every command, two lists that contradict each other for longer than a moment, or output in a form that this
   *   package does not know.
   * - **What to do:** Remove the text that AutoRun or the profile prints, and run again. Otherwise run
   *   `session-logoff --check --host HOST`, which prints the form of the answer without names, and report it.
   */
  | "output-unrecognised"
  /**
   * The connection ends while it is in use.
   *
   * - **Why:** The network fails, the host restarts, its SSH server ends the connection, or three keepalives
   *   (`connection.keepalive`) in a row are not answered.
   * - **What to do:** Run again. The next run lists the sessions first, so it finds out what the last command
   *   did; the report says of each session whether a logoff was sent.
   */
  | "connection-lost"
  /**
   * A time limit expires.
   *
   * - **Why:** The message names the step. Connecting and logging in are limited by `timeouts.connect`, a
   *   command by `timeouts.command`, the whole run by `timeouts.total`. A login takes long when a domain
   *   controller or an SSH agent does not answer.
   * - **What to do:** Find out why the step is slow, or raise the limit: `timeouts.connect`
   *   (`--timeout-connect`), `timeouts.total` (`--timeout`), `timeouts.command` (no option). Then run again.
   */
  | "timed-out"
  /**
   * The run is cancelled before the host is done.
   *
   * - **Why:** The run received Ctrl-C or SIGTERM, or `pulumi` has ended. What was sent is verified as far as the time allows. Hosts that
   *   are not done take new logons again, and `warn.cancelMessage` is sent to those who were warned there.
   * - **What to do:** Run again: `pulumi up` continues with the hosts that are not done. With the command, give the
   *   file of `--failed-hosts` to `--hosts-file`.
   */
  | "aborted"
  /**
   * A session given by ID or name does not exist, and `ifMissing` is `fail`, the default of the command.
   *
   * - **Why:** The user has left, the ID is from an earlier logon, the name is that of a disconnected session,
   *   which has none, or the session is already closing. The message lists the sessions that are there.
   * - **What to do:** Take the ID from `session-logoff --list --host HOST`. If a session that is gone is what
   *   you want, set `ifMissing: "ignore"` (`--if-missing ignore`).
   */
  | "session-not-found"
  /**
   * A session given by ID or name must not be logged off. Nothing is changed on the host.
   *
   * - **Why:** It is a service or a listener, nobody is logged on to it, it belongs to our own connection, or it is the
   *   console. The message says which.
   * - **What to do:** Take it out of `sessions`. For the console, set `sessions.console: true`
   *   (`--id ID --console`); for our own session, `sessions: "current"`.
   */
  | "session-protected"
  /**
   * More sessions are selected than `limits` allows. Nothing is changed.
   *
   * - **Why:** The selection is wider than expected, more people are logged on than usual, or, with
   *   `limits.sessions`, a host cannot be listed and counts as exceeding.
   * - **What to do:** Look at the selection with `--dry-run` or `previewSessions`, before you raise
   *   `limits.sessions` (`--limit`) or `limits.sessionsPerHost` (`--limit-per-host`).
   */
  | "limit-exceeded"
  /**
   * Sessions are left that this run must not log off.
   *
   * - **Why:** `atDeadline` is `fail` (`--wait-only`) and people did not leave in time; then nobody was logged
   *   off. Or people kept logging on while others were logged off.
   * - **What to do:** Run again when they have left. Set `drain` (`--drain until-restart`), so that nobody logs
   *   on meanwhile.
   */
  | "sessions-remain"
  /**
   * A session remains after `timeouts.logoff`, although its logoff was sent.
   *
   * - **Why:** A program does not end, such as one that asks to save a document, or the host is still closing
   *   the session. The message names the programs that still run.
   * - **What to do:** End the programs on the host, raise `timeouts.logoff` (`--timeout-logoff`), or set
   *   `ifStuck: "reset"` (`--stuck reset`), which ends the session without saving. If the restart is next
   *   anyway, `"continue"` makes it a warning.
   */
  | "session-stuck"
  /**
   * New logons could not be refused, or could not be allowed again.
   *
   * - **Why:** On Windows, the registry key of the mode cannot be read, or the mode does not change, for
   *   example because a group policy sets it. On Linux, `/run/nologin` cannot be written, or a file of somebody
   *   else refuses logins.
   * - **What to do:** Read the mode on the host: `change logon /query` (Windows),
   *   `cat /run/nologin /etc/nologin` (Linux). Set it there with `change logon /enable`, or remove the file,
   *   and run again. `HostUndrain` leaves a host that somebody else has closed as it is; `force` opens it anyway.
   */
  | "drain-failed"
  /**
   * The time is outside `window` (`--window`), so nothing more is changed.
   *
   * - **Why:** The run began outside the window, or the window ended while hosts were waiting for their turn.
   *   The message shows the time and the window.
   * - **What to do:** Run again inside the window; only hosts that are not done run. Check
   *   `window.timeZone`, or start earlier with a larger `rollout.parallel`.
   */
  | "outside-window"
  /**
   * More hosts fail than `rollout.maxFailures` (`--max-failures`) allows, so no more hosts are started.
   *
   * - **Why:** Waves are set, which allow no failed host by default, or the failed hosts have a common cause,
   *   such as a rejected key. The other hosts are skipped with this code.
   * - **What to do:** Fix the hosts with other codes first, then run again. Raise `rollout.maxFailures` if
   *   single failures do not matter.
   */
  | "budget-exceeded"
  /**
   * The host does not take logons again in the time that it is given.
   *
   * - **Why:** After its restart it does not answer, rejects the login, or answers SSH but not yet the commands
   *   that list sessions. The message ends with what was last seen.
   * - **What to do:** Look at the host's console. When it is up, run `pulumi up` again, which waits only for
   *   hosts that are not done; with the command, open it with `--undrain --wait 30m`. Give slow hosts more time
   *   with `timeouts.total` (`--wait`, `--then-undrain`).
   */
  | "not-back"
  /**
   * The host answers, but it has not restarted, so it stays closed.
   *
   * - **Why:** The patch command ended without restarting it, the restart waits for somebody, or nothing tells
   *   whether it restarted: its boot ID could not be read, or `restartedSince` does not name it.
   * - **What to do:** Restart the host, then run `pulumi up` again; with the command, open it with
   *   `--undrain --wait 30m`. Where a restart is not needed or nothing can tell it, leave out `restartedSince`
   *   (`--no-restart`).
   */
  | "not-restarted"
  /**
   * The command given with `--then` fails, so no more waves are started.
   *
   * - **Why:** It ended with a status other than 0, by a signal, or at the end of `--timeout`. Its own output
   *   is above on standard error.
   * - **What to do:** Read that output and repair the hosts of the wave. Their users are logged off, and they
   *   stay closed to new logons if they were drained. Then open them with `--undrain`, and run again for the
   *   hosts that were skipped, and for those of the wave that still lack the patch.
   */
  | "then-failed"
  /**
   * The journal cannot be written, so nothing more is changed.
   *
   * - **Why:** The disk is full, the file was removed, or its file system is gone. What is not noted must not be
   *   done, because a run that goes on from the journal would do it again.
   * - **What to do:** Make room, or repair the file system. Then run again with `--resume` and the same file: it
   *   goes on with the hosts that are not done. If the file is gone, start anew with `--journal` and another file:
   *   who was warned is warned again.
   */
  | "journal-failed";

/** All error codes. */
export const errorCodes = Object.keys({
  "plan-invalid": true,
  "host-unreachable": true,
  "jump-host-failed": true,
  "host-key-unknown": true,
  "host-key-changed": true,
  "host-key-revoked": true,
  "auth-unavailable": true,
  "auth-rejected": true,
  "no-common-algorithm": true,
  "unsupported-host": true,
  "permission-denied": true,
  "command-failed": true,
  "output-unrecognised": true,
  "connection-lost": true,
  "timed-out": true,
  aborted: true,
  "session-not-found": true,
  "session-protected": true,
  "limit-exceeded": true,
  "sessions-remain": true,
  "session-stuck": true,
  "drain-failed": true,
  "outside-window": true,
  "budget-exceeded": true,
  "not-back": true,
  "not-restarted": true,
  "then-failed": true,
  "journal-failed": true,
} satisfies Record<ErrorCode, true>) as readonly ErrorCode[];
