import fc from "fast-check";

/** Damage to a printed table. Numbers are taken modulo the size of the table. */
export interface Damage {
  readonly kind: DamageKind;
  readonly row: number;
  readonly at: number;
  readonly by: number;
}

type Change = (lines: readonly string[], damage: Omit<Damage, "kind">) => readonly string[];

/** Applies a change to one line, usually not the header. */
function onRow(change: (line: string, at: number, by: number) => string): Change {
  return (lines, { row, at, by }) =>
    lines.map((line, index) =>
      index === row % lines.length ? change(line, at % (line.length + 1), by) : line,
    );
}

function onRows(change: (line: string, at: number, by: number) => string): Change {
  return (lines, { at, by }) => lines.map((line, index) => (index === 0 ? line : change(line, at, by)));
}

function onTable(change: (line: string, at: number, by: number) => string): Change {
  return (lines, { at, by }) => lines.map((line) => change(line, at, by));
}

function insert(line: string, at: number, text: string): string {
  return line.slice(0, at) + text + line.slice(at);
}

function remove(line: string, at: number, count: number): string {
  return line.slice(0, at) + line.slice(at + count);
}

const blanks = (by: number): string => " ".repeat(1 + (by % 10));
const prefixes = [">", "> ", "| ", "* ", "1: ", '"', "\t", "- ", ">>", "\u00a0"];
const suffixes = [" |", "*", '"', ",", " x", "  2", "\u001b[0m", "\t", " 7  Disc", "  y  z"];
const marks = ["\u001b[0m", "\u001b", "\u0007", "\t", "\f", "\u202e", "\u200e", "\u2028", "\u009b", "\u00a0"];
/** Marks that exist in every code page. */
const controls = ["\u001b[0m", "\u001b", "\u0007", "\t", "\f"];
const pick = (list: readonly string[], by: number): string => list[by % list.length] ?? "";

/** Swaps a field of a row and the blanks next to it, so that the rest of the row stays where it was. */
function moveField(line: string, at: number, by: number): string {
  const fields = [...line.matchAll(/[^ ]+(?: [^ ]+)*/gu)];
  const field = fields[at % Math.max(1, fields.length)];
  if (field === undefined) return line;
  const [text] = field;
  const distance = 1 + (by % 8);
  const { index } = field;
  if (by % 2 === 0 && line.slice(index + text.length).startsWith(" ".repeat(distance)))
    return insert(remove(line, index + text.length, distance), index, " ".repeat(distance));
  const before = line.slice(0, index);
  if (!before.endsWith(" ".repeat(distance))) return line;
  return insert(
    line.slice(0, index - distance) + line.slice(index),
    index - distance + text.length,
    " ".repeat(distance),
  );
}

