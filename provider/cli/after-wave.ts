/** The operator's command after each wave of a run. */
import { LogoffError } from "../base/errors";
import { upTo } from "../base/text";
import type { CommandEnd } from "../local/shell-command";
import type { AfterWave, ReadyWave } from "../run/after-wave";
import type { WholeRequest } from "./arguments/request";
import type { RunRequest } from "./arguments/run-request";
import type { Cancellation } from "./cancellation";
import type { World } from "./world";

interface AfterWaveParts extends Pick<WholeRequest, "plan" | "entries" | "thenUndrainMs"> {
  readonly request: RunRequest;
  readonly world: World;
  readonly cancellation: Cancellation;
  /** Prints a line of the command's output. */
  readonly say: (line: string) => void;
}

/** What the options of a request say about the end of a wave; undefined: nothing. */
export function afterWaveOf(parts: AfterWaveParts): AfterWave | undefined {
  const { request, plan, entries, thenUndrainMs, world, cancellation, say } = parts;
  const { then } = request;
  if (then === undefined) return undefined;
  const written = new Map(plan.hosts.map(({ host }, index) => [host.label, entries[index]?.text]));
  const command: AfterWave["command"] = (wave, end) =>
    cancellation.duringCommand(async () => {
      const how = await world.runShell(
        {
          command: then.command,
          stdin: wave.hosts.map((label) => `${written.get(label) ?? label}\n`).join(""),
          env: {
            SESSION_LOGOFF_WAVE: String(wave.number),
            SESSION_LOGOFF_WAVES: String(wave.waves),
            ...(wave.isResumed ? { SESSION_LOGOFF_RESUMED: "1" } : {}),
          },
          onLine: say,
        },
        AbortSignal.any([end, cancellation.atOnce]),
      );
      // A command that was told to end may not have finished, even if its status is 0.
      const isDone = "status" in how && how.status === 0 && !end.aborted;
      return isDone ? undefined : failure(wave, `${describeEnd(how)}${end.aborted ? expired : ""}`);
    });
  const undrain =
    thenUndrainMs === null ? undefined : { totalMs: thenUndrainMs, mustRestart: then.mustRestart };
  return { command, ...(undrain === undefined ? {} : { undrain }) };
}

/** The most hosts that the error of a command names. */
const namedHosts = 20;

/** Apart from the total time, only a second signal ends a command, and nothing is reported after that. */
const expired = " when --timeout expired";

function failure({ number, waves, hosts }: ReadyWave, how: string): LogoffError {
  const which = `the command after wave ${number} of ${waves}`;
  const whose = `${hosts.length === 1 ? "its host is" : "its hosts are"} ${upTo(namedHosts, hosts)}`;
  return new LogoffError("then-failed", `Stopped: ${which} ${how}; ${whose}`);
}

function describeEnd(how: CommandEnd): string {
  if ("status" in how) return `ended with status ${how.status}`;
  return "signal" in how ? `was ended by ${how.signal}` : `cannot be started: ${how.notStarted}`;
}
