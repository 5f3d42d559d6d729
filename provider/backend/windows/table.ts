import { type ConsoleText } from "./code-page";
import { hasControls } from "../../base/text";

/** One row of a `qwinsta` table, as printed. */
export interface Row {
  /** Marked with `>`: the caller's own session. */
  readonly own: boolean;
  /** Absent: a disconnected session. */
  readonly name: string | undefined;
  /** Absent: nobody is logged on. */
  readonly user: string | undefined;
  readonly id: string;
  readonly stateText: string;
}

/** The result of reading a `qwinsta` table. */
export interface SessionTable {
  readonly rows: readonly Row[];
  /** Lines that are neither the header nor a row: they may hide a session. */
  readonly unread: readonly string[];
  /** Names and users are cut to fit their columns. */
  readonly classic: boolean;
  /** The first column is missing in every line, and with it the mark of the caller's own session. */
  readonly unmarked: boolean;
}

/** Where the columns begin, counted from 0. */
interface Layout {
  readonly nameAt: 0 | 1;
  readonly userAt: number;
}

/** The classic and the wide layout, and the same two after something removed the first character of every line. */
const layouts: readonly Layout[] = [
  { nameAt: 1, userAt: 19 },
  { nameAt: 1, userAt: 27 },
  { nameAt: 0, userAt: 18 },
  { nameAt: 0, userAt: 26 },
];

/** Widths of the columns, as the tools pad them. */
const userWidth = 20;
const idWidth = 7;
const stateWidth = 8;
const typeWidth = 12;
/** Far longer than a row of any layout. The limit bounds the time for a row. */
export const longestRow = 256;

/**
 * Reads a `qwinsta` table by the position of its columns: a header, then nothing but rows. Header and states are localized,
 * so neither is compared with words. All rows must fit one layout; if none or more than one fits, no row counts as read.
 */
export function readTable({ text, certain }: ConsoleText): SessionTable {
  const [header = "", ...lines] = text.split(/\r\n|\n|\r/u).filter((line) => line.trim() !== "");
  const readings = layouts.map((layout) => readWith(layout, header, lines, certain));
  const fitting = readings.filter(({ rows, unread }) => rows.length > 0 && unread.length === 0);
  const [only, another] = fitting;
  if (only !== undefined && another === undefined) return only;
  if (another !== undefined) return { ...another, rows: [], unread: lines };
  // For the message: the layout that explains most.
  return readings.reduce((best, next) => (next.unread.length < best.unread.length ? next : best));
}

function readWith(layout: Layout, header: string, lines: readonly string[], certain: boolean): SessionTable {
  const read = lines.map((line) => readRow(line, layout, certain));
  const rows = read.filter((row) => row !== undefined);
  const unread = lines.filter((_, index) => read[index] === undefined);
  const isMarkedTwice = rows.filter(({ own }) => own).length > 1;
  return {
    rows: isMarkedTwice ? [] : rows,
    unread: [
      ...(header === "" || isHeader(header, layout) ? [] : [header]),
      ...(isMarkedTwice ? lines : unread),
    ],
    classic: layout.userAt < 20,
    unmarked: layout.nameAt === 0,
  };
}

/** No language has a digit in its header, and a row has at least the digits of its ID. */
function isHeader(line: string, { nameAt }: Layout): boolean {
  const words = line.trim().split(/ +/u).length;
  return !/[0-9]/u.test(line) && words >= 4 && (nameAt === 1 || !line.startsWith(" "));
}

/** Printable ASCII, blank-padded, with no two blanks in a row inside. Empty for a disconnected session. */
export const paddedName = /^(?:[!-~]+(?: [!-~]+)*)? +$/u;

function readRow(line: string, { nameAt, userAt }: Layout, certain: boolean): Row | undefined {
  if (line.length > longestRow || hasControls(line, certain)) return undefined;
  const mark = nameAt === 1 ? line.charAt(0) : " ";
  const name = line.slice(nameAt, userAt);
  if (!(mark === " " || mark === ">") || !paddedName.test(name) || name.startsWith(">")) return undefined;
  const [reading, another] = readFromUser(line.slice(userAt));
  if (reading === undefined || another !== undefined) return undefined;
  return { ...reading, own: mark === ">", name: withoutPadding(name) || undefined };
}

/** All ways to read a row from its user's column on: user, ID, state, perhaps TYPE and DEVICE. */
function readFromUser(text: string): readonly Pick<Row, "user" | "id" | "stateText">[] {
  return [...text.matchAll(/(?<= )([0-9]{1,10}) {2,}(?=[^ ])/gu)].flatMap((place) => {
    const [all, digits = ""] = place;
    const user = withoutPadding(text.slice(0, place.index));
    const stateText = readState(text.slice(place.index + all.length));
    const endsRight = mayEndAt(place.index + digits.length, user, digits);
    if (stateText === undefined || !endsRight || !isUser(user)) return [];
    return [{ user: user === "" ? undefined : user, id: String(Number(digits)), stateText }];
  });
}

/** A user begins right in the column and holds nothing that could be the end of one row and the beginning of another. */
function isUser(text: string): boolean {
  const isBlank = text !== "" && text.trim() === "";
  return !isBlank && !text.startsWith(" ") && !text.includes("   ") && !resemblesIdAndState(text);
}

/** Whether there are digits there, followed by at least two blanks and a word. */
export function resemblesIdAndState(text: string): boolean {
  return /(?:^| )[0-9]+ {2,}[^ ]/u.test(text);
}

/** IDs are right-aligned behind the user's column. A user who does not fit into the column moves the ID. */
function mayEndAt(end: number, user: string, digits: string): boolean {
  const excess = Math.max(0, digits.length - (idWidth - 2));
  const { first, last } = nextColumn(user, userWidth);
  // How wide tables continue after a long user is not known for certain: two blanks are the minimum.
  const earliest =
    user.length + doubtfulWidth(user) > userWidth
      ? user.length + 2 + digits.length
      : first + idWidth + excess;
  return end >= earliest && end <= last + idWidth + excess;
}

/** The state, if nothing but TYPE and DEVICE follows, each in its column. */
function readState(text: string): string | undefined {
  const [state, type, device, ...others] = [...text.matchAll(/[^ ]+/gu)];
  if (state === undefined || others.length > 0) return undefined;
  const { first, last } = nextColumn(state[0], stateWidth);
  if (type !== undefined && (type.index < first || type.index > last)) return undefined;
  if (type !== undefined && device !== undefined && device.index - type.index !== typeWidth) return undefined;
  return state[0];
}

/**
 * Where the text behind a column may begin, counted from the column's own beginning. Columns are padded by the width on the
 * screen: letters outside ASCII, and a `?` in place of one, may have taken up to two columns, or none.
 */
function nextColumn(text: string, width: number): { readonly first: number; readonly last: number } {
  const { length } = text;
  const doubt = doubtfulWidth(text);
  return {
    first: length + Math.max(0, width - length - doubt),
    last: length + Math.max(0, width - length + doubt),
  };
}

function doubtfulWidth(text: string): number {
  return text.replace(/[ ->@-~]+/gu, "").length;
}

/** Not `trimEnd`: a non-breaking space may be part of a name. */
function withoutPadding(text: string): string {
  let end = text.length;
  while (text.charAt(end - 1) === " ") end -= 1;
  return text.slice(0, end);
}
