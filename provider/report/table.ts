import { displayWidth, printable } from "../base/text";

/** The tone of a cell, ignored by fronts without colors. */
export type Tone = "plain" | "good" | "bad" | "dim";

export interface Cell {
  readonly text: string;
  readonly tone?: Tone;
}

/** Colors text that is already padded. */
export type Paint = (text: string, tone: Tone) => string;

export interface TableStyle {
  /** The width of the terminal in columns; absent: nothing is truncated, for files and pipes. */
  readonly columns?: number;
  readonly paint: Paint;
}

const gap = 2;
const leastWidth = 6;

/**
 * Rows under their headings, in columns aligned by display width. A table that is too wide has its widest columns truncated, with
 * `…` at the end of the text. Columns in which every cell is empty are omitted. Every line ends in a line feed.
 */
export function textTable(
  headings: readonly string[],
  rows: readonly (readonly Cell[])[],
  { columns, paint }: TableStyle,
): string {
  const shown = headings.flatMap((_, index) => (rows.some((row) => row[index]?.text) ? [index] : []));
  const cells = rows.map((row) =>
    shown.map((index) => ({
      text: printable(row[index]?.text ?? "", 1000),
      tone: row[index]?.tone ?? "plain",
    })),
  );
  const head = shown.map((index) => headings[index] ?? "");
  const widths = head.map((heading, index) =>
    cells.reduce((most, row) => Math.max(most, displayWidth(row[index]?.text ?? "")), heading.length),
  );
  fit(widths, columns);
  const line = (texts: readonly string[], tones: readonly Tone[]): string =>
    texts
      .map((text, index) =>
        paint(pad(truncate(text, widths[index] ?? 0), widths[index] ?? 0), tones[index] ?? "plain"),
      )
      .join(" ".repeat(gap))
      .trimEnd();
  const lines = [
    line(
      head,
      head.map(() => "dim" as const),
    ),
    ...cells.map((row) =>
      line(
        row.map(({ text }) => text),
        row.map(({ tone }) => tone),
      ),
    ),
  ];
  return lines.map((text) => `${text}\n`).join("");
}

function fit(widths: number[], columns: number | undefined): void {
  if (columns === undefined) return;
  const total = (): number => widths.reduce((sum, width) => sum + width + gap, -gap);
  while (total() > columns) {
    const widest = widths.indexOf(Math.max(...widths));
    const width = widths[widest] ?? 0;
    if (width <= leastWidth) return;
    widths[widest] = width - 1;
  }
}

function pad(text: string, width: number): string {
  return text + " ".repeat(Math.max(0, width - displayWidth(text)));
}

function truncate(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = "";
  for (const character of text) {
    if (displayWidth(kept + character) > width - 1) break;
    kept += character;
  }
  return `${kept}…`;
}
