import type { CancelSource, Urgency } from "./cancellation";
import { onEngineGone } from "./engine-gone";

const signals = ["SIGINT", "SIGTERM"] as const;

/** A source of cancellations that can also be asked in another way than by a signal. */
export interface ProcessEnd extends CancelSource {
  /** Cancels the runs of now and of later. */
  readonly cancel: (why: string, urgency: Urgency) => void;
  /** Forgets a patient request: the process goes on to serve another operation. */
  readonly renew: () => void;
}

/**
 * Cancels on SIGINT and SIGTERM while a run is active; at other times they end the process as usual. Also cancels when the engine is gone, which
 * the end of standard input or unread output shows. A cancellation applies to later runs too, because a process serves one operation and
 * the engine may continue with other resources.
 *
 * @param address of the engine; undefined if it is not known
 */
export function endOfProcess(address: string | undefined): ProcessEnd {
  let cancelAll: (why: string, urgency?: Urgency) => void = () => undefined;
  let asked: { readonly why: string; readonly urgency: Urgency } | undefined;
  let isOrphan = false;
  let isActive = false;
  const cancel = (why: string, urgency: Urgency): void => {
    if (asked?.urgency !== "urgent") asked = { why, urgency };
    cancelAll(why, urgency);
  };
  const onSignal = (signal: NodeJS.Signals): void => cancel(`the provider received ${signal}`, "urgent");
  const endIfOrphan = (): void => {
    // Leaves time for an answer that may still be read.
    if (isOrphan && !isActive) setTimeout(() => process.exit(1), 500);
  };
  // Watched from the first call on: the end of an input means something only if it was seen open before.
  onEngineGone(() => {
    if (isOrphan) return;
    isOrphan = true;
    cancel("the Pulumi engine has ended", "urgent");
    endIfOrphan();
  }, address);
  return {
    cancel,
    renew: () => {
      if (asked?.urgency === "patient") asked = undefined;
    },
    start(cancelThem) {
      isActive = true;
      cancelAll = cancelThem;
      if (asked !== undefined) cancelAll(asked.why, asked.urgency);
      for (const signal of signals) process.on(signal, onSignal);
    },
    stop() {
      isActive = false;
      for (const signal of signals) process.off(signal, onSignal);
      endIfOrphan();
    },
  };
}
