import type { Caller } from "./windows/program";

/** A command as the host received it. The record grows while the command runs. */
export interface CommandRecord {
  /** Numbers all commands of the lab, so that the order across hosts is visible. */
  readonly seq: number;
  readonly host: string;
  /** The number of the connection on this host, from 1. */
  readonly connection: number;
  readonly caller: Caller;
  /** The raw text. */
  readonly command: string;
  /** Time since the lab started. */
  readonly atMs: number;
  readonly endMs?: number;
  readonly stdin: Buffer;
  readonly stdinEnded: boolean;
  /** `killed`: the client closed the channel or the connection first; `dropped`: a fault did. */
  readonly outcome: "running" | "exited" | "killed" | "dropped";
  readonly code?: number;
}

/** The mutable record, for the code that runs the command. */
export interface GrowingRecord extends Omit<CommandRecord, "outcome" | "code" | "endMs"> {
  outcome: CommandRecord["outcome"];
  code?: number;
  endMs?: number;
}
