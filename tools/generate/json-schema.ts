import type { FieldTypes, Type } from "../../provider/plan/schema/type";
import { namedTypes } from "./typescript";

type Json = Readonly<Record<string, unknown>>;

/** The JSON Schema of all inputs of a resource. It describes their form; what else is checked, a check says. */
export function jsonSchema(resource: string, inputs: FieldTypes): string {
  const definitions = [...namedTypes(inputs)].map(([name, type]) => [
    name,
    {
      description: type.doc,
      ...(type.kind === "object" ? objectSchema(type.fields, type.isOpen) : schemaOf(type.of)),
    },
  ]);
  return JSON.stringify({
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: `The inputs of ${resource}`,
    ...objectSchema(inputs),
    $defs: Object.fromEntries(definitions) as Json,
  });
}

function objectSchema(fields: FieldTypes, isOpen = false): Json {
  const required = Object.entries(fields).flatMap(([name, { isRequired }]) => (isRequired ? [name] : []));
  const properties = Object.entries(fields).map(([name, { doc, type }]) => [
    name,
    { description: doc, ...schemaOf(type) },
  ]);
  return {
    type: "object",
    additionalProperties: isOpen,
    ...(required.length === 0 ? {} : { required }),
    properties: Object.fromEntries(properties) as Json,
  };
}

function schemaOf(type: Type): Json {
  switch (type.kind) {
    case "string":
    case "number":
    case "integer":
    case "boolean":
      return { type: type.kind };
    case "any":
      return {};
    case "enum":
      return { enum: type.words };
    case "list":
      return { type: "array", items: schemaOf(type.item) };
    case "record":
      return { type: "object", additionalProperties: schemaOf(type.item) };
    case "union":
      return { anyOf: type.of.map(schemaOf) };
    case "alias":
    case "object":
      return { $ref: `#/$defs/${type.name}` };
  }
}
