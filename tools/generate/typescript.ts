import type { FieldType, FieldTypes, Type } from "../../provider/plan/schema/type";

/** An object or an alias. */
export type NamedType = Extract<Type, { readonly name: string }>;

/** Types that another module declares already. */
export interface DeclaredElsewhere {
  /** The inputs that the module is made from. */
  readonly inputs: FieldTypes;
  /** The module, as it is imported. */
  readonly module: string;
}

/**
 * The declarations of a resource's arguments, whose leaves may be a `pulumi.Input`, and of its inputs as outputs.
 * @param elsewhere types that are imported
 */
export function argumentTypes(resource: string, inputs: FieldTypes, elsewhere?: DeclaredElsewhere): string {
  const declared = elsewhere === undefined ? new Map<string, NamedType>() : namedTypes(elsewhere.inputs);
  const own = [...namedTypes(inputs).values()].filter(({ name }) => !declared.has(name));
  const used = [inputs, ...own.map(fieldsOf)].flatMap((fields) =>
    Object.values(fields).flatMap(({ type }) => namesIn(type)),
  );
  const imported = [...new Set(used)].filter((name) => declared.has(name)).sort();
  return [
    `import type * as pulumi from "@pulumi/pulumi";`,
    ...(elsewhere === undefined || imported.length === 0
      ? []
      : [`import type { ${imported.join(", ")} } from "${elsewhere.module}";`]),
    ...own.map(declaration),
    comment(`The arguments of \`${resource}\`.`),
    interfaceOf(`${resource}Args`, inputs),
    comment(`The inputs of \`${resource}\` as given, which are outputs too.`),
    outputsOf(resource, inputs),
  ].join("\n\n");
}

/** The names in the text of a type. */
function namesIn(type: Type): readonly string[] {
  if (type.kind === "list" || type.kind === "record") return namesIn(type.item);
  if (type.kind === "union") return type.of.flatMap(namesIn);
  return type.kind === "alias" || type.kind === "object" ? [type.name] : [];
}

function fieldsOf(type: NamedType): FieldTypes {
  return type.kind === "object"
    ? type.fields
    : { of: { doc: "", type: type.of, isRequired: true, isSecret: false } };
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

/**
 * The objects and aliases below the inputs of some resources, innermost first, by name.
 * @throws Error if two types have one name
 */
export function namedTypes(...resources: readonly FieldTypes[]): ReadonlyMap<string, NamedType> {
  const found = new Map<string, NamedType>();
  const visit = (type: Type): void => {
    if (type.kind === "list" || type.kind === "record") visit(type.item);
    if (type.kind === "union") type.of.forEach(visit);
    if (type.kind === "alias") visit(type.of);
    if (type.kind === "object") for (const field of Object.values(type.fields)) visit(field.type);
    if (type.kind !== "alias" && type.kind !== "object") return;
    if ((found.get(type.name) ?? type) !== type) throw new Error(`Two types are named ${type.name}`);
    found.set(type.name, type);
  };
  for (const fields of resources) for (const { type } of Object.values(fields)) visit(type);
  return found;
}

function declaration(type: NamedType): string {
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

function outputsOf(resource: string, fields: FieldTypes): string {
  const members = Object.entries(fields).map(
    ([name, { doc, type }]: readonly [string, FieldType]) =>
      `${comment(doc)}\nreadonly ${name}: pulumi.Output<${outputText(resource, name, type)}>;`,
  );
  return `export interface ${resource}Inputs {\n${members.join("\n")}\n}`;
}

function outputText(resource: string, name: string, type: Type): string {
  // `pulumi.Unwrap` of unknown values is never.
  const holdsAny = type.kind === "list" && type.item.kind === "any";
  return holdsAny ? "readonly unknown[] | undefined" : `pulumi.Unwrap<${resource}Args["${name}"]>`;
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
    case "record":
      return `Readonly<Record<string, pulumi.Input<${typeText(type.item)}>>>`;
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
