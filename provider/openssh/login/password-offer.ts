/** The one offer of a password to a host, as askpass makes it when ssh asks. */
import type { LogoffError } from "../../base/errors";
import type { Host } from "../../connection";
import type { PasswordClaim, PasswordGuard, PasswordVerdict } from "../../ssh/login/password-guard";
import { promptKind, type Answer } from "./askpass";

export interface PasswordOffer {
  /** The answer to a prompt of ssh. Waits while the password is being proven on another host. */
  readonly answer: (prompt: string, signal: AbortSignal) => Promise<Answer>;
  readonly wasOffered: () => boolean;
  /** The last prompt that was not answered, because it is another one or a second one. */
  readonly unanswered: () => string | undefined;
  /** Why the password must not be offered to this host, once ssh has asked for it. */
  readonly refusal: () => LogoffError | undefined;
  /** Ends the offer, if it was made. Only the first call counts. */
  readonly settle: (verdict: Exclude<PasswordVerdict, "not-offered">) => void;
  /** Ends the claim, if the password was not offered. */
  readonly end: () => void;
}

/** @param name is the host's in prompts; @param password undefined if there is none, and then nothing is ever answered */
export function passwordOffer(
  guard: PasswordGuard,
  host: Pick<Host, "label" | "awaited"> & { readonly user: string },
  name: string,
  password: string | undefined,
): PasswordOffer {
  let claim: PasswordClaim | undefined;
  let offered = false;
  let ended = false;
  let unanswered: string | undefined;
  let refusal: LogoffError | undefined;
  return {
    answer: async (prompt, signal) => {
      const kind = promptKind(prompt, host.user, name);
      if (kind === "passphrase") return "skip";
      if (kind === "other" || password === undefined || offered) {
        unanswered = prompt;
        return "end";
      }
      try {
        claim ??= await guard.claim(host.label, host.user, password, signal, host.awaited === true);
      } catch (thrown) {
        refusal = thrown as LogoffError;
        return "end";
      }
      // The connection may have ended during the wait; an unsettled claim would block all other hosts.
      if (ended || signal.aborted) {
        claim.settle("not-offered");
        return "end";
      }
      offered = true;
      return { text: password };
    },
    wasOffered: () => offered,
    unanswered: () => unanswered,
    refusal: () => refusal,
    settle: (verdict) => {
      if (offered) claim?.settle(verdict);
    },
    end: () => {
      ended = true;
      claim?.settle("not-offered");
    },
  };
}
