/** The clients of SSH that the contract holds for. */
import type { Reach } from "../../provider/connection";
import { openSsh, type SshOptions } from "../../provider/ssh/open-ssh";
import { bareOptions } from "../ssh/scripted-server";

/** What some client may lack. Each lack is documented, and the test that needs it is reported as skipped, with the reason. */
export type Ability =
  | "unchecked host keys"
  | "logins of jump hosts"
  | "names of signals"
  /** Paths and user names with characters that ssh or a shell expands. */
  | "every character in names";

export interface Client {
  readonly name: string;
  /** Why it cannot run here and how to enable it; false where it can. */
  readonly missing: string | false;
  /** Opens it as a process does, on a machine without files and variables but those of the settings. */
  readonly open: (settings: Partial<SshOptions>) => Reach;
  /** Why it lacks an ability, as the documents say it. */
  readonly cannot: Readonly<Partial<Record<Ability, string>>>;
  /** The files that it keeps as long as its process lives, and removes at its end. Absent: none. */
  readonly keeps?: RegExp;
  /** The command lines of programs that may outlive a process that was killed, for a while. Absent: none may. */
  readonly outlives?: RegExp;
}

/** Every client. A new one is an entry here. */
export const clients: readonly Client[] = [
  {
    name: "builtin",
    missing: false,
    open: (settings) => openSsh(bareOptions(settings)),
    cannot: {},
  },
];