/** Every kind of damage to one table. */
const changes = {
  // Shifted.
  "row shifted right": onRow((line, at, by) => insert(line, [0, 1, 18, 19, at][by % 5] ?? 0, blanks(by))),
  "row shifted left": onRow((line, _, by) => line.slice(1 + (by % 9))),
  "rows shifted right": onRows((line, _, by) => blanks(by) + line),
  "rows shifted left": onRows((line, _, by) => line.slice(1 + (by % 9))),
  "blanks removed": onRow((line, at, by) => {
    const gap = line.indexOf("  ", at);
    return gap === -1
      ? line
      : line.slice(0, gap) + line.slice(gap).replace(new RegExp(` {1,${1 + (by % 9)}}`), "");
  }),
  "field moved": onRow(moveField),
  // Squeezed.
  "row squeezed": onRow((line, _, by) => line.replace(/ {2,}/gu, " ".repeat(1 + (by % 3)))),
  "rows squeezed": onRows((line, _, by) => line.replace(/ {2,}/gu, " ".repeat(1 + (by % 3)))),
  "table squeezed": onTable((line, _, by) => line.replace(/ {2,}/gu, " ".repeat(1 + (by % 3)))),
  // Joined.
  "line break lost": (lines, { row, by }) => {
    const at = row % lines.length;
    const line = lines[at] ?? "";
    const joined = (by % 2 === 0 ? line : line.trimEnd()) + (lines[at + 1] ?? "");
    return [...lines.slice(0, at), joined, ...lines.slice(at + 2)];
  },
  "line breaks lost": (lines, { by }) => [
    lines.map((line) => (by % 2 === 0 ? line : line.trimEnd())).join(""),
  ],
  "row broken": (lines, { row, at }) =>
    lines.flatMap((line, index) => {
      const place = at % (line.length + 1);
      return index === row % lines.length ? [line.slice(0, place), line.slice(place)] : [line];
    }),
  // Never by the exact length of a line: all columns would fit, and two session names would form a third that looks right.
  "rows run into each other": (lines, { row, at, by }) => {
    const index = row % lines.length;
    const [line = "", next = ""] = [lines[index], lines[index + 1]];
    const place = at % (line.length + 1);
    const distance = 1 + (by % 12);
    const rest = next.slice(
      Math.max(0, by % 2 === 0 && place >= distance ? place - distance : place + distance),
    );
    return [...lines.slice(0, index), line.slice(0, place) + rest, ...lines.slice(index + 2)];
  },
  // Cut.
  cut: (lines, { row, at }) => {
    const index = row % lines.length;
    return [...lines.slice(0, index), (lines[index] ?? "").slice(0, at % ((lines[index]?.length ?? 0) + 1))];
  },
  "cut between rows": (lines, { row }) => lines.slice(0, row % (lines.length + 1)),
  "beginning lost": (lines, { row, at }) => [
    (lines[row % lines.length] ?? "").slice(at % 90),
    ...lines.slice((row % lines.length) + 1),
  ],
  "row cut": onRow((line, at) => line.slice(0, at)),
  "middle of a row lost": onRow((line, at, by) => remove(line, at, 1 + (by % 12))),
  "character lost": onRow((line, at) => remove(line, at % 40, 1)),
  "line lost": (lines, { row }) => lines.filter((_, index) => index !== row % lines.length),
  "lines lost": (lines, { row, by }) =>
    lines.filter((_, index) => index < row % lines.length || index > (row % lines.length) + (by % 4)),
  // Decorated.
  "row prefixed": onRow((line, _, by) => pick(prefixes, by) + line),
  "row suffixed": onRow((line, at, by) => (at % 2 === 0 ? line : line.trimEnd()) + pick(suffixes, by)),
  "table prefixed": onTable((line, _, by) => pick(prefixes, by) + line),
  "mark inserted": onRow((line, at, by) => insert(line, at, pick(marks, by))),
  "mark in place of text": onRow((line, at, by) => {
    const mark = pick(controls, by);
    return insert(remove(line, at, mark.length), at, mark);
  }),
  "row doubled": (lines, { row, by }) => {
    const doubled = lines[row % lines.length] ?? "";
    const at = by % (lines.length + 1);
    return [...lines.slice(0, at), doubled, ...lines.slice(at)];
  },
  "line added": (lines, { row, by }) => {
    const at = row % (lines.length + 1);
    const added = ["Please wait 5  minutes", "bob", "Active code page: 65001", "\u001b[2J", "------  ----"];
    return [...lines.slice(0, at), pick(added, by), ...lines.slice(at)];
  },
  // Mostly harmless.
  "rows exchanged": (lines, { row, by }) => {
    const [a, b] = [row % lines.length, by % lines.length];
    return lines.map((line, index) => (index === a ? lines[b] : index === b ? lines[a] : line) ?? "");
  },
  "blanks at the ends lost": onTable((line) => line.trimEnd()),
  "first column lost": onTable((line) => line.slice(1)),
  indented: onTable((line, _, by) => blanks(by) + line),
} as const satisfies Readonly<Record<string, Change>>;

export type DamageKind = keyof typeof changes;

/** Damage to all output of a connection, and so to both tables. */
const common: readonly DamageKind[] = [
  "table squeezed",
  "table prefixed",
  "blanks at the ends lost",
  "first column lost",
  "indented",
];

function damageOf(kinds: readonly DamageKind[]): fc.Arbitrary<Damage> {
  const kind = fc.constantFrom(...kinds);
  return fc.record({ kind, row: fc.nat(20), at: fc.nat(100), by: fc.nat(50) });
}

/** One to three damages to `qwinsta`, to `quser`, or the same ones to both. */
export const damages: fc.Arbitrary<{
  readonly to: "qwinsta" | "quser" | "both";
  readonly damages: readonly Damage[];
}> = fc.oneof(
  { weight: 6, arbitrary: those("qwinsta", Object.keys(changes) as DamageKind[]) },
  { weight: 2, arbitrary: those("quser", Object.keys(changes) as DamageKind[]) },
  { weight: 1, arbitrary: those("both", common) },
);

function those<T extends string>(
  to: T,
  kinds: readonly DamageKind[],
): fc.Arbitrary<{ readonly to: T; readonly damages: readonly Damage[] }> {
  return fc.record({
    to: fc.constant(to),
    damages: fc.array(damageOf(kinds), { minLength: 1, maxLength: 3 }),
  });
}

/** The table after all damages. Every line ends with `lineEnd`. */
export function damaged(table: string, all: readonly Damage[], lineEnd = "\r\n"): string {
  const lines = table.split("\r\n").slice(0, -1);
  const after = all.reduce<readonly string[]>(
    (before, damage) => (before.length === 0 ? before : changes[damage.kind](before, damage)),
    lines,
  );
  return after.map((line) => line + lineEnd).join("");
}
