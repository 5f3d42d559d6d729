import type { FieldType, FieldTypes, Type } from "../../provider/plan/schema/type";
import type { InputsPageText } from "./inputs-page-texts";
import { namedTypes, type NamedType } from "./typescript";

/** The page that describes types already, and the inputs that it is made from. */
export interface OtherPage {
  readonly file: string;
  readonly inputs: FieldTypes;
}

/** What the parts of a page need to know of it. */
interface Context {
  readonly pages: InputsPageText["pages"];
  /** The types that the page describes. */
  readonly objects: readonly NamedType[];
  /** The link to the description of a type. */
  readonly linkTo: (name: string) => string;
}

/**
 * The reference of all inputs of a resource, as a page.
 * @param other where types are described that this page leaves out
 */
export function inputsPage(inputs: FieldTypes, text: InputsPageText, other?: OtherPage): string {
  const described = other === undefined ? new Map<string, NamedType>() : namedTypes(other.inputs);
  const objects = [...namedTypes(inputs).values()].filter(({ name }) => !described.has(name));
  const linkTo = (name: string): string =>
    `${described.has(name) ? (other?.file ?? "") : ""}#${name.toLowerCase()}`;
  const context: Context = { pages: text.pages, objects, linkTo };
  return [
    `# ${text.title}`,
    ...text.introduction,
    "## Overview",
    overviewOf(inputs),
    "## What a change does",
    text.effects
      .map(([effect, meaning]) => {
        const names = Object.entries(inputs).flatMap(([name, { onChange }]) =>
          onChange === effect ? [`\`${name}\``] : [],
        );
        return `- ${names.join(", ")}: ${meaning}`;
      })
      .join("\n"),
    text.afterEffects,
    "## All inputs",
    listOf(inputs, context),
    ...objects.flatMap((type) => [
      `## ${type.name}`,
      type.doc,
      ...(text.examples[type.name] === undefined ? [] : [text.examples[type.name] ?? ""]),
      type.kind === "object" ? fieldsOf(type, context) : `Type: ${typeLink(type.of, context)}.`,
    ]),
  ].join("\n\n");
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
function fieldsOf(type: Extract<Type, { readonly kind: "object" }>, context: Context): string {
  const names = Object.keys(type.fields);
  const same = context.objects.find(
    (other) =>
      other.kind === "object" &&
      other !== type &&
      Object.entries(type.fields).every(([name, { doc }]) => other.fields[name]?.doc === doc),
  );
  if (same === undefined) return listOf(type.fields, context);
  const without = Object.keys(same.kind === "object" ? same.fields : {}).filter(
    (name) => !names.includes(name),
  );
  return `Its fields are those of ${typeLink(same, context)}, without ${without.map((name) => `\`${name}\``).join(", ")}.`;
}

function listOf(fields: FieldTypes, context: Context): string {
  return Object.entries(fields)
    .map(([name, field]) => {
      const { meaning, fallback } = readDoc(field);
      const page = context.pages[name];
      const more = page === undefined ? "" : ` See [${page[0]}](${page[1]}).`;
      const facts = [
        typeLink(field.type, context),
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

function typeLink(type: Type, context: Context, inList = false): string {
  switch (type.kind) {
    case "alias":
    case "object":
      return `[${type.name}](${context.linkTo(type.name)})`;
    case "list":
      return `list of ${typeLink(type.item, context, true)}`;
    case "record":
      return `object of ${typeLink(type.item, context, true)} by identity`;
    case "union":
      return alternatives([...new Set(type.of.map((one) => typeLink(one, context)))], inList);
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
