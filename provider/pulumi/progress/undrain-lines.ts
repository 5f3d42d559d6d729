import { eventText } from "../../report/event-text";
import { countByTime, fewHosts, sayOn, untilEnd, type LinesOptions, type ProgressLines } from "./lines";

/** Prints the progress of undraining: every host of a small run, counts of a large one. */
export function undrainLines(options: LinesOptions): ProgressLines {
  return untilEnd(options.hosts > fewHosts ? linesOfMany(options) : linesOfFew(options));
}

function linesOfFew(options: LinesOptions): ProgressLines {
  const say = sayOn(options);
  return {
    hear: (event) => {
      if (event.type === "host-drained") say(`${event.host}: ${eventText(event) ?? ""}`);
    },
    end: () => undefined,
  };
}

function linesOfMany(options: LinesOptions): ProgressLines {
  const counts = { undrained: 0, already: 0 };
  return {
    hear: (event) => {
      if (event.type !== "host-drained") return;
      if (event.drained === "undrained") counts.undrained += 1;
      if (event.drained === "already") counts.already += 1;
    },
    end: countByTime(options, () => {
      const changed = counts.already === 0 ? "" : `, ${counts.already} in a mode that somebody else has set`;
      return `${counts.undrained} of ${options.hosts} hosts accept new logons again${changed}`;
    }),
  };
}
