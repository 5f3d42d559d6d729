import { counted } from "../base/text";
import type { Output } from "./world";

/** The most problems that are printed; the others are counted. */
const shownProblems = 20;

/** Prints what is wrong with the arguments, and returns the exit status for that. */
export function wrongUsage(problems: readonly string[], { stderr }: { readonly stderr: Output }): 2 {
  for (const problem of problems.slice(0, shownProblems)) stderr.write(`session-logoff: ${problem}\n`);
  const more = problems.length - shownProblems;
  if (more > 0) stderr.write(`session-logoff: … and ${counted(more, "more problem")}\n`);
  stderr.write("session-logoff --help lists all options\n");
  return 2;
}
