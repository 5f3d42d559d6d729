import type { FieldType, FieldTypes, OnChange, Type } from "../../provider/plan/schema/type";
import { namedTypes } from "./typescript";

const effects: readonly (readonly [OnChange, string])[] = [
  [
    "run",
    "`pulumi up` runs hosts again: all of them for `triggers`, those without `sessions` of their own for `sessions`, and for `hosts` those that are new or have other `sessions`. A host that is removed and that this resource drained is undrained.",
  ],
  [
    "store",
    '`pulumi up` stores the new value and contacts only the hosts that are not done. `drain: "none"` also undrains the hosts that this resource drained.',
  ],
  ["nothing", "`pulumi up` does nothing. The new value takes effect when hosts run for another reason."],
];

/** The page that explains a field, by its name. */
const pages: Readonly<Record<string, readonly [title: string, file: string]>> = {
  hosts: ["Connecting over SSH", "connecting.md"],
  connection: ["Connecting over SSH", "connecting.md"],
  sessions: ["Selecting sessions", "selecting-sessions.md"],
  ifMissing: ["Selecting sessions", "selecting-sessions.md"],
  ifArrived: ["Selecting sessions", "selecting-sessions.md"],
  limits: ["Selecting sessions", "selecting-sessions.md"],
  drain: ["Draining hosts", "draining.md"],
  warn: ["Warning people", "warning-people.md"],
  atDeadline: ["Warning people", "warning-people.md"],
  ifStuck: ["Troubleshooting", "troubleshooting.md#session-stuck"],
  settle: ["Rollouts and windows", "rollouts.md"],
  rollout: ["Rollouts and windows", "rollouts.md"],
  failOn: ["Rollouts and windows", "rollouts.md"],
  window: ["Rollouts and windows", "rollouts.md"],
  timeouts: ["Troubleshooting", "troubleshooting.md#timed-out"],
  mode: ["What runs again when", "what-runs-again.md"],
  triggers: ["What runs again when", "what-runs-again.md"],
  report: ["Reports", "reports.md"],
  server: ["Windows hosts", "windows-hosts.md"],
};

/** Values of types that their description does not show. */
const examples: Readonly<Record<string, string>> = {
  SessionsArgs: `sessions: { all: true, except: { users: ["svc-*"] } }, // everybody but the service accounts`,
  ConnectionArgs: `connection: { user: "patch", privateKeyFile: "~/.ssh/patch", jumpHosts: ["gateway.corp.example"] },`,
  HostArgs: `hosts: ["rdsh01.corp.example", { host: "rdsh02.corp.example", sessions: ["TERM04", 12] }],`,
  WarningArgs: `warn: { message: "Maintenance starts in {minutes} minutes.", gracePeriod: "15m", reminders: ["5m", "1m"] },`,
  RolloutArgs: `rollout: { parallel: 50, waves: [1, "10%", "50%"], pause: "10m", maxFailures: "5%" },`,
  MaintenanceWindowArgs: `window: { daily: "22:00-05:00", timeZone: "Europe/Berlin" },`,
};

/** The reference of all inputs, as a page. */
export function inputsPage(inputs: FieldTypes): string {
  const objects = [...namedTypes(inputs).values()];
  return [
    "# Inputs",
    "This page lists every input of `SessionLogoff`, with its type, its default and the option of the command that sets it. Only `hosts` and `sessions` are required:",
    example(`hosts: ["rdsh01.corp.example"],\nsessions: { all: true },`),
    "Each value may be a `pulumi.Input`. Unknown fields, wrong types and impossible combinations are all reported together, before anything connects.",
    "## Overview",
    overviewOf(inputs),
    "## What a change does",
    effects
      .map(([effect, text]) => {
        const names = Object.entries(inputs).flatMap(([name, { onChange }]) =>
          onChange === effect ? [`\`${name}\``] : [],
        );
        return `- ${names.join(", ")}: ${text}`;
      })
      .join("\n"),
    "A host that failed or was skipped runs again in any case. [What runs again when](what-runs-again.md) has the details.",
    "## All inputs",
    listOf(inputs),
    ...objects.flatMap((type) => [
      `## ${type.name}`,
      type.doc,
      ...(examples[type.name] === undefined ? [] : [example(examples[type.name] ?? "")]),
      type.kind === "object" ? fieldsOf(type, objects) : `Type: ${typeLink(type.of)}.`,
    ]),
  ].join("\n\n");
}

