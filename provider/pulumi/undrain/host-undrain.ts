/** HostUndrain, as the class and the plugin know it. */
import type { ResourceKind } from "../common/resource-kind";
import { notBackReasons, undrainChangesOf, undrainIn, undrainProblemsOf } from "./resource";
import { expectedUndrainResults } from "./results";

export const hostUndrain: ResourceKind = {
  type: "HostUndrain",
  secretOutputs: [],
  outputsWithHosts: ["readyHosts", "hostResults"],
  problemsOf: undrainProblemsOf,
  changesOf: undrainChangesOf,
  expectedResults: expectedUndrainResults,
  openReasons: notBackReasons,
  // Of a resource that exists, diff has said it.
  preview: ({ voice }, { changes, isNew }) => {
    if (isNew) voice.say(changes.why);
    return Promise.resolve();
  },
  isReadFromHosts: () => false,
  isUndoneOnHosts: () => false,
  closedHosts: () => new Set(),
  methodsIn: undrainIn,
};
