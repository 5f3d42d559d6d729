import { eventText } from "../../report/event-text";
import type { ProgressEvent } from "../../report/events";
import { errorTally } from "../../report/shared-errors";
import { fewHosts, sayOn, untilEnd, type LinesOptions, type ProgressLines } from "./lines";
import { failureLine, linesOfMany, slowestLines, slowestOf, type Counts, type HostTime } from "./many-hosts";

/** Waits are long, so a line of counts that stays the same is rare. */
const unchangedEveryMs = 60_000;

/** Prints how hosts come back: of a few hosts what each one lacks, of many how many are back, and the slowest. */
export function awaitLines(options: LinesOptions): ProgressLines {
  return untilEnd(
    options.hosts > fewHosts ? linesOfMany(options, countsOf(options.hosts)) : linesOfFew(options),
  );
}

function linesOfFew(options: LinesOptions): ProgressLines {
  const say = sayOn(options);
  const errors = errorTally();
  return {
    hear: (event) => {
      if (event.type === "host-finished") {
        const { host, report } = event;
        for (const warning of report.warnings) say(`${host}: warning: ${warning}`);
        const line = failureLine(event, errors.add(report));
        if (line !== undefined) say(`${host}: ${line}`);
      } else if (isSaid(event)) say(`${event.host}: ${eventText(event) ?? ""}`);
    },
    end: () => undefined,
  };
}

/** Why a host is not back is said with its report. */
function isSaid(event: ProgressEvent): event is Extract<ProgressEvent, { readonly host: string }> {
  const { type } = event;
  return type === "host-awaited" || type === "host-drained" || (type === "host-back" && !event.error);
}

function countsOf(hosts: number): Counts {
  const counts = { back: 0, failed: 0 };
  let slow: readonly HostTime[] = [];
  return {
    hear: (event) => {
      if (event.type !== "host-back") return;
      if (event.error !== undefined) {
        counts.failed += 1;
        return;
      }
      counts.back += 1;
      slow = slowestOf([...slow, [event.host, event.afterMs]]);
    },
    line: () => {
      const { back, failed } = counts;
      const awaited = hosts - back - failed;
      return [
        `${back} of ${hosts} hosts accept new logons`,
        ...(awaited === 0 ? [] : [`${awaited} awaited`]),
        ...(failed === 0 ? [] : [`${failed} failed`]),
      ].join(", ");
    },
    unchangedEveryMs,
    slowest: () => slowestLines(slow),
  };
}
