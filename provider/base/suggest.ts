/** The Levenshtein distance of two names. For an `a` of more than 40 characters, its length, to limit the time. */
export function distance(a: string, b: string): number {
  if (a.length > 40) return a.length;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (letter === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? b.length;
}

/** The known name closest to a misspelled one, at most two edits away and ignoring case; undefined if no name is that close. */
export function nearest(misspelled: string, known: readonly string[]): string | undefined {
  const best = known
    .map((name) => ({ name, away: distance(misspelled.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.away - b.away)[0];
  return best !== undefined && best.away <= Math.min(2, Math.floor(best.name.length / 2))
    ? best.name
    : undefined;
}
