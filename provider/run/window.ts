import { LogoffError } from "../base/errors";
import type { Window } from "../plan/plan";

/** The reason why nothing may be changed at a time; undefined if changes are allowed. */
export type OutsideWindow = (now: Date) => LogoffError | undefined;

/** Judges times by a window; null: no window. Call it once per run, because creating a formatter is far slower than using it. */
export function watchWindow(window: Window | null): OutsideWindow {
  if (window === null) return () => undefined;
  const isInside = insideOf(window);
  return (now) => (isInside(now) ? undefined : outsideWindow(window, now));
}

/**
 * Whether changes are allowed at a time. A daily window follows the local time of its time zone: it spans midnight if it ends before it
 * starts, and is longer or shorter on the day of a clock change. The first minute is inside the window, the last is not.
 */
function insideOf(window: Window): (now: Date) => boolean {
  if (!("dailyFrom" in window)) {
    const { notBefore, notAfter } = window;
    return (now) =>
      (notBefore === undefined || now >= notBefore) && (notAfter === undefined || now < notAfter);
  }
  const { dailyFrom, dailyTo, timeZone } = window;
  const wallTime = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  return (now) => {
    // Strings of the form `HH:MM` compare like times.
    const time = wallTime.format(now);
    return dailyFrom < dailyTo ? time >= dailyFrom && time < dailyTo : time >= dailyFrom || time < dailyTo;
  };
}

/** The error of a change outside the window. */
function outsideWindow(window: Window, now: Date): LogoffError {
  const when =
    "dailyFrom" in window
      ? `daily ${window.dailyFrom}-${window.dailyTo} ${window.timeZone}`
      : [
          ...(window.notBefore ? [`from ${window.notBefore.toISOString()}`] : []),
          ...(window.notAfter ? [`until ${window.notAfter.toISOString()}`] : []),
        ].join(" ");
  const message = `Stopped: ${now.toISOString().slice(0, 16)}Z is outside \`window\` (${when}); run again inside it`;
  return new LogoffError("outside-window", message);
}
