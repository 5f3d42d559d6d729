import type { HostPhase, HostReport } from "../report";
import { escapeXml as esc } from "../xml";

const phaseLabels: Readonly<Record<HostPhase["phase"], string>> = {
  waited: "waited for its turn",
  connected: "connected and listed",
  warned: "grace period",
  "logged-off": "logged off",
  verified: "verified",
};

/** The time in milliseconds that the full width of a timeline stands for: the end of the last host, or the longest duration. */
export function timelineScale(hosts: readonly HostReport[]): number {
  return hosts.reduce(
    (most, { durationMs, phases = [] }) => Math.max(most, durationMs, ...phases.map(({ toMs }) => toMs)),
    1,
  );
}

/** A host's phases as a bar with a text alternative; empty for a host that was never contacted. */
export function timelineBar(host: HostReport, scaleMs: number): string {
  const { durationMs, phases = [] } = host;
  const total = seconds(durationMs);
  if (phases.length === 0 && durationMs === 0) return "";
  const parts =
    phases.length === 0
      ? [{ name: "total", words: `took ${total}`, fromMs: 0, toMs: durationMs }]
      : phases.map(({ phase, fromMs, toMs }) => ({
          name: phase,
          words: `${phaseLabels[phase]} ${seconds(toMs - fromMs)}`,
          fromMs,
          toMs,
        }));
  const bars = parts.map(
    ({ name, fromMs, toMs }) =>
      `<i class="${name}" style="left:${percent(fromMs, scaleMs)};width:${percent(toMs - fromMs, scaleMs)}"></i>`,
  );
  const words = esc(parts.map((part) => part.words).join(", "));
  return `<span class="line" role="img" aria-label="${words}" title="${words}">${bars.join("")}</span><span class="took">${total}</span>`;
}

function seconds(ms: number): string {
  // Rounded before the unit is chosen, to avoid 60.0 s and 1 min 60 s.
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  const tenths = Math.round(ms / 100);
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  const whole = Math.round(ms / 1000);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

function percent(ms: number, scaleMs: number): string {
  return `${Math.min(100, Math.max(0, (ms / scaleMs) * 100)).toFixed(2)}%`;
}
