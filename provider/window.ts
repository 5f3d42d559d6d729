import { LogoffError } from "./errors";
import type { Window } from "./plan";

/**
 * Whether anything may be changed at `now`. A daily window is judged by the clock on the wall of its time zone: over midnight
 * when it ends before it starts, and on the days of a clock change as long or as short as that clock makes it.
 * The first minute is inside, the last is not.
 */
export function isInside(window: Window, now: Date): boolean {
  if (!("dailyFrom" in window)) {
    return (
      (window.notBefore === undefined || now >= window.notBefore) &&
      (window.notAfter === undefined || now < window.notAfter)
    );
  }
  const { dailyFrom, dailyTo, timeZone } = window;
  const time = wallTime(now, timeZone);
  return dailyFrom < dailyTo ? time >= dailyFrom && time < dailyTo : time >= dailyFrom || time < dailyTo;
}

/** `HH:MM` on the wall of a time zone; such texts compare as times. */
function wallTime(now: Date, timeZone: string): string {
  const format = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return format.format(now);
}

/** The error of whatever would change something outside the window. */
export function outsideWindow(window: Window, now: Date): LogoffError {
  const when =
    "dailyFrom" in window
      ? `daily ${window.dailyFrom}-${window.dailyTo} (${window.timeZone})`
      : [
          ...(window.notBefore ? [`from ${window.notBefore.toISOString()}`] : []),
          ...(window.notAfter ? [`until ${window.notAfter.toISOString()}`] : []),
        ].join(" ");
  const message = `Stopped at ${now.toISOString()}: it is outside the window, ${when}; run again inside it`;
  return new LogoffError("outside-window", message);
}
