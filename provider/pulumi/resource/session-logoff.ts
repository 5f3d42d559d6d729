/** SessionLogoff, as the class and the plugin know it. */
import { holdsUnknown } from "../../plan/unknown";
import type { Call } from "../common/call";
import type { Props } from "../common/contract";
import type { Previewed, ResourceKind } from "../common/resource-kind";
import type { World } from "../process/world";
import type { Changes } from "./changes";
import { expectedResults } from "./expected";
import { changesOf, drainedIn, isListedAgain, openReasons, problemsOf, resourceIn } from "./resource";
import { readKnown } from "./state";

export const sessionLogoff: ResourceKind<Changes> = {
  type: "SessionLogoff",
  secretOutputs: ["resume"],
  outputsWithHosts: ["readyHosts", "hostResults", "bootIds"],
  problemsOf,
  changesOf,
  expectedResults,
  openReasons,
  preview,
  isReadFromHosts: isListedAgain,
  isUndoneOnHosts: (props) => drainedIn(props).length > 0,
  closedHosts,
  methodsIn: resourceIn,
};

/** Shows who would be logged off, if the inputs ask for it. */
async function preview(
  call: Call,
  { inputs, changes }: Previewed<Changes>,
  world: () => Promise<World>,
): Promise<void> {
  const { hostsToRun, hasUnknownHosts } = changes;
  if (inputs["previewSessions"] !== true || (hostsToRun.size === 0 && !hasUnknownHosts)) return;
  if (holdsUnknown(inputs)) {
    call.voice.say("sessions are not shown: not all inputs are known before the update");
    return;
  }
  const [front, { previewText }] = await Promise.all([world(), import("./preview.js")]);
  const text = await call.runs.hold(({ stop }) =>
    previewText(inputs, call.configuration, front, { hosts: hostsToRun, signal: stop }),
  );
  call.voice.say(text);
}

/** The hosts that refuse logons after a run, because of us or of somebody else. */
function closedHosts(properties: Props): ReadonlySet<string> {
  const open = ["no", "undrained"];
  return new Set(
    [...readKnown(properties).hosts].flatMap(([label, { drained }]) =>
      open.includes(drained) ? [] : [label],
    ),
  );
}
