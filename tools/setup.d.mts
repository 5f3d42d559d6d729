export interface SetUpOptions {
  /** Receives one line for each thing done, and nothing when nothing was to do. Default: nothing is said. */
  readonly log?: (line: string) => void;
  /** Folder of package.json. Default: this checkout. */
  readonly root?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/**
 * Makes a checkout ready to run: dependencies as package-lock.json says, dist as the sources say. Quick when both are so already;
 * any number of processes may do it at once.
 *
 * @throws Error with the end of npm's output
 */
export function setUp(options?: SetUpOptions): Promise<void>;

/** Whether `setUp` would have nothing to do. */
export function isSetUp(root?: string): boolean;
