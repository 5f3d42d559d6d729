import type { FieldTypes, InputOption, Type } from "../../provider/plan/schema/type";

interface Row extends InputOption {
  /** The path of the input that the option sets. */
  readonly path: readonly string[];
  /** Whether digits are a number. */
  readonly isNumber: boolean;
}

/** The options of the command that set an input, as a module. */
export function optionTable(inputs: FieldTypes): string {
  return `
    /** The options that set an input, with its path. */
    export const inputOptions = ${JSON.stringify(rowsOf(inputs, []))} as const;
  `;
}

function rowsOf(fields: FieldTypes, above: readonly string[]): readonly Row[] {
  return Object.entries(fields).flatMap(([name, { type, option }]) => {
    const path = [...above, name];
    return [
      ...(option === undefined ? [] : [{ ...option, path, isNumber: takesNumber(type) }]),
      ...(name === "hosts" ? [] : objectsIn(type).flatMap((fields) => rowsOf(fields, path))),
    ];
  });
}

/** The objects that a value may be, but not those in a list. */
function objectsIn(type: Type): readonly FieldTypes[] {
  if (type.kind === "object") return [type.fields];
  if (type.kind === "alias") return objectsIn(type.of);
  return type.kind === "union" ? type.of.flatMap(objectsIn) : [];
}

/** A union names the form first that an argument takes. */
function takesNumber(type: Type): boolean {
  switch (type.kind) {
    case "integer":
    case "number":
      return true;
    case "list":
      return takesNumber(type.item);
    case "union":
      return type.of[0] !== undefined && takesNumber(type.of[0]);
    case "alias":
      return takesNumber(type.of);
    case "string":
    case "boolean":
    case "any":
    case "enum":
    case "record":
    case "object":
      return false;
  }
}
