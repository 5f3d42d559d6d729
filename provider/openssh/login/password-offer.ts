/** The one offer of a password to a host, as askpass makes it when ssh asks. */
import type { LogoffError } from "../../base/errors";
import type { Host } from "../../connection";
import type { PasswordClaim, PasswordGuard, PasswordVerdict } from "../../ssh/login/password-guard";
import { promptKind, type Answer } from "./askpass";

export interface PasswordOffer {
  /**
   * The answer to a prompt of ssh, which is one of so many questions of the host: ssh sends the answers together, so a password is none where there
   * are several. Waits while the password is being proven on another host.
   */
  readonly answer: (prompt: string, questions: number, signal: AbortSignal) => Promise<Answer>;
  readonly wasOffered: () => boolean;
  /** Whether ssh has asked for anything but a passphrase. */
  readonly wasAsked: () => boolean;
  /** Counts an empty password, which ssh has sent without asking us, as a rejected one: a host does. Never rejects. */
  readonly countEmpty: (signal: AbortSignal) => Promise<void>;
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
  let asked = false;
  let offered = false;
  let ended = false;
  let unanswered: string | undefined;
  let refusal: LogoffError | undefined;
  return {
    answer: async (prompt, questions, signal) => {
      const kind = promptKind(prompt, host.user, name);
      if (kind === "passphrase") return "skip";
      asked = true;
      if (kind === "other" || questions > 1 || password === undefined || offered) {
        unanswered = questions > 1 ? `${prompt.trim()} and ${questions - 1} more` : prompt;
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
    wasAsked: () => asked,
    countEmpty: async (signal) => {
      if (password === undefined) return;
      claim ??= await guard
        .claim(host.label, host.user, password, signal, host.awaited === true)
        .catch(() => undefined);
      claim?.settle("rejected");
    },
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
