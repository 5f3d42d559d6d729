export interface SetUpOptions {
  /** Receives one line per action, and nothing if there is nothing to do. Default: no logging. */
  readonly log?: (line: string) => void;
  /** Folder of package.json. Default: this checkout. */
  readonly root?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Makes a checkout ready to run: installs the dependencies in package-lock.json and builds dist from the sources. It is quick
 * if both are current. Any number of processes may call it concurrently.
 *
 * @throws Error with the end of npm's output
 */
export function setUp(options?: SetUpOptions): Promise<void>;

/** Whether the checkout is already set up. */
export function isSetUp(root?: string): boolean;
