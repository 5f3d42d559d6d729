/**
 * Written by hand: the maintained version of `parse-duration` is ESM only, its CommonJS version gets no fixes, and both accept far
 * more than the three units that a maintenance window needs.
 */
const pattern = /^(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?$/u;

/**
 * Milliseconds of `"90s"`, `"15m"`, `"1h30m"` (hours, minutes, seconds in this order) or of a number of seconds;
 * undefined when it is neither. Fractions of a second are rounded to milliseconds.
 */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === "number") {
    return Number.isFinite(value) && value >= 0 ? Math.round(value * 1000) : undefined;
  }
  if (typeof value !== "string") return undefined;
  const match = pattern.exec(value);
  if (match === null || value === "") return undefined;
  const [, hours = "0", minutes = "0", seconds = "0"] = match;
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
}

/** Milliseconds in the form that inputs have: `1h30m`, `15s`, `0s`; below a second as `250ms`, for messages only. */
export function formatDuration(ms: number): string {
  if (ms > 0 && ms < 1000) return `${Math.round(ms)}ms`;
  const seconds = Math.round(ms / 1000);
  const parts = [
    [Math.floor(seconds / 3600), "h"],
    [Math.floor((seconds % 3600) / 60), "m"],
    [seconds % 60, "s"],
  ] as const;
  const text = parts.flatMap(([count, unit]) => (count > 0 ? [`${count}${unit}`] : [])).join("");
  return text === "" ? "0s" : text;
}
