/**
 * Several programs in one command line. On Windows every command is a process tree of its own, and every exchange is a round trip, so what can be
 * asked together is. After each program the line prints a mark, which tells where its output ends and whether it ended with 0 or 1.
 *
 * The lines rest on documentation and on Wine's cmd.exe; nothing of them was seen on a real Windows yet. Whatever is not answered exactly as expected is
 * asked again in commands of its own.
 */
import type { ExecResult } from "../../connection";
import { greetingOf, withoutControls, withoutGreeting, type Greeting } from "./greeting";

/** The shells that lines can be written for. */
export type WindowsShell = "cmd" | "powershell";

/** `if errorlevel N` is true for N and above. A program that crashes ends with a negative code. */
const cmdMark = "(if errorlevel 2 (echo --- 2) else if errorlevel 0 (echo ---) else (echo --- 2))";
/** PowerShell prints the words one below the other. A Unix shell has no such variable and prints the mark alone. */
const powershellMark = "echo --- $LASTEXITCODE";

/** All programs in one line of a shell. */
export function oneLine(programs: readonly string[], shell: WindowsShell): string {
  return shell === "cmd"
    ? programs.map((program) => `${program} 2>&1 & ${cmdMark}`).join(" & ")
    : programs.map((program) => `${program}; ${powershellMark}`).join("; ");
}

/**
 * The results of the programs of {@link oneLine}, in order; undefined if not all are there. `code` is 0 for 0 and 1, and 2 for all other codes. Standard
 * error is that of the whole line.
 */
export function readOneLine(
  { stdout }: ExecResult,
  count: number,
  shell: WindowsShell,
  greeting: Greeting,
): readonly ExecResult[] | undefined {
  return allOf(sectionsOf(withoutGreeting(stdout, greeting), shell), count)?.map(({ result }) => result);
}

/**
 * The first line that is sent to a host. Its quotes make cmd and all other shells read different halves of it: to cmd, the second half is a remark;
 * the others print the first half as text. Tried with sh, dash, bash, zsh, ksh, mksh, fish, busybox and Wine's cmd; of PowerShell
 * it is the documented quoting. tcsh and csh end the line at the variable that they do not know.
 */
export function firstLine(programs: readonly string[]): string {
  const plain = oneLine(programs, "powershell");
  return `echo '${cmdHalf(programs)}' which shell; uname -s; echo ---; ${plain}`;
}

function cmdHalf(programs: readonly string[]): string {
  return `& ${oneLine(programs, "cmd")} & rem `;
}

/** What {@link firstLine} tells. */
export interface FirstAnswer {
  readonly shell: WindowsShell | "unix";
  /** The output of `uname`; empty if there is none. */
  readonly system: string;
  /** What the host prints before the output of every command. */
  readonly greeting: Greeting;
  /** The same on standard error, as far as an answer of its own can tell. Undefined: it cannot. */
  readonly errorGreeting: Greeting | undefined;
  /** What each program printed, in order. Undefined: not all are there. */
  readonly sections: readonly Section[] | undefined;
}

/** What one of the programs of a line printed. */
export interface Section {
  readonly result: ExecResult;
  /** Its output with the mark behind it. */
  readonly printed: Uint8Array;
}

/** Reads the answer to {@link firstLine}; undefined if no known shell gives it. */
export function readFirstLine(
  { stdout, stderr }: ExecResult,
  programs: readonly string[],
): FirstAnswer | undefined {
  const lines = linesOf(stdout);
  // Some shells' echo interprets a backslash.
  const [literal = ""] = cmdHalf(programs).split("\\");
  const isBeginning = (line: Line): boolean => {
    const text = textOf(line);
    return text === "'" || text.startsWith(literal.trimEnd());
  };
  const [beginning, another] = lines.filter(isBeginning);
  // What a host prints before an answer may look like its beginning.
  if (beginning === undefined || another !== undefined) return undefined;
  const at = lines.indexOf(beginning);
  const [found = "", second, third] = lines.slice(at, at + 3).map(textOf);
  const greeting = greetingOf(lines.slice(0, at).map(textOf));
  const after = (count: number): Uint8Array => stdout.subarray(lines[at + count]?.from ?? stdout.length);
  if (found === "'") {
    const errorGreeting = greetingOf(latin1(stderr).split("\n"));
    const sections = allOf(sectionsOf(after(1), "cmd"), programs.length);
    return { shell: "cmd", system: "", greeting, errorGreeting, sections };
  }
  const isPowerShell = second === "which" && third === "shell";
  if (!isPowerShell && !found.endsWith("  which shell")) return undefined;
  const [uname, ...sections] = sectionsOf(after(isPowerShell ? 3 : 1), "powershell");
  return {
    shell: isPowerShell ? "powershell" : "unix",
    system: uname === undefined ? "" : latin1(uname.result.stdout).trim(),
    greeting,
    errorGreeting: isOnlyUname(stderr) ? [] : undefined,
    sections: allOf(sections, programs.length),
  };
}

/** Whether standard error begins with the complaint that there is no `uname`, so that nothing else was printed before. */
function isOnlyUname(stderr: Uint8Array): boolean {
  return /^(?:uname\b|$)/u.test(withoutControls(latin1(stderr)).trimStart());
}

function allOf(sections: readonly Section[], count: number): readonly Section[] | undefined {
  return sections.length === count ? sections : undefined;
}

interface Line {
  /** Where it begins, in bytes. */
  readonly from: number;
  readonly raw: string;
}

/** A line without control characters and blanks at its end. */
function textOf(line: Line | undefined): string {
  return line === undefined ? "" : withoutControls(line.raw).replace(/[ \r]+$/u, "");
}

/** Works on bytes: line breaks and the marks are the same in every code page. */
function linesOf(output: Uint8Array): readonly Line[] {
  const lines = latin1(output).split("\n");
  let from = 0;
  return lines.map((raw) => {
    const start = from;
    from += raw.length + 1;
    return { from: start, raw };
  });
}

/** What stands before each mark. Text behind the last one belongs to no program. */
function sectionsOf(output: Uint8Array, shell: WindowsShell): readonly Section[] {
  const lines = linesOf(output);
  const sections: Section[] = [];
  let from = 0;
  for (const [at, line] of lines.entries()) {
    // Cheaper than the expressions, and few lines have it.
    if (!line.raw.includes("---")) continue;
    const [mark, sameLine] = /^---(?: +(-?[0-9]+))?$/u.exec(textOf(line)) ?? [];
    if (mark === undefined) continue;
    const below = shell === "powershell" ? textOf(lines[at + 1]) : "";
    const nextLine = /^-?[0-9]+$/u.test(below) ? below : undefined;
    const code = Number(sameLine ?? nextLine ?? 0);
    const end = lines[at + (nextLine === undefined ? 1 : 2)]?.from ?? output.length;
    sections.push({
      result: {
        code: code === 0 || code === 1 ? 0 : 2,
        stdout: output.subarray(from, line.from),
        stderr: none,
      },
      printed: output.subarray(from, end),
    });
    from = end;
  }
  return sections;
}

const none = new Uint8Array();

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
