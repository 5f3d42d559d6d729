import { screenText, type Color, type Run, type Screen } from "./screen";
import { columns, rows, type Frame } from "./terminal";

/** The colors of a picture. Text has a contrast of at least 4.5. */
export interface Theme {
  readonly back: string;
  readonly bar: string;
  readonly rule: string;
  readonly ink: Readonly<Record<Color, string>>;
}

export const themes: Readonly<Record<"light" | "dark", Theme>> = {
  light: {
    back: "#fff",
    bar: "#f6f7f9",
    rule: "#d0d7de",
    ink: { plain: "#1b1f24", dim: "#57606a", red: "#b3131b", green: "#116329", blue: "#0550ae" },
  },
  dark: {
    back: "#0d1117",
    bar: "#161b22",
    rule: "#30363d",
    ink: { plain: "#e6edf3", dim: "#9aa5b1", red: "#ff8182", green: "#4ac26b", blue: "#6cb6ff" },
  },
};

const fontSize = 14;
const columnWidth = 8.4;
const lineHeight = 19;
const barHeight = 32;
const margin = 14;
const width = round(columns * columnWidth + 2 * margin);
const height = barHeight + rows * lineHeight + 2 * margin;

/** How long the last frame stays before the recording starts again. */
const lastMs = 7000;

/** How long a frame is shown: bursts are slowed down so that they can be followed, and waits are shortened. */
function shownMs({ atMs, screen }: Frame, next: Frame | undefined): number {
  if (next === undefined) return lastMs;
  if (withoutClock(screen) === withoutClock(next.screen)) return 200;
  return Math.min(2600, Math.max(120, next.atMs - atMs));
}

/** The text of a screen without the time in the bar. */
function withoutClock(screen: Screen): string {
  return screenText(screen).replace(/at work, \S+$/mu, "");
}

/** The recording as a picture that plays by itself and stands still at the last frame where nothing may move. */
export function recordingSvg(
  frames: readonly Frame[],
  { back, bar, rule, ink }: Theme,
  { title, text }: { readonly title: string; readonly text: string },
): string {
  const lines = new Map<string, string>();
  const drawn = frames.map(({ screen }, index) => {
    const uses = screen.lines.flatMap((runs, row) => {
      const line = runs.map(runSvg).join("");
      if (line === "") return [];
      const id = lines.get(line) ?? `l${lines.size.toString(36)}`;
      lines.set(line, id);
      return [`<use href="#${id}"${at("y", row * lineHeight)}/>`];
    });
    return `<g${index === frames.length - 1 ? ' id="last"' : ""}${shift(index)}>${uses.join("")}${cursorSvg(screen)}</g>`;
  });
  const times = frames.map((frame, index) => shownMs(frame, frames[index + 1]));
  const totalMs = times.reduce((sum, ms) => sum + ms, 0);
  let beforeMs = 0;
  const steps = times.map((ms, index) => {
    const percent = round((100 * beforeMs) / totalMs, 3);
    beforeMs += ms;
    return `${percent}%{transform:translateX(${-index * width}px)}`;
  });
  const classes = Object.entries(ink).map(([color, value]) => `.${color[0] ?? ""}{fill:${value}}`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title desc">`,
    `<title id="title">${escaped(title)}</title>`,
    `<desc id="desc">${escaped(text)}</desc>`,
    "<style>",
    `text{font:${fontSize}px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono","Liberation Mono",monospace}`,
    classes.join(""),
    `#strip{animation:play ${round(totalMs / 1000)}s step-end infinite}`,
    `@keyframes play{${steps.join("")}}`,
    "@media (prefers-reduced-motion:reduce){#strip{animation:none}}",
    "</style>",
    "<defs>",
    ...[...lines].map(([line, id]) => `<g id="${id}">${line}</g>`),
    `<rect id="cursor" width="${columnWidth}" height="${lineHeight - 1}" fill="${ink.plain}" opacity=".5"/>`,
    "</defs>",
    `<rect x=".5" y=".5" width="${width - 1}" height="${height - 1}" rx="8" fill="${back}" stroke="${rule}"/>`,
    `<path d="M.5 ${barHeight}V8.5a8 8 0 0 1 8-8h${width - 17}a8 8 0 0 1 8 8V${barHeight}z" fill="${bar}" stroke="${rule}"/>`,
    ...[20, 40, 60].map((x) => `<circle cx="${x}" cy="${barHeight / 2}" r="6" fill="${rule}"/>`),
    `<svg x="${margin}" y="${barHeight + margin}" width="${round(columns * columnWidth)}" height="${rows * lineHeight}">`,
    `<g id="strip"${shift(-(frames.length - 1))}>`,
    ...drawn,
    "</g>",
    "</svg>",
    "</svg>",
    "",
  ].join("\n");
}

/** Every run says where it begins and how long it is, so that columns are aligned in any font. */
function runSvg({ column, columns: length, text, color }: Run): string {
  const x = at("x", round(column * columnWidth));
  return `<text${x} y="${fontSize}" textLength="${round(length * columnWidth)}" class="${color.slice(0, 1)}">${escaped(text)}</text>`;
}

function cursorSvg({ cursor }: Screen): string {
  if (cursor === undefined) return "";
  const { column, line } = cursor;
  return `<use href="#cursor"${at("x", round(Math.min(column, columns - 1) * columnWidth))}${at("y", line * lineHeight)}/>`;
}

function at(axis: "x" | "y", value: number): string {
  return value === 0 ? "" : ` ${axis}="${value}"`;
}

function shift(frames: number): string {
  return frames === 0 ? "" : ` transform="translate(${frames * width})"`;
}

function round(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
