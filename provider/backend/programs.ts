import { printable } from "../base/text";

/** The longest name of a program that a message contains, in characters. */
const longestName = 60;

/**
 * The programs of a session for a message: each once, ignoring case, in the order in which the host prints them, those of people before the
 * system's own. Names are whatever a host or a user says, so they are made safe to print.
 * @param isOwn whether a program, in lower case, is the system's own
 */
export function programsFirst(names: readonly string[], isOwn: (name: string) => boolean): readonly string[] {
  const programs = new Map<string, string>();
  for (const name of names) {
    const shown = printable(name, longestName);
    const key = shown.toLowerCase();
    if (shown !== "" && !programs.has(key)) programs.set(key, shown);
  }
  const [people, own]: [string[], string[]] = [[], []];
  for (const [key, name] of programs) (isOwn(key) ? own : people).push(name);
  return [...people, ...own];
}
