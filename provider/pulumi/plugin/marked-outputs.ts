/** Which outputs are marked as secret. Pure. */
import { isRecord } from "../../base/records";
import type { Props } from "../common/contract";
import { PartialFailure } from "../common/partial-failure";
import type { ResourceKind } from "../common/resource-kind";
import {
  holdsSecret,
  isSecret,
  markedLike,
  secret,
  unmarked,
  withCredentialsMarked,
  type MarkedProps,
} from "./values";

/** The answer of a create or a read. */
export interface Stored {
  readonly id: string;
  readonly properties: MarkedProps;
}

/** What decides about a resource's outputs. */
export type OutputMarks = Pick<ResourceKind, "secretOutputs" | "outputsWithHosts">;

/** What the marks of results add, in bytes: those of secret outputs, and of all outputs with hosts. */
export const markBytes = 300;

/** Inputs whose credentials are marked, however deep they stand. */
export const inputsWithCredentials = ["hosts", "connection"];

/** Runs `work` and marks what becomes of it, also of a failure. */
export async function withMarks(
  marks: OutputMarks,
  inputs: MarkedProps,
  work: () => Promise<{ readonly id: string; readonly outs: Props }>,
  { see, olds = {} }: { readonly see?: (id: string, outs: Props) => void; readonly olds?: MarkedProps } = {},
): Promise<Stored> {
  try {
    const { id, outs } = await work();
    see?.(id, outs);
    return { id, properties: markedOuts(marks, outs, inputs) };
  } catch (thrown) {
    if (!(thrown instanceof PartialFailure)) throw thrown;
    see?.(thrown.id, thrown.properties);
    const marked = markedOuts(marks, thrown.properties, withHostsHidden(thrown.properties, inputs, olds));
    throw new PartialFailure(thrown.id, marked, thrown.reasons);
  }
}

/** Outputs with the marks of what they come from. The engine stores what has no mark in plain text, whatever the inputs are. */
export function markedOuts(
  { secretOutputs, outputsWithHosts }: OutputMarks,
  outs: Props,
  like: MarkedProps,
): MarkedProps {
  const areHostsSecret = hasSecretHosts(like["hosts"]);
  return Object.fromEntries(
    Object.entries(outs).map(([name, value]) => {
      if (secretOutputs.includes(name) || (areHostsSecret && outputsWithHosts.includes(name)))
        return [name, secret(value)];
      const marked = markedLike(value, like[name]);
      return [name, inputsWithCredentials.includes(name) ? withCredentialsMarked(marked) : marked];
    }),
  );
}

/** The inputs with their hosts marked as a whole if secret hosts of the state, which the program has removed, are kept with them. */
function withHostsHidden({ hosts: outs }: Props, inputs: MarkedProps, olds: MarkedProps): MarkedProps {
  const hosts = unmarked(inputs["hosts"]);
  const areHostsKept = Array.isArray(outs) && Array.isArray(hosts) && outs.length > hosts.length;
  return areHostsKept && hasSecretHosts(olds["hosts"])
    ? { ...inputs, hosts: secret(inputs["hosts"]) }
    : inputs;
}

/** Whether the addresses of hosts are secret, not only their credentials. */
function hasSecretHosts(hosts: unknown): boolean {
  if (isSecret(hosts)) return true;
  const entries: readonly unknown[] = Array.isArray(hosts) ? hosts : [];
  return entries.some(
    (entry) =>
      isSecret(entry) ||
      (isRecord(entry) && [entry["host"], entry["port"], entry["server"]].some(holdsSecret)),
  );
}
