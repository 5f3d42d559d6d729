import type { Caller } from "./windows/program";

/** One command as the host got it. The record grows while the command runs. */
export interface CommandRecord {
  /** Counts all commands of the lab, so that the order between hosts can be seen. */
  readonly seq: number;
  readonly host: string;
  /** Counts the connections of this host from 1. */
  readonly connection: number;
  readonly caller: Caller;
  /** The raw text. */
  readonly command: string;
  /** Since the lab was started. */
  readonly atMs: number;
  readonly endMs?: number;
  readonly stdin: Buffer;
  readonly stdinEnded: boolean;
  /** `killed`: the client closed the channel or the connection first; `dropped`: a fault did. */
  readonly outcome: "running" | "exited" | "killed" | "dropped";
  readonly code?: number;
}

/** The record in the hands of the one who runs the command. */
export interface GrowingRecord extends Omit<CommandRecord, "outcome" | "code" | "endMs"> {
  outcome: CommandRecord["outcome"];
  code?: number;
  endMs?: number;
}
