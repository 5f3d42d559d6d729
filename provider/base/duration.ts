/**
 * The package `parse-duration` is not used: its maintained version is ESM only, its CommonJS version gets no fixes, and both accept
 * far more than the three units needed here.
 */
const pattern = /^(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,9})s)?$/u;

/**
 * The milliseconds of a duration such as `"90s"`, `"15m"` or `"1h30m"` (hours, minutes, seconds, in this order) or of a number of
 * seconds, rounded to a millisecond; undefined if the value is neither.
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

/** A duration in the form of the inputs: `1h30m`, `15s`, `0s`. Below a second it is `250ms`, which is for messages only. */
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
