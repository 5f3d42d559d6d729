/** The Levenshtein distance. A text that is far too long for a field's name is far away. */
export function distance(a: string, b: string): number {
  if (a.length > 40) return a.length;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (let j = 1; j <= b.length; j += 1) {
      const swap = (row[j - 1] ?? 0) + (letter === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? b.length;
}

/** The known name that is nearest to a misspelled one: at most two letters away, without regard to case. */
export function nearest(written: string, known: readonly string[]): string | undefined {
  const best = known
    .map((name) => ({ name, away: distance(written.toLowerCase(), name.toLowerCase()) }))
    .sort((a, b) => a.away - b.away)[0];
  return best !== undefined && best.away <= Math.min(2, Math.floor(best.name.length / 2))
    ? best.name
    : undefined;
}
