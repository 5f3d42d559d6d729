import assert from "node:assert/strict";
import { systemClock } from "../../provider/base/clock";
import { KeyedMutex } from "../../provider/base/concurrency";
import { ConnectionSlots, unlimitedFiles } from "../../provider/base/connection-slots";
import { readPlan } from "../../provider/plan/read-plan";
import type { ProgressEvent } from "../../provider/report/events";
import type { HostReport, Report } from "../../provider/report/report";
import { runRollout, type RolloutDeps } from "../../provider/run/rollout";
import { howToVisit } from "../run/visit-of-another-process";
import { openSsh } from "../../provider/ssh/open-ssh";
import { labUser, type Lab, type LabHost } from "../lab/lab";

export interface LabRun {
  readonly report: Report;
  readonly events: readonly ProgressEvent[];
}

/** The input `connection` with the lab's private key and host keys. */
export function keyLogin(lab: Lab): Readonly<Record<string, unknown>> {
  return { user: labUser.name, privateKey: lab.clientKey.privateKey, knownHosts: lab.knownHosts };
}

/** The input `connection` with a password, which Windows can pass on to another server as `/server:` requires. */
export function passwordLogin(lab: Lab): Readonly<Record<string, unknown>> {
  return { user: labUser.name, password: labUser.password, knownHosts: lab.knownHosts };
}

export function addressOf({ address, port }: LabHost): string {
  return `${address}:${port}`;
}

/** Reads an input as both fronts do and runs it over real SSH. By default, it selects all sessions on all hosts of the lab. */
export async function runOnLab(
  lab: Lab,
  input: Readonly<Record<string, unknown>> = {},
  deps: Partial<RolloutDeps> = {},
): Promise<LabRun> {
  const { plan, problems } = readPlan({
    hosts: lab.hosts.map(addressOf),
    sessions: { all: true },
    connection: keyLogin(lab),
    ...input,
  });
  assert.ok(plan, JSON.stringify(problems));
  const events: ProgressEvent[] = [];
  const report = await runRollout(
    plan,
    {
      connect: openSsh({ baseFolder: __dirname, env: {} }).connect,
      clock: systemClock,
      slots: new ConnectionSlots(unlimitedFiles),
      turns: new KeyedMutex(),
      readOnly: undefined,
      ...howToVisit(),
      onProgress: (event) => events.push(event),
      ...deps,
    },
    new AbortController().signal,
  );
  return { report, events };
}

/** {@link runOnLab} for a lab of one host. */
export async function runOne(
  lab: Lab,
  input: Readonly<Record<string, unknown>> = {},
  deps: Partial<RolloutDeps> = {},
): Promise<HostReport> {
  const { report } = await runOnLab(lab, input, deps);
  const [host] = report.hosts;
  assert.ok(host);
  return host;
}

/** The outcome of every session with a user: `2 logged-off`, `1 kept console`. */
export function outcomesOf({ sessions }: HostReport): string[] {
  return sessions
    .filter(({ session }) => session.user !== undefined)
    .map(
      (entry) => `${entry.session.id} ${entry.outcome}${entry.outcome === "kept" ? ` ${entry.reason}` : ""}`,
    );
}
