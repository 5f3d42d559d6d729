import { join } from "node:path";
import ts from "typescript";

type Json = Readonly<Record<string, unknown>>;

/** The outputs that are not inputs, in the schema of a Pulumi package. */
export interface ResultTypes {
  readonly properties: Json;
  readonly required: readonly string[];
  /** The objects among them, by name. */
  readonly types: ReadonlyMap<string, Json>;
}

/**
 * Reads the interface `Results` and its comments.
 * @param tokenOf the token of an object's type
 * @throws Error for a member without a comment, or of a type that has no form in a schema
 */
export function resultTypes(root: string, tokenOf: (name: string) => string): ResultTypes {
  const path = join(root, "provider", "pulumi", "resource", "state.ts");
  const program = ts.createProgram([path], {
    strict: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    noLib: false,
    types: [],
  });
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(path);
  const symbol = source && checker.getSymbolAtLocation(source);
  const results = symbol && checker.getExportsOfModule(symbol).find(({ name }) => name === "Results");
  if (results === undefined) throw new Error(`${path} does not export Results`);
  const types = new Map<string, Json>();

  const docOf = (of: ts.Symbol): string => {
    const doc = ts.displayPartsToString(of.getDocumentationComment(checker)).replace(/\s+/gu, " ");
    if (doc === "") throw new Error(`${of.name} has no comment`);
    return doc;
  };
  const objectOf = (type: ts.Type): { properties: Json; required: readonly string[] } => {
    const members = type.getProperties();
    const properties = members.map((member) => [
      member.name,
      {
        description: docOf(member),
        ...schemaOf(checker.getNonNullableType(checker.getTypeOfSymbol(member))),
      },
    ]);
    const required = members.flatMap(({ name, flags }) => (flags & ts.SymbolFlags.Optional ? [] : [name]));
    return { properties: Object.fromEntries(properties) as Json, required };
  };
  const schemaOf = (type: ts.Type): Json => {
    const text = checker.typeToString(type);
    if (type.isStringLiteral() || (type.isUnion() && type.types.every((one) => one.isStringLiteral())))
      return { type: "string" };
    if (text === "string" || text === "number" || text === "boolean")
      // All numbers of the results are counts.
      return { type: text === "number" ? "integer" : text };
    const item = checker.isArrayType(type)
      ? checker.getTypeArguments(type as ts.TypeReference)[0]
      : undefined;
    if (item !== undefined) return { type: "array", items: schemaOf(item) };
    const value = type.getStringIndexType();
    if (value !== undefined) return { type: "object", additionalProperties: schemaOf(value) };
    if (type.isUnion()) return { $ref: "pulumi.json#/Any" };
    const name = type.aliasSymbol?.name ?? type.symbol.name;
    if (!type.isClassOrInterface()) return nested(type, "HostError", "Why a host is not done.");
    return nested(type, name, docOf(type.symbol));
  };
  const nested = (type: ts.Type, name: string, description: string): Json => {
    if (!types.has(name)) {
      types.set(name, {});
      types.set(name, { description, type: "object", ...objectOf(type) });
    }
    return { $ref: `#/types/${tokenOf(name)}` };
  };
  return { ...objectOf(checker.getDeclaredTypeOfSymbol(results)), types };
}
