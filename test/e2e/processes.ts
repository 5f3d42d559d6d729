import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/** The processes that an engine started, and those that they started: nobody else's are looked at. */
export function startedBy(id: number | undefined): number[] {
  const threads = existsSync(`/proc/${id}/task`) ? readdirSync(`/proc/${id}/task`) : [];
  const children = threads.flatMap((thread) => textOf(`/proc/${id}/task/${thread}/children`).split(" "));
  return children
    .filter((text) => text !== "")
    .flatMap((child) => [Number(child), ...startedBy(Number(child))]);
}

/** The process of the dynamic provider. */
export function providerAmong(processes: readonly number[]): number {
  return providersAmong(processes)[0] ?? assert.fail("there is no provider process");
}

/** The processes of dynamic providers: none while the engine has not started one. */
export function providersAmong(processes: readonly number[]): readonly number[] {
  return processes.filter((id) => /^node\0.*dynamic-provider/u.test(textOf(`/proc/${id}/cmdline`)));
}

/** Whether a process has not ended. */
export function lives(id: number): boolean {
  return textOf(`/proc/${id}/cmdline`) !== "";
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
