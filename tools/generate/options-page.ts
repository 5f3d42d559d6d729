import { readFileSync } from "node:fs";
import { findConflicts } from "../../provider/cli/arguments/conflicts";
import { inputOptions } from "../../provider/cli/arguments/input-options";
import { optionSections, type OptionName } from "../../provider/cli/arguments/options";
import { inputs } from "../../provider/plan/schema/inputs";
import { namedTypes } from "./typescript";
import type { Type } from "../../provider/plan/schema/type";

type Section = (typeof optionSections)[number];

/** The page on the command's options: the template, with the tables and the lists of options in place of its comments. */
export function optionsPage(templatePath: string): string {
  const looks = ["check", "undrain"] as const;
  const [withCheck, withUndrain] = looks.map((task) =>
    optionsThat(new RegExp(`cannot be combined with --${task}`, "u"), { server: "host" }, task),
  ) as [readonly OptionName[], readonly OptionName[]];
  const ofRuns = optionSections
    .filter(({ title }) => /^(?:Sessions|Steps|Many hosts)/u.test(title))
    .flatMap(({ rows }) => rows.map(({ name }) => name));
  const lists: Readonly<Record<string, readonly OptionName[]>> = {
    "excluded by a session": optionsThat(/^A session name or ID .*(?<!nobody off)$/u, { operand: "12" }),
    "that need a host": optionsThat(/needs a host/u, { operand: "12" }),
    "of runs without effect": ofRuns.filter((name) => !["undrain", "wait", ...withUndrain].includes(name)),
    "excluded by --check only": withCheck.filter((name) => !withUndrain.includes(name)),
  };
  return readFileSync(templatePath, "utf8").replace(/<!-- options (.+?) -->/gu, (_comment, what: string) => {
    if (what === "by section") return optionSections.map(tableOf).join("\n\n");
    const names = lists[what];
    if (names === undefined || names.length === 0) throw new Error(`There is no list of options ${what}`);
    return names.map((name) => `\`--${name}\``).join(", ");
  });
}

/** The options that cause such a conflict together with the other arguments. */
function optionsThat(
  conflict: RegExp,
  others: { readonly operand?: string; readonly server?: string },
  task?: OptionName,
): readonly OptionName[] {
  const all = optionSections.flatMap(({ rows }) => rows);
  const kindOf = new Map(all.map(({ name, kind }) => [name, kind]));
  return [...kindOf.keys()].filter((name) => {
    if (name === task) return false;
    const options = task === undefined ? [name] : [name, task];
    const line = {
      ...others,
      flags: new Set(options.filter((option) => kindOf.get(option) === "flag")),
      values: new Map(
        options.filter((option) => kindOf.get(option) !== "flag").map((option) => [option, ["1"]] as const),
      ),
    };
    return findConflicts(line).some((problem) => conflict.test(problem));
  });
}

function tableOf({ title, rows }: Section): string {
  const [name = title, note] = title.split(/ \(|\)/u);
  const lines = rows.map(({ name, value, short, help, kind }) => {
    const form = `${short === undefined ? "" : `\`-${short}\`, `}\`--${name}${value === undefined ? "" : ` ${value}`}\``;
    const repeats = { flag: "", value: "", list: "yes, or commas", values: "yes" }[kind];
    return `| ${inCell(form)} | ${inCell(help)} | ${inputOf(name)} | ${repeats} |`;
  });
  return [
    `### ${name}`,
    ...(note === undefined ? [] : [`${note.charAt(0).toUpperCase()}${note.slice(1)}.`]),
    ["| option | meaning | input | repeatable |", "| --- | --- | --- | --- |", ...lines].join("\n"),
  ].join("\n\n");
}

/** The input that an option sets, with a link to the part of the reference that explains it. */
function inputOf(name: OptionName): string {
  const path = inputOptions.find((option) => option.name === name)?.path ?? ownInputs[name];
  return path === undefined ? "" : `[\`${path.join(".")}\`](inputs.md#${anchorOf(path)})`;
}

/** Inputs of options that are not declared with an input, because they set several or a field of each host. */
const ownInputs: Readonly<Partial<Record<OptionName, readonly string[]>>> = {
  server: ["hosts"],
  host: ["hosts"],
  "hosts-file": ["hosts"],
  via: ["hosts", "server"],
  platform: ["hosts", "platform"],
};

function anchorOf(path: readonly string[]): string {
  const [first = "", ...rest] = path;
  const outer = Object.entries(inputs).find(([name]) => name === first)?.[1].shape.type;
  if (outer === undefined) throw new Error(`There is no input ${first}`);
  const field = rest.at(-1);
  if (field === undefined) return "all-inputs";
  const owners = [
    ...namedTypes({ [first]: { type: outer, doc: "", isRequired: false, isSecret: false } }).values(),
  ];
  const depth = rest.length;
  // Exceptions and the selector share names; the deeper path means the inner object, which comes first.
  const owner = (depth > 1 ? owners : [...owners].reverse()).find((type) => hasField(type, field));
  if (owner === undefined) throw new Error(`There is no input ${path.join(".")}`);
  return owner.name.toLowerCase();
}

function hasField(type: Type, field: string): boolean {
  return type.kind === "object" && field in type.fields;
}

function inCell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("*", "\\*");
}
