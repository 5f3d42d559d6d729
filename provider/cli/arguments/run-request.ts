import type { GivenHost } from "./host-entries";

/** What to do on each host: log off, only read, or something else entirely. */
export type Task = "log-off" | "list" | "dry-run" | "check" | "undrain";

/** Shells with a completion. */
export const shells = ["bash", "zsh", "fish", "powershell"] as const;
export type Shell = (typeof shells)[number];

/** How the result is printed, and which files are written. */
export interface OutputOptions {
  readonly format: "text" | "json" | "ndjson";
  /** The file for unfinished hosts. */
  readonly failedHosts?: string;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly debug: boolean;
  readonly yes: boolean;
}

/** What follows each wave, as the arguments describe it. */
export interface ThenOptions {
  /** For the shell. May hold a token, so it is never printed. */
  readonly command: string;
  /** How long hosts are awaited afterwards, as it was typed; absent: they are not. */
  readonly undrain?: string;
  /** Whether each host must have restarted by then. */
  readonly mustRestart: boolean;
}

/** A run as the arguments describe it. */
export interface RunRequest {
  readonly task: Task;
  /** Absent: hosts are reached over SSH. */
  readonly here?: true;
  /** The input of `readPlan`, without `hosts`. */
  readonly input: Readonly<Record<string, unknown>>;
  /** The current session may be the console, which `"current"` cannot express. */
  readonly mayBeConsole?: true;
  /** The hosts of the arguments, in their order. */
  readonly hosts: readonly GivenHost[];
  /** A file with more of them; `-` is standard input. */
  readonly hostsFile?: string;
  /** Settings of every host, those of the file included. */
  readonly eachHost: { readonly via?: string; readonly platform?: string };
  /** Absent: nothing follows a wave. */
  readonly then?: ThenOptions;
  /** How long hosts are awaited before they are undrained, as it was typed; absent: they are not. */
  readonly wait?: string;
  /** The operand, for messages; absent if the selection was made by options. */
  readonly operand?: string;
  /** `--list` with a selection shows only what it matches. */
  readonly narrowed: boolean;
  /** The journal, new or of an interrupted run. Absent: none is kept. */
  readonly journal?: { readonly path: string; readonly isResumed: boolean };
  readonly output: OutputOptions;
}

export type Request =
  | { readonly kind: "run"; readonly run: RunRequest }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "completion"; readonly shell: Shell }
  /** Exit status 2. Each problem says what would be right. */
  | { readonly kind: "usage-error"; readonly problems: readonly string[] };

/** The environment of the arguments. */
export interface ArgumentsContext {
  /** The time zone of a `--window` that names none. To find it out takes ten milliseconds. */
  readonly timeZone: () => string;
}
