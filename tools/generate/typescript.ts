import type { FieldType, FieldTypes, Type } from "../../provider/plan/schema/type";

/** The declarations of a program's arguments, whose leaves may be a `pulumi.Input`, and of the inputs as outputs. */
export function argumentTypes(inputs: FieldTypes): string {
  return [
    `import type * as pulumi from "@pulumi/pulumi";`,
    ...[...namedTypes(inputs).values()].map(declaration),
    comment("The arguments of `SessionLogoff`."),
    interfaceOf("SessionLogoffArgs", inputs),
    comment("The inputs of `SessionLogoff` as given, which are outputs too."),
    outputsOf(inputs),
  ].join("\n\n");
}

/** The interface of plain values with these fields. */
export function plainInterface(name: string, doc: string, fields: FieldTypes): string {
  const members = Object.entries(fields).map(
    ([field, { doc, type }]) => `${comment(doc)}\nreadonly ${field}?: ${typeText(type)};`,
  );
  return `${comment(doc)}\nexport interface ${name} {\n${members.join("\n")}\n}`;
}

/** The names of the fields that hold a credential. */
export function credentialFields(inputs: FieldTypes): string {
  const objects = [...namedTypes(inputs).values()];
  const names = objects.flatMap((type) =>
    type.kind === "object"
      ? Object.entries(type.fields).flatMap(([name, { isSecret }]) => (isSecret ? [name] : []))
      : [],
  );
  return `
    /** The fields that hold a credential. */
    export const credentialFields: readonly string[] = ${JSON.stringify([...new Set(names)])};
  `;
}

/** The objects and aliases below these fields, innermost first, by name. */
export function namedTypes(
  fields: FieldTypes,
): ReadonlyMap<string, Extract<Type, { readonly name: string }>> {
  const found = new Map<string, Extract<Type, { readonly name: string }>>();
  const visit = (type: Type): void => {
    if (type.kind === "list") visit(type.item);
    if (type.kind === "union") type.of.forEach(visit);
    if (type.kind === "alias") visit(type.of);
    if (type.kind === "object") for (const field of Object.values(type.fields)) visit(field.type);
    if (type.kind === "alias" || type.kind === "object") found.set(type.name, type);
  };
  for (const { type } of Object.values(fields)) visit(type);
  return found;
}

function declaration(type: Extract<Type, { readonly name: string }>): string {
  const text =
    type.kind === "object"
      ? interfaceOf(type.name, type.fields)
      : `export type ${type.name} = ${typeText(type.of)};`;
  return `${comment(type.doc)}\n${text}`;
}

function interfaceOf(name: string, fields: FieldTypes): string {
  const members = Object.entries(fields).map(([field, { doc, type, isRequired }]) => {
    const value = typeText(type);
    const input = isRequired
      ? `${field}: pulumi.Input<${value}>`
      : `${field}?: pulumi.Input<${value} | undefined>`;
    return `${comment(doc)}\n${input};`;
  });
  return `export interface ${name} {\n${members.join("\n")}\n}`;
}

function outputsOf(fields: FieldTypes): string {
  const members = Object.entries(fields).map(
    ([name, { doc, type }]: readonly [string, FieldType]) =>
      `${comment(doc)}\nreadonly ${name}: pulumi.Output<${outputText(name, type)}>;`,
  );
  return `export interface SessionLogoffInputs {\n${members.join("\n")}\n}`;
}

function outputText(name: string, type: Type): string {
  // `pulumi.Unwrap` of unknown values is never.
  const holdsAny = type.kind === "list" && type.item.kind === "any";
  return holdsAny ? "readonly unknown[] | undefined" : `pulumi.Unwrap<SessionLogoffArgs["${name}"]>`;
}

function typeText(type: Type): string {
  switch (type.kind) {
    case "string":
    case "number":
    case "boolean":
      return type.kind;
    case "integer":
      return "number";
    case "any":
      return "unknown";
    case "enum":
      return type.words.map((word) => JSON.stringify(word)).join(" | ");
    case "list": {
      const item = typeText(type.item);
      return item === "unknown" ? "readonly unknown[]" : `readonly pulumi.Input<${item}>[]`;
    }
    case "union":
      return [...new Set(type.of.map(typeText))].join(" | ");
    case "alias":
    case "object":
      return type.name;
  }
}

/** A doc comment, wrapped at the width of the sources. */
function comment(doc: string): string {
  const width = 120;
  const lines = [""];
  for (const word of doc.split(" ")) {
    const last = lines.at(-1) ?? "";
    if (last !== "" && last.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines.length === 1
    ? `/** ${lines[0] ?? ""} */`
    : `/**\n${lines.map((line) => ` * ${line}`).join("\n")}\n */`;
}
