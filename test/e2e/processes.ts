import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";

/** The descendants of an engine's process; no other process is examined. */
export function startedBy(id: number | undefined): number[] {
  const children = threadsOf(id).flatMap((thread) =>
    textOf(`/proc/${id}/task/${thread}/children`).split(" "),
  );
  return children
    .filter((text) => text !== "")
    .flatMap((child) => [Number(child), ...startedBy(Number(child))]);
}

/** Waits for the provider's process that an engine starts, and returns its ID. */
export async function providerOf(engine: number | undefined): Promise<number> {
  const provider = (): number | undefined => providersAmong(startedBy(engine))[0];
  await until(() => provider() !== undefined, 30_000);
  return provider() ?? assert.fail("there is no provider process");
}

/** The processes of dynamic providers and of the plugin; empty until the engine starts one. */
export function providersAmong(processes: readonly number[]): readonly number[] {
  return processes.filter((id) =>
    /^node\0.*(?:dynamic-provider|pulumi-resource-session-logoff)/u.test(textOf(`/proc/${id}/cmdline`)),
  );
}

/** Whether a process is still running. */
export function lives(id: number): boolean {
  return textOf(`/proc/${id}/cmdline`) !== "";
}

/** Kills a process that is still running. */
export function endNow(id: number): void {
  try {
    process.kill(id, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function threadsOf(id: number | undefined): readonly string[] {
  try {
    return readdirSync(`/proc/${id}/task`);
  } catch {
    return [];
  }
}

/** Returns "" for a process that ends while it is being examined. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Whether the condition becomes true in time. */
export async function until(condition: () => boolean, ms: number): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end;) {
    if (condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return condition();
}
