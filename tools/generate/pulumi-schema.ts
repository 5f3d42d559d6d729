import type { FieldTypes, Type } from "../../provider/plan/schema/type";
import { namedTypes } from "./typescript";

type Json = Readonly<Record<string, unknown>>;

const packageName = "session-logoff";

/**
 * The inputs in the schema of a Pulumi package. No union contains a list, which Python's SDK cannot take: `sessions` is a string, an
 * integer or a selector, and `report` is a list. At run time every form is read.
 */
export function pulumiSchema(inputs: FieldTypes): string {
  const types = [...namedTypes(inputs).values()].flatMap((type) =>
    type.kind === "object"
      ? [[tokenOf(type.name), { description: type.doc, type: "object", ...properties(type.fields) }]]
      : [],
  );
  const { properties: inputProperties, required: requiredInputs } = properties(inputs);
  return JSON.stringify({
    name: packageName,
    types: Object.fromEntries(types) as Json,
    resources: {
      [`${packageName}:index:SessionLogoff`]: {
        inputProperties,
        requiredInputs,
        ...properties(inputs),
      },
    },
  });
}

/** `HostArgs` is the type `Host`, whose arguments the SDKs call `HostArgs`. */
function tokenOf(name: string): string {
  return `${packageName}:index:${name.replace(/Args$/u, "")}`;
}

function properties(fields: FieldTypes): {
  readonly properties: Json;
  readonly required?: readonly string[];
} {
  const required = Object.entries(fields).flatMap(([name, { isRequired }]) => (isRequired ? [name] : []));
  const entries = Object.entries(fields).map(([name, { doc, type, isSecret }]) => [
    name,
    { description: doc, ...propertyOf(type), ...(isSecret ? { secret: true } : {}) },
  ]);
  return {
    properties: Object.fromEntries(entries) as Json,
    ...(required.length === 0 ? {} : { required }),
  };
}

function propertyOf(type: Type): Json {
  switch (type.kind) {
    case "string":
    case "number":
    case "integer":
    case "boolean":
      return { type: type.kind };
    case "any":
      return { $ref: "pulumi.json#/Any" };
    case "enum":
      return { type: "string" };
    case "list":
      return { type: "array", items: propertyOf(type.item) };
    case "alias":
      return propertyOf(type.of);
    case "object":
      return { $ref: `#/types/${tokenOf(type.name)}` };
    case "union": {
      const single = type.of.filter(({ kind }) => kind !== "list");
      const list = type.of.find(({ kind }) => kind === "list");
      if (single.length === 1 && list !== undefined) return propertyOf(list);
      const [only] = single;
      return single.length === 1 && only !== undefined ? propertyOf(only) : { oneOf: single.map(propertyOf) };
    }
  }
}
