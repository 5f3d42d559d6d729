/** The clients of SSH that the contract holds for. */
import type { Reach } from "../../provider/connection";
import { openOpenSsh } from "../../provider/openssh/open-openssh";
import { openSsh, type SshOptions } from "../../provider/ssh/open-ssh";
import { machineOptions, missingSsh } from "../openssh/machine-ssh";
import { bareOptions } from "../ssh/scripted-server";

/** What some client may lack. Each lack is documented, and the test that needs it is reported as skipped, with the reason. */
export type Ability =
  | "unchecked host keys"
  | "jump hosts"
  | "logins of jump hosts"
  /** One login for all commands of a connection. */
  | "a shared connection"
  | "names of signals"
  /** That there is no credential to offer, without connecting: others than ssh have no tickets and default keys. */
  | "knowledge of all credentials"
  /** Paths and user names with characters that ssh or a shell expands. */
  | "every character in names";

export interface Client {
  readonly name: string;
  /** Why it cannot run here and how to enable it; false where it can. */
  readonly missing: string | false;
  /** Opens it as a process does, on a machine without files and variables but those of the settings. */
  readonly open: (settings: Partial<SshOptions>) => Reach;
  /** The command that it runs to log in; absent: it runs none. */
  readonly probe?: string;
  /** Why it lacks an ability, as the documents say it. */
  readonly cannot: Readonly<Partial<Record<Ability, string>>>;
  /** The files that it keeps as long as its process lives, and removes at its end. Absent: none. */
  readonly keeps?: RegExp;
  /** The command line of the program that lives as long as its process. Absent: there is none. */
  readonly watchdog?: RegExp;
  /** The command lines of programs that may outlive a process that was killed, for a while. Absent: none may. */
  readonly outlives?: RegExp;
}

/** What ssh cannot do for us, however it is used. docs/openssh-client.md has each of them. */
const limitsOfSsh = {
  "unchecked host keys": "`strictHostKeyChecking: no` cannot be combined with this client",
  "logins of jump hosts": "jump hosts have no credentials of their own, and get no password",
  "knowledge of all credentials": "ssh finds tickets and default keys itself, while it logs in",
  "names of signals": "ssh does not tell which signal ended a command",
  "every character in names": "names and paths with characters that ssh or a shell reads are refused",
};

/** The folder of a process, with the socket that shows that it lives, and texts of known_hosts. */
const keptByOpenSsh = /\/session-logoff-ssh-\w{6}(?:\/(?:owner|known-[0-9a-f]{12}))?$/u;

const watchdog = /^\/bin\/sh\0-c\0# session-logoff: waits/u;

/** Every client. A new one is an entry here. */
export const clients: readonly Client[] = [
  {
    name: "builtin",
    missing: false,
    open: (settings) => openSsh(bareOptions(settings)),
    cannot: {},
  },
  {
    name: "openssh",
    missing: missingSsh(),
    open: (settings) => openOpenSsh(machineOptions(settings)),
    cannot: limitsOfSsh,
    keeps: keptByOpenSsh,
    watchdog,
    outlives: /^(?:\S*\/)?ssh\0.*\0-M\0|^ssh: \S+ \[mux\]/u,
  },
  {
    name: "openssh without ControlMaster",
    missing: missingSsh(),
    open: (settings) => openOpenSsh({ ...machineOptions(settings), multiplexes: false }),
    probe: "exit",
    cannot: {
      ...limitsOfSsh,
      "jump hosts": "jump hosts need ControlMaster",
      "a shared connection": "each command has a connection of its own",
    },
    keeps: keptByOpenSsh,
    watchdog,
  },
];
