/** How much is measured. */
export interface Sizes {
  readonly rounds: number;
  readonly parallel: number;
  /** People on each host: one at work, one who only closed the window. */
  readonly people: number;
  readonly throughputHosts: number;
  /** A multiple of `parallel`, so that the ideal has no half-filled turn at its end. */
  readonly latencyHosts: number;
  readonly graceHosts: number;
  readonly graceSeconds: number;
  readonly scaleHosts: readonly number[];
  /** A run of minutes is repeated less often than one of seconds. */
  readonly scaleRounds: number;
  readonly pulumiHosts: number;
  readonly stackSizes: readonly StackSize[];
}

/** How many resources a stack has, and how many hosts each of them. */
export interface StackSize {
  readonly resources: number;
  readonly hostsEach: number;
}

export const roundTripMs = 50;
export const commandMs = 150;

/** What the figures of the README come from. */
export const full: Sizes = {
  rounds: 5,
  parallel: 20,
  people: 2,
  throughputHosts: 500,
  latencyHosts: 100,
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
};

/** Everything once and small: shows that the benchmark works, and nothing else. */
export const quick: Sizes = {
  rounds: 1,
  parallel: 4,
  people: 2,
  throughputHosts: 8,
  latencyHosts: 4,
  graceHosts: 8,
  graceSeconds: 1,
  scaleHosts: [5, 10],
  scaleRounds: 1,
  pulumiHosts: 3,
  stackSizes: [{ resources: 2, hostsEach: 2 }],
};
