import { longestListing } from "../replies";
import { textOf } from "./answers";
import { cksum } from "./cksum";
import { processLine } from "./processes";
import { groupLine } from "./shell";

/** The answer of a host about one session that it listed. */
export interface Shown {
  readonly id: string;
  /** `ended`: the session ended before it could be shown. `failed`: it exists, and `lines` say why it cannot be shown. */
  readonly outcome: "shown" | "ended" | "failed";
  readonly lines: readonly string[];
}

/** The parsed answer to `listCommand`. */
export interface ListAnswer {
  /** Seconds since 1970 on the host. */
  readonly nowSeconds: number | undefined;
  /** `XDG_SESSION_ID` of the login, empty where it has none (sudo takes it away). */
  readonly ownId: string;
  /** Our shell's process. */
  readonly selfPid: number;
  /** The control groups of our shell that belong to sessions. */
  readonly selfGroups: readonly string[];
  readonly shown: readonly Shown[];
  /** The control groups of sessions, each with the number of its processes. */
  readonly groups: readonly string[];
  readonly processes: readonly string[];
}

const startUpFiles =
  "the login's start-up files, such as .bashrc, must print nothing and must not end the shell";

/**
 * Parses an answer. Ignores what start-up files print before and after it.
 * @returns the answer, or the reason why there is none
 */
export function readListAnswer(stdout: Uint8Array): ListAnswer | string {
  const body = bodyOf(stdout);
  if (typeof body === "string") return body;
  const sections = sectionsOf(textOf(body).split("\n"));
  if (sections.some(({ mark }) => mark === "strange")) return "a row without a session ID";
  const marks = sections.map(({ mark }) => mark).join(" ");
  if (!grammar.test(marks)) return "its parts are not in their order";
  const stray = sections.find(
    ({ mark, lines }) => lines.length > 0 && !/^(?:session|groups|processes)$/u.test(mark),
  );
  if (stray !== undefined) return stray.lines.join(" ");
  const one = (mark: string): Section | undefined => sections.find((section) => section.mark === mark);
  const groups = one("groups")?.lines ?? [];
  const processes = one("processes")?.lines ?? [];
  const odd =
    groups.find((line) => !groupLine.test(line)) ?? processes.find((line) => !processLine.test(line));
  if (odd !== undefined) return odd;
  const now = Number(one("now")?.value);
  return {
    nowSeconds: Number.isInteger(now) && now > 0 ? now : undefined,
    ownId: one("own")?.value ?? "",
    selfPid: Number(one("self")?.value ?? 0),
    selfGroups: sections.flatMap(({ mark, value }) => (mark === "in" ? [value] : [])),
    shown: sections.flatMap(({ mark, value, lines }, index) =>
      mark === "session" ? [{ id: value, outcome: outcomeOf(sections[index + 1]?.mark), lines }] : [],
    ),
    groups,
    processes,
  };
}

const session = "session (?:shown|ended|failed) ";
const grammar = new RegExp(`^now own self (?:in )*(?:${session})*groups (?:${session})*processes$`, "u");

function outcomeOf(mark: string | undefined): Shown["outcome"] {
  return mark === "shown" || mark === "ended" ? mark : "failed";
}

/** The bytes between our two marks, or why they cannot be used. */
function bodyOf(stdout: Uint8Array): Uint8Array | string {
  // One character for each byte, so that places in the text are places in the bytes.
  const text = new TextDecoder("latin1").decode(stdout);
  const begin = /(?:^|\n)@begin\r?\n/u.exec(text);
  if (begin === null) return `no answer of our script: ${startUpFiles}`;
  const start = begin.index + begin[0].length;
  const end = text.lastIndexOf("\n@complete ");
  const wanted = /^\n@complete ([0-9]+) ([0-9]+)\r?\n/u.exec(text.slice(end, end + 60));
  if (end < start || wanted === null) return "an answer without an end, or one of a host without cksum";
  const body = withoutCarriageReturns(stdout.subarray(start, end));
  if (body.length !== Number(wanted[2]) || cksum(body) !== Number(wanted[1])) {
    return `${body.length} bytes where its checksum is that of ${wanted[2]}: something was lost or came between; ${startUpFiles}`;
  }
  const listing = text.indexOf("\n@processes", start);
  if ((listing === -1 ? end : listing) - start > longestListing)
    return `more than ${longestListing / 1024} KiB`;
  return body;
}

/** A terminal in between turns line ends into those of Windows; the last one precedes our mark. */
function withoutCarriageReturns(bytes: Uint8Array): Uint8Array {
  return bytes.filter((byte, at) => byte !== 0x0d || (at + 1 < bytes.length && bytes[at + 1] !== 0x0a));
}

interface Section {
  readonly mark: string;
  readonly value: string;
  readonly lines: readonly string[];
}

/** The lines that begin with `@`, each with those that follow it. Lines before the first are a section without a mark. */
function sectionsOf(lines: readonly string[]): readonly Section[] {
  const starts = lines.flatMap((line, index) => (index === 0 || line.startsWith("@") ? [index] : []));
  return starts.map((start, index) => {
    const [, mark = "", value = ""] = /^@([a-z]+)(?: (.*))?$/su.exec(lines[start] ?? "") ?? [];
    return { mark, value, lines: lines.slice(start + 1, starts[index + 1]) };
  });
}
