/** What is loaded with the first call that needs it, in a file of its own: the engine waits for the port, and for the schema, without it. */
import { createProvider, type Provider, type ProviderDeps } from "./provider";

/** The provider of this process. Its first run loads the SSH client. */
export function lateProvider(deps: Omit<ProviderDeps, "world">): Provider {
  const world = async (): ReturnType<ProviderDeps["world"]> =>
    (await import("../process/world.js")).createWorld();
  return createProvider({ ...deps, world });
}