function example(code: string): string {
  return `\`\`\`ts\n${code}\n\`\`\``;
}

function overviewOf(fields: FieldTypes): string {
  const rows = Object.entries(fields).map(([name, field]) => {
    const { meaning, fallback } = readDoc(field);
    const [short = meaning] = meaning.split(/(?<=\.) |: (?=`)|; /u);
    const fallbackCell = field.isRequired ? "required" : inCell(fallback ?? "");
    return `| \`${name}\` | ${inCell(short.replace(/[.]$/u, ""))} | ${fallbackCell} |`;
  });
  return ["| input | meaning | default |", "| --- | --- | --- |", ...rows].join("\n");
}

/** The fields of an object, or a reference to another object that has the same ones. */
function fieldsOf(
  type: Extract<Type, { readonly kind: "object" }>,
  objects: readonly Extract<Type, { readonly name: string }>[],
): string {
  const names = Object.keys(type.fields);
  const same = objects.find(
    (other) =>
      other.kind === "object" &&
      other !== type &&
      Object.entries(type.fields).every(([name, { doc }]) => other.fields[name]?.doc === doc),
  );
  if (same === undefined) return listOf(type.fields);
  const without = Object.keys(same.kind === "object" ? same.fields : {}).filter(
    (name) => !names.includes(name),
  );
  return `Its fields are those of ${typeLink(same)}, without ${without.map((name) => `\`${name}\``).join(", ")}.`;
}

function listOf(fields: FieldTypes): string {
  return Object.entries(fields)
    .map(([name, field]) => {
      const { meaning, fallback } = readDoc(field);
      const page = pages[name];
      const more = page === undefined ? "" : ` See [${page[0]}](${page[1]}).`;
      const facts = [
        typeLink(field.type),
        field.isRequired ? "required" : fallback === undefined ? "" : `default: ${fallback}`,
        field.option === undefined
          ? ""
          : `option [\`--${field.option.name}\`](options.md#${field.option.section.toLowerCase().replace(" ", "-")})`,
      ].filter((fact) => fact !== "");
      return `- **\`${name}\`**: ${meaning}${more}\\\n  ${facts.join(" · ")}`;
    })
    .join("\n");
}

/** The meaning of a field and its default, which the documentation names or the declaration has. */
function readDoc({ doc, default: value }: FieldType): {
  readonly meaning: string;
  readonly fallback?: string;
} {
  const sentence = /(?:^| )Default: (.+?)\.(?= |$)/u.exec(doc);
  if (sentence !== null) return { meaning: doc.replace(sentence[0], "").trim(), fallback: sentence[1] ?? "" };
  if (value === undefined) return { meaning: doc };
  return {
    meaning: doc.replaceAll(" (default)", ""),
    fallback: `\`${JSON.stringify(value)}\``,
  };
}

function inCell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function typeLink(type: Type, inList = false): string {
  switch (type.kind) {
    case "alias":
    case "object":
      return `[${type.name}](#${type.name.toLowerCase()})`;
    case "list":
      return `list of ${typeLink(type.item, true)}`;
    case "union":
      return alternatives([...new Set(type.of.map((one) => typeLink(one)))], inList);
    case "enum":
      return alternatives(
        type.words.map((word) => `\`${JSON.stringify(word)}\``),
        inList,
      );
    case "any":
      return "any values";
    case "string":
    case "number":
    case "integer":
    case "boolean":
      return type.kind;
  }
}

function alternatives(words: readonly string[], inList: boolean): string {
  const last = words.at(-1) ?? "";
  const text = words.length < 2 ? last : `${words.slice(0, -1).join(", ")} or ${last}`;
  return inList && words.length > 1 ? `(${text})` : text;
}
