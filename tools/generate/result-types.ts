import { join } from "node:path";
import ts from "typescript";

type Json = Readonly<Record<string, unknown>>;

/** The interface of a resource's outputs that are not inputs. */
export interface ResultSource {
  /** The file that exports it, relative to the checkout. */
  readonly file: string;
  readonly name: string;
}

/** The outputs of a resource that are not inputs, in the schema of a Pulumi package. */
export interface ResultProperties {
  readonly properties: Json;
  readonly required: readonly string[];
}

/** The outputs of some resources, in the order of their sources. */
export interface ResultTypes {
  readonly results: readonly ResultProperties[];
  /** The objects among them, by name. */
  readonly types: ReadonlyMap<string, Json>;
}

/**
 * Reads interfaces of outputs and their comments.
 * @param tokenOf the token of an object's type
 * @throws Error for a member without a comment, or of a type that has no form in a schema
 */
export function resultTypes(
  root: string,
  sources: readonly ResultSource[],
  tokenOf: (name: string) => string,
): ResultTypes {
  const program = ts.createProgram(
    sources.map(({ file }) => join(root, file)),
    {
      strict: true,
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      noLib: false,
      types: [],
    },
  );
  const checker = program.getTypeChecker();
  const types = new Map<string, Json>();

  const exported = ({ file, name }: ResultSource): ts.Type => {
    const source = program.getSourceFile(join(root, file));
    const symbol = source && checker.getSymbolAtLocation(source);
    const found = symbol && checker.getExportsOfModule(symbol).find((one) => one.name === name);
    if (found === undefined) throw new Error(`${file} does not export ${name}`);
    return checker.getDeclaredTypeOfSymbol(found);
  };
  const docOf = (of: ts.Symbol): string => {
    const doc = ts.displayPartsToString(of.getDocumentationComment(checker)).replace(/\s+/gu, " ");
    if (doc === "") throw new Error(`${of.name} has no comment`);
    return doc;
  };
  const objectOf = (type: ts.Type): ResultProperties => {
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
    const known = types.get(name);
    // A type that contains itself finds this.
    if (known === undefined) types.set(name, {});
    if (known === undefined || !type.isClassOrInterface()) {
      const schema: Json = { description, type: "object", ...objectOf(type) };
      if (known !== undefined && JSON.stringify(known) !== JSON.stringify(schema))
        throw new Error(`two types are named ${name}`);
      types.set(name, schema);
    }
    return { $ref: `#/types/${tokenOf(name)}` };
  };
  return { results: sources.map((source) => objectOf(exported(source))), types };
}
