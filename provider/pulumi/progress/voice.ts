/** Where the lines about one resource appear. No method throws or blocks. */
export interface Voice {
  /** Prints a line that stays in the output of the run. */
  readonly say: (line: string) => void;
  /** Prints a warning, which stays too. */
  readonly warn: (line: string) => void;
  /** Shows a line until the next one; absent without a live status. */
  readonly status?: (line: string) => void;
}

/** A voice on a stream that many resources share, so that the resource's name begins every line. */
export function namedVoice(
  name: string,
  print: (line: string) => void,
  status?: (line: string) => void,
): Voice {
  return {
    say: (line) => print(`${name}: ${line}`),
    warn: (line) => print(`${name}: warning: ${line}`),
    ...(status === undefined ? {} : { status: (line: string) => status(`${name}: ${line}`) }),
  };
}
