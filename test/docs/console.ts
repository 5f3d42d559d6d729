/** Transcripts of a terminal: commands after `$ `, and what they print. */
import type { Block } from "./blocks";
import { normalize } from "./normalize";

/** A command of a transcript. */
export interface Step {
  readonly line: number;
  readonly command: string;
  /** What it prints; a line `…` stands for any number of lines. */
  readonly printed: string;
  /** Whether the next command asks for its exit status, so that it may fail. */
  readonly mayFail: boolean;
}

/** @throws Error if the block does not begin with a command */
export function readTranscript(block: Block): readonly Step[] {
  const steps: { line: number; command: string; printed: string }[] = [];
  let goesOn = false;
  for (const [index, text] of block.code.trimEnd().split("\n").entries()) {
    const last = steps.at(-1);
    if (goesOn && last !== undefined) last.command += `\n${text}`;
    else if (text.startsWith("$ "))
      steps.push({ line: block.line + index, command: text.slice(2), printed: "" });
    else if (last === undefined) throw new Error("a console block begins with a command: $ COMMAND");
    else {
      last.printed += `${text}\n`;
      continue;
    }
    goesOn = text.endsWith("\\");
  }
  return steps.map((step, index) => ({ ...step, mayFail: steps[index + 1]?.command === "echo $?" }));
}

const anyLines = "…";

/** Whether the lines are those of the pattern, in which `…` stands for any number of lines. */
function matches(pattern: readonly string[], lines: readonly string[]): boolean {
  let starts = new Set([0]);
  for (const one of pattern) {
    const next = new Set<number>();
    for (const start of starts) {
      if (one !== anyLines) {
        if (lines[start] === one) next.add(start + 1);
      } else for (let at = start; at <= lines.length; at += 1) next.add(at);
    }
    starts = next;
  }
  return starts.has(lines.length);
}

/** The host that a line is about. */
function hostOf(line: string): string {
  return /^(\S+:\d+) /u.exec(line)?.[1] ?? "";
}

/**
 * What differs, or undefined. The lines of one host come in their order, but hosts that run at the same time print theirs in any.
 */
export function difference(expected: string, printed: string, home?: string): string | undefined {
  const pattern = normalize(expected);
  const lines = normalize(printed, home);
  if (matches(pattern, lines)) return undefined;
  const hosts = new Set([...pattern, ...lines].map(hostOf));
  const agree = [...hosts].every((host) =>
    matches(
      pattern.filter((line) => line === anyLines || hostOf(line) === host),
      lines.filter((line) => hostOf(line) === host),
    ),
  );
  if (agree) return undefined;
  return `expected:\n${indented(expected)}\nprinted:\n${indented(printed)}`;
}

function indented(text: string): string {
  return text.trimEnd().replace(/^/gmu, "    ");
}
