import { printable, controlsAsSpaces } from "../../base/text";
import type { ExecResult } from "../../connection";
import type { Session } from "../../session/session";
import type { WarnAnswer, Warning } from "../backend";
import { endOf } from "../replies";
import { textOf } from "./answers";
import { checkedTerminal, inShell } from "./shell";

/**
 * The limit of `msg` on Windows, so that a message fits all hosts or none. A UTF-8 text of this many bytes has no more characters.
 */
const longestMessageBytes = 255;
/** Seconds for a terminal to accept the text; one that was stopped with Ctrl-S accepts none. */
const writeSeconds = 10;
const exitNoTerminal = 66;
const exitTimedOut = 124;

/**
 * Writes the text, after a bell, to the session's terminal. The text is passed on standard input. The name of the terminal is checked, and it must
 * be a device on the host, because root would create a file in /dev otherwise.
 */
export function warning(session: Session, text: string): Warning {
  const { bytes, cut, replaced } = encode(text);
  const terminal = checkedTerminal(session.terminal);
  if (terminal === undefined) {
    return { cannot: "the session has no terminal (pts/N or ttyN) to write to", cut, replaced };
  }
  const device = `/dev/${terminal}`;
  const write = `tee ${device} >/dev/null`;
  const command = inShell(
    `[ -c ${device} ] || exit ${exitNoTerminal}`,
    `if [ -w ${device} ]; then timeout ${writeSeconds} ${write}; else timeout ${writeSeconds} sudo -n ${write}; fi`,
  );
  return { action: { command, stdin: bytes, parse: readWarnAnswer }, cut, replaced };
}

function readWarnAnswer(result: ExecResult): WarnAnswer {
  if (result.code === 0) return { kind: "delivered" };
  if (result.code === exitNoTerminal) return { kind: "absent" };
  if (result.code === exitTimedOut) return { kind: "undelivered", detail: "its terminal takes no output" };
  return { kind: "undelivered", detail: `${endOf(result)}: "${printable(textOf(result.stderr))}"` };
}

function encode(text: string): Required<Pick<Warning, "cut" | "replaced">> & { readonly bytes: Uint8Array } {
  // Escape sequences could do anything to a terminal, and directional marks could turn the text around.
  const clean = controlsAsSpaces(text).trim();
  const encoder = new TextEncoder();
  // Takes whole characters only, and tells how many UTF-16 units of the text they are.
  const { read } = encoder.encodeInto(clean, new Uint8Array(longestMessageBytes));
  const kept = clean.slice(0, read);
  return {
    bytes: encoder.encode(`\r\n\u0007${kept}\r\n`),
    cut: read < clean.length,
    replaced: /\p{Surrogate}/u.test(kept),
  };
}
