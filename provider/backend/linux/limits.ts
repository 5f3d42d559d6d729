import type { Backend } from "../backend";

/** Inputs that have less effect on Linux than on Windows, in sentences for the report. */
export function limitsOnLinux(
  label: string,
  { states, drain }: Parameters<Backend["caveats"]>[0],
): readonly string[] {
  const noDisconnected =
    states?.includes("disconnected") === true
      ? [
          `No session of "${label}" counts as disconnected: logind does not know whether somebody looks at a session`,
        ]
      : [];
  const ends =
    drain === "until-destroy"
      ? [`The drain of "${label}" ends when it restarts: /run/nologin does not outlive a restart`]
      : [];
  return [...noDisconnected, ...ends];
}
