import type { Backend } from "../backend";

/** Inputs that have less effect on Linux than on Windows, in sentences for the report. */
export function limitsOnLinux({ states, drain }: Parameters<Backend["caveats"]>[0]): readonly string[] {
  const noDisconnected =
    states?.includes("disconnected") === true
      ? ["No session here counts as disconnected: logind does not know whether somebody looks at a session"]
      : [];
  const ends =
    drain === "until-destroy"
      ? ["The drain ends when the host restarts, because /run/nologin does not outlive a restart"]
      : [];
  return [...noDisconnected, ...ends];
}
