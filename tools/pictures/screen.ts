import { displayWidth } from "../../provider/base/text";

/** The colors that the command and the prompt use. */
export type Color = "plain" | "dim" | "red" | "green" | "blue";

/** Adjacent text of one color. */
export interface Run {
  readonly column: number;
  readonly columns: number;
  readonly text: string;
  readonly color: Color;
}

/** What a terminal showed, and where its cursor was. */
export interface Screen {
  readonly lines: readonly (readonly Run[])[];
  readonly cursor?: { readonly column: number; readonly line: number };
}

/** What text is written with. */
interface Pen {
  readonly dim: boolean;
  readonly color: Exclude<Color, "dim">;
}

const firstPen: Pen = { dim: false, color: "plain" };
// eslint-disable-next-line no-control-regex
const sgr = /\u001b\[([\d;]*)m/gu;

/** Reads a line of tmux's `capture-pane -e`, which begins with the pen that the line before ended with. */
function readLine(line: string, before: Pen): { readonly runs: readonly Run[]; readonly pen: Pen } {
  const runs: Run[] = [];
  let column = 0;
  let pen = before;
  // Texts are at even places, colors between them.
  line.split(sgr).forEach((part, index) => {
    if (index % 2 === 1) {
      pen = part.split(";").reduce(changed, pen);
      return;
    }
    // Several blanks separate runs, so that what follows them begins at its column in any font.
    for (const piece of part.split(/( {2,})/u)) {
      const text = piece.trim();
      const indent = piece.length - piece.trimStart().length;
      if (text !== "")
        runs.push({
          column: column + indent,
          columns: displayWidth(text),
          text,
          color: pen.dim ? "dim" : pen.color,
        });
      column += displayWidth(piece);
    }
  });
  return { runs, pen };
}

/** @throws Error on a code that has no drawing */
function changed(pen: Pen, code: string): Pen {
  switch (code) {
    case "":
    case "0":
      return firstPen;
    case "2":
      return { ...pen, dim: true };
    case "22":
      return { ...pen, dim: false };
    case "31":
      return { ...pen, color: "red" };
    case "32":
      return { ...pen, color: "green" };
    case "34":
      return { ...pen, color: "blue" };
    case "39":
      return { ...pen, color: "plain" };
    case "49":
      return pen;
    default:
      throw new Error(`there is no drawing for the code ${code} (SGR) of the terminal`);
  }
}

/** Reads what tmux's `capture-pane -e` printed. */
export function readScreen(captured: string, cursor?: Screen["cursor"]): Screen {
  let pen = firstPen;
  const lines = captured.split("\n").map((line) => {
    const read = readLine(line, pen);
    pen = read.pen;
    return read.runs;
  });
  return { lines, ...(cursor === undefined ? {} : { cursor }) };
}

/** The text of a screen; columns are not kept. */
export function screenText({ lines }: Pick<Screen, "lines">): string {
  return lines.map((runs) => runs.map(({ text }) => text).join("  ")).join("\n");
}
