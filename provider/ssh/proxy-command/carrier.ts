import type { LogoffError } from "../../base/errors";
import type { Dialled } from "../transport/banner";
import type { Attempt } from "../transport/socket";

/** What carries a connection that does not go over a socket of our own. It knows more about failures than the connection does. */
export interface Carrier {
  /** How it ended the connection: `its proxy command ended with exit code 1, saying "…"`; undefined: it did not. */
  readonly ended: () => string | undefined;
  /** The failure of a handshake, with how it ended the connection. */
  readonly failure: (failed: FailedAttempt) => FailedAttempt;
  /** The error of a deadline, with what it has said so far. */
  readonly delay: (error: LogoffError) => LogoffError;
}

/** A failed {@link Attempt}. */
export type FailedAttempt = Extract<Attempt<never>, { readonly ok: false }>;

/** A connection on which nothing has been read yet, with its carrier if there is one. */
export interface Carried extends Dialled {
  readonly carrier?: Carrier;
}
