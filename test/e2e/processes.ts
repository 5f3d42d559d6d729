import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";

/** The processes that an engine started, and those that they started: nobody else's are looked at. */
export function startedBy(id: number | undefined): number[] {
  const children = threadsOf(id).flatMap((thread) =>
    textOf(`/proc/${id}/task/${thread}/children`).split(" "),
  );
  return children
    .filter((text) => text !== "")
    .flatMap((child) => [Number(child), ...startedBy(Number(child))]);
}

/** The process of the dynamic provider that an engine starts; it may take a while to show. */
export async function providerOf(engine: number | undefined): Promise<number> {
  const provider = (): number | undefined => providersAmong(startedBy(engine))[0];
  await until(() => provider() !== undefined, 30_000);
  return provider() ?? assert.fail("there is no provider process");
}

/** The processes of dynamic providers: none while the engine has not started one. */
export function providersAmong(processes: readonly number[]): readonly number[] {
  return processes.filter((id) => /^node\0.*dynamic-provider/u.test(textOf(`/proc/${id}/cmdline`)));
}

/** Whether a process has not ended. */
export function lives(id: number): boolean {
  return textOf(`/proc/${id}/cmdline`) !== "";
}

/** Ends a process, if it has not ended by itself. */
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

/** Processes end while one looks at them. */
function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** Whether the condition comes true in time. */
export async function until(condition: () => boolean, ms: number): Promise<boolean> {
  for (const end = performance.now() + ms; performance.now() < end;) {
    if (condition()) return true;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return condition();
}
