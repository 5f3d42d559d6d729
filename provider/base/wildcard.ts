/**
 * Whether `text` matches a pattern of `*` (any characters, also none) and `?` (one character). Everything else stands for itself,
 * and case counts. At worst quadratic in time, without recursion, so that no pattern from a file or a program stalls us.
 */
export function matchesWildcards(pattern: string, text: string): boolean {
  const wanted = Array.from(pattern);
  const characters = Array.from(text);
  let p = 0;
  let c = 0;
  let starAt = -1;
  let resumeAt = 0;
  while (c < characters.length) {
    if (wanted[p] === "*") {
      starAt = p;
      resumeAt = c;
      p += 1;
    } else if (p < wanted.length && (wanted[p] === "?" || wanted[p] === characters[c])) {
      p += 1;
      c += 1;
    } else if (starAt >= 0) {
      resumeAt += 1;
      p = starAt + 1;
      c = resumeAt;
    } else {
      return false;
    }
  }
  while (wanted[p] === "*") p += 1;
  return p === wanted.length;
}

/** {@link matchesWildcards} without regard to case, as Windows compares names. */
export function matchesGlob(glob: string, text: string): boolean {
  return matchesWildcards(glob.toLowerCase(), text.toLowerCase());
}

/** Whether a glob contains a wildcard. */
export function isPattern(glob: string): boolean {
  return /[*?]/u.test(glob);
}
