/**
 * Whether `text` matches a pattern in which `*` stands for any number of characters and `?` for exactly one. Case matters. The time is
 * at worst quadratic and there is no recursion, so a hostile pattern cannot stall a run.
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

/** {@link matchesWildcards}, ignoring case as Windows does. */
export function matchesGlob(glob: string, text: string): boolean {
  return matchesWildcards(glob.toLowerCase(), text.toLowerCase());
}

/** Whether a glob contains wildcards. */
export function isPattern(glob: string): boolean {
  return /[*?]/u.test(glob);
}
