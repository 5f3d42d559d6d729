/** Messages to the engine, in order. Calls that do not wait for each other overtake each other. */
import { inertText } from "../../report/pipeline-commands";
import type { Voice } from "../progress/voice";

/** A message under a resource. There are no errors among them: the engine would show the resource as failed whatever it answers. */
export interface LogMessage {
  readonly urn: string;
  readonly severity: "info" | "warning";
  readonly text: string;
  /** Whether the next message replaces it. */
  readonly isEphemeral: boolean;
}

/** Sends a message. @returns whether the engine has it; never rejects */
export type Send = (message: LogMessage) => Promise<boolean>;

export interface LogQueue {
  /** The voice of a resource. Text from a host cannot act as a command in the log of a pipeline. */
  readonly voiceOf: (urn: string) => Voice;
  /** Resolves when everything said so far was sent, or given up. */
  readonly drained: () => Promise<void>;
}

/** While fewer messages wait, none are joined: without a terminal, the engine shows only the first line of each before the end. */
const mostWaiting = 50;
/** What is joined to one message is not longer than this. */
const mostLetters = 16_000;

/** Sends one message at a time. When many wait, lines of one resource are joined; only the last of its ephemeral ones is sent. */
export function logQueue(send: Send): LogQueue {
  let waiting: LogMessage[] = [];
  let sending: Promise<void> | undefined;
  const sendAll = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      // An engine that is gone refuses at once; one that is suspended must not hold up answers for every message that waits.
      if (!(await send(next))) waiting = [];
    }
    sending = undefined;
  };
  const add = (message: LogMessage): void => {
    waiting = withMessage(waiting, { ...message, text: inertText(message.text) });
    sending ??= sendAll();
  };
  return {
    voiceOf: (urn) => ({
      say: (text) => add({ urn, severity: "info", text, isEphemeral: false }),
      warn: (text) => add({ urn, severity: "warning", text, isEphemeral: false }),
      status: (text) => add({ urn, severity: "info", text, isEphemeral: true }),
    }),
    drained: () => sending ?? Promise.resolve(),
  };
}

function withMessage(waiting: readonly LogMessage[], message: LogMessage): LogMessage[] {
  const { urn, severity, isEphemeral, text } = message;
  // Whatever comes next replaces a line that nobody has seen yet.
  const others = waiting.filter((one) => one.urn !== urn || !one.isEphemeral);
  const index = others.findLastIndex((one) => one.urn === urn);
  const last = others[index];
  const joined = `${last?.text ?? ""}\n${text}`;
  if (
    isEphemeral ||
    others.length < mostWaiting ||
    last?.severity !== severity ||
    joined.length > mostLetters
  )
    return [...others, message];
  return others.with(index, { ...last, text: joined });
}
