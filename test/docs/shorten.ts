/** Makes the commands and programs of the documents quick: what takes minutes takes seconds, and it is always time for maintenance. */
import ts from "typescript";
import { parseDuration } from "../../provider/base/duration";

/** A window that is open whenever a test runs. */
const openWindow = { daily: "00:00-23:59", alternative: "12:00-11:59" };

const longSpan = { from: "2000-01-01T00:00:00Z", to: "2100-01-01T00:00:00Z" };

/** Hours of every day that include now, in any time zone, for at least the next eleven hours or so. */
function openNow(now: Date, timeZone: string): string {
  const hour = Number(
    new Intl.DateTimeFormat("en", { timeZone, hour: "2-digit", hourCycle: "h23" }).format(now),
  );
  return hour < 6 || hour >= 18 ? openWindow.alternative : openWindow.daily;
}

/** The grace period and the reminders before it, which come in the same order. */
function shortWarning(grace: string, reminders: readonly string[]): ReadonlyMap<string, string> {
  const total = parseDuration(grace) ?? 0;
  if (total <= 4000) return new Map();
  const times = new Set(reminders.filter((one) => (parseDuration(one) ?? total) < total));
  const short = [...times].sort((a, b) => (parseDuration(a) ?? 0) - (parseDuration(b) ?? 0));
  return new Map([[grace, "4s"], ...short.map((one, index) => [one, `${Math.min(index + 1, 3)}s`] as const)]);
}

function shortPause(text: string): string {
  return (parseDuration(text) ?? 0) > 2000 ? "2s" : text;
}

/** The commands of a script. */
export function shortenCommands(script: string, now = new Date()): string {
  return script
    .replaceAll("\\\n", "\u0000")
    .split("\n")
    .map((line) => shortenCommand(line, now).replaceAll("\u0000", "\\\n"))
    .join("\n");
}

function shortenCommand(command: string, now: Date): string {
  const option = (names: string): RegExp =>
    new RegExp(`(--(?:${names})(?:=|[\\s\\u0000]+))("[^"]*"|'[^']*'|[^\\s\\u0000]+)`, "gu");
  const valuesOf = (name: string): string[] =>
    [...command.matchAll(option(name))].map(([, , value = ""]) => unquoted(value));
  const [grace] = valuesOf("grace");
  const reminders = valuesOf("remind").flatMap((list) => list.split(","));
  const short = grace === undefined ? new Map<string, string>() : shortWarning(grace, reminders);
  const shortList = (list: string): string =>
    list
      .split(",")
      .map((one) => short.get(one) ?? one)
      .join(",");
  return command
    .replace(option("grace|remind"), (_, name: string, value: string) => name + shortList(unquoted(value)))
    .replace(option("settle|pause"), (_, name: string, value: string) => name + shortPause(unquoted(value)))
    .replace(option("waves"), (all, name: string) =>
      // Each wave of restarts takes half a minute.
      command.includes("--then-undrain") ? `${name}1,100%` : all,
    )
    .replace(option("window"), (all, name: string, value: string) => {
      const [, zone] = /^\d\d:\d\d-\d\d:\d\d(?:\s+(\S+))?$/u.exec(unquoted(value)) ?? [undefined, undefined];
      if (unquoted(value).includes("/")) return `${name}${longSpan.from}/${longSpan.to}`;
      if (!/^\d\d:\d\d-/u.test(unquoted(value))) return all;
      return `${name}"${openNow(now, zone ?? "UTC")} ${zone ?? "UTC"}"`;
    });
}

function unquoted(word: string): string {
  return word.replace(/^(["'])(.*)\1$/u, "$2");
}

/** Replaces string literals of a program; `of` returns the new text, or undefined. */
export function replaceStrings(
  program: string,
  of: (literal: ts.StringLiteralLike, file: ts.SourceFile) => string | undefined,
): string {
  const file = ts.createSourceFile("program.ts", program, ts.ScriptTarget.Latest, true);
  const found: { readonly start: number; readonly end: number; readonly text: string }[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) {
      const text = of(node, file);
      if (text !== undefined)
        found.push({ start: node.getStart(), end: node.end, text: JSON.stringify(text) });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found.reduceRight(
    (text, { start, end, text: by }) => text.slice(0, start) + by + text.slice(end),
    program,
  );
}

/** The durations and windows of a Pulumi program. Limits of time and idle times stay as they are. */
export function shortenProgram(program: string, now = new Date()): string {
  return replaceStrings(program, (literal) => {
    const field = fieldOf(literal);
    if (field === undefined) return undefined;
    const name = field.name.getText();
    if (name === "settle" || name === "pause")
      return parseDuration(literal.text) === undefined ? undefined : shortPause(literal.text);
    if (name === "notBefore") return longSpan.from;
    if (name === "notAfter") return longSpan.to;
    if (name === "daily" && /^\d\d:\d\d-\d\d:\d\d$/u.test(literal.text)) {
      const zone = stringsIn(siblings(field), "timeZone")[0] ?? "UTC";
      return openNow(now, zone);
    }
    if (name !== "gracePeriod" && name !== "reminders") return undefined;
    const warning = siblings(field);
    const [grace] = stringsIn(warning, "gracePeriod").filter((text) => parseDuration(text) !== undefined);
    return grace === undefined
      ? undefined
      : shortWarning(grace, stringsIn(warning, "reminders")).get(literal.text);
  });
}

/** The nearest field around a node. */
function fieldOf(node: ts.Node): ts.PropertyAssignment | undefined {
  for (
    let one = node.parent as ts.Node | undefined;
    one !== undefined;
    one = one.parent as ts.Node | undefined
  )
    if (ts.isPropertyAssignment(one)) return one;
  return undefined;
}

function siblings(field: ts.PropertyAssignment): readonly ts.ObjectLiteralElementLike[] {
  return field.parent.properties;
}

/** The string literals in the field with that name. */
function stringsIn(fields: readonly ts.ObjectLiteralElementLike[], name: string): readonly string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) found.push(node.text);
    ts.forEachChild(node, visit);
  };
  for (const field of fields)
    if (ts.isPropertyAssignment(field) && field.name.getText() === name) visit(field.initializer);
  return found;
}
