/**
 * The export `pulumi-session-logoff/host-undrain`, which the text of HostUndrain in every state loads and calls. Its name, the names of its
 * functions and the order of their parameters must therefore never change; new parameters go at the end.
 */
import type { Lifecycle } from "../common/contract";
import { processFront } from "../process/process";
import { hostUndrain } from "../undrain/host-undrain";
import { lifecycleOn } from "./lifecycle";

export { configure } from "./provider";

const here = (): Lifecycle => lifecycleOn(processFront(), hostUndrain);

/** Returns all problems of the inputs at once, and the inputs as given. Connects to nothing. */
export const check: Lifecycle["check"] = (...given) => here().check(...given);

/** Returns whether an update is needed, always explicitly, and prints why. Connects to nothing. */
export const diff: Lifecycle["diff"] = (...given) => here().diff(...given);

/** Waits for every host. @throws a partial state once a host was contacted and not all accept logons */
export const create: Lifecycle["create"] = (...given) => here().create(...given);

/** Returns the state. Connects to nothing. */
export const read: Lifecycle["read"] = (...given) => here().read(...given);

/** Waits for the hosts that changes call for, and stores the rest. @throws a partial state when not all hosts accept logons */
export const update: Lifecycle["update"] = (...given) => here().update(...given);

const remove: Lifecycle["delete"] = (...given) => here().delete(...given);
/** Does nothing: the resource leaves nothing on its hosts. */
export { remove as delete };
