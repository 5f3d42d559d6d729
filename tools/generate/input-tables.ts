import type { FieldTypes, OnChange, Type } from "../../provider/plan/schema/type";
import { namedTypes } from "./typescript";

const effects: Readonly<Record<OnChange, string>> = {
  run: "Hosts run again: all of them for `triggers`, those without `sessions` of their own for `sessions`, the new ones for `hosts`.",
  store: "The inputs are stored. No host is contacted but those that are not finished.",
  nothing: "Nothing: it counts from the next run on.",
};

/** The reference of all inputs, as a page. */
export function inputTables(inputs: FieldTypes): string {
  const objects = [...namedTypes(inputs).values()];
  return [
    "# Inputs",
    "Every input of `SessionLogoff`. Each value may be a `pulumi.Input`. Unknown fields, wrong types and impossible combinations are reported all at once, before anything connects.",
    tableOf(inputs),
    "## What a change does",
    ...(["run", "store", "nothing"] as const).map((effect) => {
      const names = Object.entries(inputs).flatMap(([name, { onChange }]) =>
        onChange === effect ? [`\`${name}\``] : [],
      );
      return `- ${names.join(", ")}: ${effects[effect]}`;
    }),
    ...objects.flatMap((type) => [
      `## ${type.name}`,
      type.doc,
      ...(type.kind === "object" ? [tableOf(type.fields)] : [`\`${typeText(type.of)}\``]),
    ]),
  ].join("\n\n");
}

function tableOf(fields: FieldTypes): string {
  const rows = Object.entries(fields).map(([name, { doc, type, isRequired, option }]) => {
    const needed = isRequired ? " (required)" : "";
    const flag = option === undefined ? "" : `\`--${option.name}\``;
    return `| \`${name}\`${needed} | ${inCell(doc)} | ${typeLink(type)} | ${flag} |`;
  });
  return ["| field | meaning | type | option |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

function inCell(text: string): string {
  return text.replaceAll("|", "\\|");
}

function typeLink(type: Type): string {
  if (type.kind === "alias" || type.kind === "object") return `[${type.name}](#${type.name.toLowerCase()})`;
  if (type.kind === "list") return `list of ${typeLink(type.item)}`;
  if (type.kind === "union") return [...new Set(type.of.map(typeLink))].join(" or ");
  return `\`${inCell(typeText(type))}\``;
}

function typeText(type: Type): string {
  switch (type.kind) {
    case "enum":
      return type.words.map((word) => JSON.stringify(word)).join(" | ");
    case "list":
      return `list of ${typeText(type.item)}`;
    case "union":
      return type.of.map(typeText).join(" | ");
    case "alias":
    case "object":
      return type.name;
    case "string":
    case "number":
    case "integer":
    case "boolean":
    case "any":
      return type.kind;
  }
}
