import { unknownField } from "../plan/problems";

/** The name that a misspelled one most likely stands for; undefined when none is near. One rule with the inputs. */
export function nearestName(written: string, known: readonly string[]): string | undefined {
  return /did you mean (.+)\?$/u.exec(unknownField(written, known))?.[1];
}
