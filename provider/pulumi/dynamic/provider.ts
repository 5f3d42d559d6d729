/**
 * The export `pulumi-session-logoff/provider`, which the text in every state loads and calls. Its name, the names of its
 * functions and the order of their parameters must therefore never change; new parameters go at the end.
 */
import type { Configuration, ConfigureRequest, Lifecycle } from "../common/contract";
import { processFront } from "../process/process";
import { sessionLogoff } from "../resource/session-logoff";
import { configurationNames } from "./configuration";
import { lifecycleOn } from "./lifecycle";

/** The values of the stack configuration, which the project sets as `session-logoff:user` and so on. */
export function configure({ config }: ConfigureRequest): Promise<Configuration> {
  const values = configurationNames.flatMap((name) => {
    const value = config.get(`session-logoff:${name}`);
    return typeof value === "string" && value !== "" ? [[name, value] as const] : [];
  });
  return Promise.resolve(Object.fromEntries(values));
}

const here = (): Lifecycle => lifecycleOn(processFront(), sessionLogoff);

/** Returns all problems of the inputs at once, and the inputs as given. Connects to nothing. */
export const check: Lifecycle["check"] = (...given) => here().check(...given);

/** Returns whether an update is needed, always explicitly, and prints why. Connects to nothing. */
export const diff: Lifecycle["diff"] = (...given) => here().diff(...given);

/** Runs every host. @throws a partial state once a host was contacted and not all are done */
export const create: Lifecycle["create"] = (...given) => here().create(...given);

/** Returns the state; in mode `ensure` with the sessions that hosts have now. Never throws. */
export const read: Lifecycle["read"] = (...given) => here().read(...given);

/** Runs the hosts that changes call for, and stores the rest. @throws a partial state when not all hosts are done */
export const update: Lifecycle["update"] = (...given) => here().update(...given);

const remove: Lifecycle["delete"] = (...given) => here().delete(...given);
/** Undrains the hosts that we drained and contacts no others. @throws when a drained host must not be forgotten */
export { remove as delete };
