/** How much to measure. */
export interface Sizes {
  readonly rounds: number;
  readonly parallel: number;
  /** People on each host: one who is working, one who only closed the window. */
  readonly people: number;
  readonly throughputHosts: number;
  /** A multiple of `parallel`, so that the ideal has no partial batch at the end. */
  readonly latencyHosts: number;
  /** The same for both clients. The machine's ssh starts a process for each command, so these are few. */
  readonly clientHosts: number;
  readonly clientRounds: number;
  readonly graceHosts: number;
  readonly graceSeconds: number;
  readonly scaleHosts: readonly number[];
  /** Runs that take minutes are repeated less often than those that take seconds. */
  readonly scaleRounds: number;
  readonly pulumiHosts: number;
  readonly stackSizes: readonly StackSize[];
  /** How often each process is started. */
  readonly startRounds: number;
}

/** How many resources a stack has, and how many hosts per resource. */
export interface StackSize {
  readonly resources: number;
  readonly hostsEach: number;
}

export const roundTripMs = 50;
export const commandMs = 150;
/**
 * What each further program of a command takes, as a share of `commandMs`. The shell runs already then: Wine's cmd.exe takes 62 ms for one program
 * and 154 ms for five.
 */
export const furtherPrograms = 1 / 3;

/** The sizes behind the figures in the README. */
export const full: Sizes = {
  rounds: 5,
  parallel: 20,
  people: 2,
  throughputHosts: 500,
  latencyHosts: 100,
  clientHosts: 100,
  clientRounds: 3,
  graceHosts: 1000,
  graceSeconds: 10,
  scaleHosts: [1000, 3000, 10_000],
  scaleRounds: 3,
  pulumiHosts: 200,
  stackSizes: [
    { resources: 1, hostsEach: 10_000 },
    { resources: 1, hostsEach: 1000 },
    { resources: 20, hostsEach: 50 },
  ],
  startRounds: 30,
};

/** Everything small and only once: shows that the benchmark works, nothing more. */
export const quick: Sizes = {
  rounds: 1,
  parallel: 4,
  people: 2,
  throughputHosts: 8,
  latencyHosts: 4,
  clientHosts: 4,
  clientRounds: 1,
  graceHosts: 8,
  graceSeconds: 1,
  scaleHosts: [5, 10],
  scaleRounds: 1,
  pulumiHosts: 3,
  stackSizes: [{ resources: 2, hostsEach: 2 }],
  startRounds: 1,
};
