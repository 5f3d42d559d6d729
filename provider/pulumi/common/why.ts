/** Why an update is needed, in one line. Pure. */

/** What an update would do, and why. */
export interface Reasons {
  /** Such as `runs on` and `may run on`. */
  readonly verbs: readonly [sure: string, unsure: string];
  /** For each host that runs, why it does. */
  readonly causes: readonly string[];
  /** Causes that concern every host alike, which are not counted. */
  readonly common: readonly string[];
  /** The number of hosts that the program names. */
  readonly hosts: number;
  /** What is not known yet and may add hosts. */
  readonly unknown: readonly string[];
  /** The number of hosts that the program no longer names. */
  readonly removed: number;
  /** What happens on hosts that do not run, such as `undrains 2 hosts`. */
  readonly also?: string | undefined;
  /** What has only to be stored. */
  readonly stored: readonly string[];
}

export function whyText({
  verbs: [sure, unsure],
  causes,
  common,
  hosts,
  unknown,
  removed,
  also,
  stored,
}: Reasons): string {
  const reasons = [...new Set(causes)].map((cause) =>
    common.includes(cause) ? cause : `${causes.filter((one) => one === cause).length} ${cause}`,
  );
  reasons.push(...unknown.map(notKnownYet));
  if (removed > 0) reasons.push(`${removed} removed`);
  if (causes.length > 0 || unknown.length > 0) {
    const verb = reasons.some((reason) => reason.endsWith(notKnownYet(""))) ? unsure : sure;
    const runs = `${verb} ${causes.length} of ${hosts} hosts (${reasons.join(", ")})`;
    return also === undefined ? runs : `${runs}, ${also}`;
  }
  const what = [...reasons, ...stored].join(", ");
  return `${also ?? "stores inputs, contacts no host"}${what === "" ? "" : ` (${what})`}`;
}

/** The cause that something is not known before the update. */
export function notKnownYet<What extends string>(what: What): `${What} not known yet` {
  return `${what} not known yet`;
}
