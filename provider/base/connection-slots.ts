import { Semaphore } from "./concurrency";

/** The most hosts that a run may process at a time. */
export const mostParallel = 512;
/** What a process allows, however few hosts at a time its runs ask for. */
const usual = 64;

/** What decides how many files a connection takes in this process. */
export interface WayIn {
  readonly client?: "openssh";
  readonly proxyCommand?: string;
  readonly sshConfig?: string | true;
  readonly jumpHosts: readonly unknown[];
}

/** The most files that a connection takes. */
function filesOf({ client, proxyCommand, sshConfig, jumpHosts }: WayIn): number {
  // The socket of its master, and three pipes for each of four commands.
  if (client === "openssh") return 13;
  // Its socket or, with a proxy command, three pipes; while it logs in, another to an agent.
  const mayUseProxyCommand = jumpHosts.length === 0 && (proxyCommand ?? sshConfig) !== undefined;
  return mayUseProxyCommand ? 4 : 2;
}

/** The files that a process may have open. */
export interface OpenFiles {
  readonly limit: number;
  /** What everything except connections to hosts needs. */
  readonly others: number;
}

/** No limit, as on Windows. */
export const unlimitedFiles = (): OpenFiles => ({ limit: Infinity, others: 0 });

/**
 * The connections of a process, shared by all its runs: 64, or as many as the run with the most hosts at a time asks for, but never more than
 * the limit of open files leaves room for.
 */
export class ConnectionSlots extends Semaphore {
  readonly #readOpenFiles: () => OpenFiles;
  #openFiles: OpenFiles | undefined;
  #asked = usual;
  #filesEach = 2;

  /** @param readOpenFiles called once, before the first run */
  constructor(readOpenFiles: () => OpenFiles) {
    super(usual);
    this.#readOpenFiles = readOpenFiles;
  }

  /**
   * Makes room for a run that processes at most so many of its hosts at a time.
   * @returns warnings: what to set if the limit of open files leaves less room
   */
  makeRoomFor(atOnce: number, ofRun: readonly { readonly host: WayIn }[]): readonly string[] {
    const { limit, others } = (this.#openFiles ??= this.#readOpenFiles());
    const hosts = Math.min(atOnce, ofRun.length);
    this.#filesEach = ofRun.reduce((most, { host }) => Math.max(most, filesOf(host)), this.#filesEach);
    const room = Math.max(1, Math.floor((limit - others) / this.#filesEach));
    this.#asked = Math.min(Math.max(this.#asked, hosts), mostParallel);
    this.limitTo(Math.min(this.#asked, room));
    if (hosts <= room) return [];
    const needed = others + this.#filesEach * hosts;
    const warning = `at most ${room} of ${hosts} hosts at a time are connected, because this process may have only ${limit} open files; set the hard limit (\`ulimit -Hn\`) to ${needed} or more, or \`rollout.parallel\` to ${room} or less`;
    return [warning];
  }
}
