/** The error of a host as the state keeps it. Pure. */
import { errorCodes, type ErrorCode } from "../../base/errors";
import { isRecord } from "../../base/records";
import { printable } from "../../base/text";
import { inertText } from "../../report/pipeline-commands";

/** What went wrong, in a form that is safe to keep. */
export interface StoredError {
  readonly code: ErrorCode;
  readonly message: string;
}

const messageLetters = 300;

/** The engine prints outputs into the log of a pipeline, where text from a host must not act as a command. */
export function storedError({ code, message }: StoredError): StoredError {
  return { code, message: inertText(printable(message, messageLetters)) };
}

/** Reads an error of any age. @returns undefined if there is none */
export function readStoredError(value: unknown): StoredError | undefined {
  if (!isRecord(value)) return undefined;
  const { code, message } = value;
  return storedError({
    code: errorCodes.find((one) => one === code) ?? "command-failed",
    message: typeof message === "string" ? message : "",
  });
}
