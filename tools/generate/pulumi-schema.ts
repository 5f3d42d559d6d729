import { readFileSync } from "node:fs";
import { join } from "node:path";
import { stackDefaults } from "../../provider/plan/schema/connection";
import { undrainInputTypes } from "../../provider/plan/schema/host-undrain";
import { inputTypes } from "../../provider/plan/schema/inputs";
import type { FieldTypes, Type } from "../../provider/plan/schema/type";
import { resultTypes, type ResultProperties, type ResultSource } from "./result-types";
import { namedTypes } from "./typescript";

type Json = Readonly<Record<string, unknown>>;

const packageName = "session-logoff";

/** A resource, and what its schema is made from. */
interface Resource {
  readonly name: string;
  readonly description: string;
  readonly inputs: FieldTypes;
  readonly results: ResultSource;
  /** Outputs that are secrets. */
  readonly secrets: readonly string[];
}

const resources: readonly Resource[] = [
  {
    name: "SessionLogoff",
    description:
      "Sessions logged off on many hosts, before they are patched. Creating it runs every host; a later update runs the hosts that are new, that failed, or all of them when `triggers` change. Let the patch step depend on it.",
    inputs: inputTypes,
    results: { file: "provider/pulumi/resource/state.ts", name: "Results" },
    secrets: ["resume"],
  },
  {
    name: "HostUndrain",
    description:
      "Hosts that take logons again, after they were patched. Creating it waits until every host has restarted and answers, and lifts its drain; a later update waits for the hosts that are new, that failed, or for all of them when `triggers` change. Let it depend on the patch step.",
    inputs: undrainInputTypes,
    results: { file: "provider/pulumi/undrain/state.ts", name: "UndrainResults" },
    secrets: [],
  },
];

/**
 * The schema of the Pulumi package. It has no defaults, since SDKs write them into a program's inputs, where a new default would be a change.
 * No union contains a list, which Python's SDK cannot take: `sessions` is a string, an integer or a selector, and `report` is a list. At run
 * time every form is read.
 */
export function pulumiSchema(root: string): string {
  const { version, license } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
    readonly version: string;
    readonly license: string;
  };
  const enums = new Map<string, Json>();
  const propertyOf = propertiesWith(enums);
  const objects = [...namedTypes(...resources.map(({ inputs }) => inputs)).values()].flatMap((type) =>
    type.kind === "object" && type.isOpen !== true
      ? [[tokenOf(type.name), { description: type.doc, type: "object", ...propertyOf(type.fields) }] as const]
      : [],
  );
  const sources = resources.map(({ results }) => results);
  const { results, types: resultObjects } = resultTypes(root, sources, tokenOf);
  const declared = resources.map((resource, index) => [
    tokenOf(resource.name),
    resourceSchema(resource, propertyOf(resource.inputs), results[index]),
  ]);
  const configuration = propertyOf(stackDefaults.type.fields).properties;
  const types = {
    ...Object.fromEntries(objects),
    ...Object.fromEntries([...enums, ...resultObjects].map(([name, type]) => [tokenOf(name), type])),
  };
  return JSON.stringify({
    name: packageName,
    displayName: "Session Logoff",
    version,
    description:
      "Logs users off their sessions on many Windows Remote Desktop hosts over SSH before the hosts are patched.",
    keywords: ["pulumi", packageName, "category/infrastructure", "kind/native"],
    license,
    config: { variables: configuration, defaults: [] },
    types,
    provider: {
      description:
        "How to log in to hosts, where neither a host nor the resource says it. A change is no change of any resource.",
      inputProperties: configuration,
      properties: configuration,
    },
    resources: Object.fromEntries(declared) as Json,
    language: {
      nodejs: { packageName: "@pulumi/session-logoff", respectSchemaVersion: true },
      python: {
        packageName: "pulumi_session_logoff",
        respectSchemaVersion: true,
        pyproject: { enabled: true },
      },
      go: { respectSchemaVersion: true, generateResourceContainerTypes: true },
      csharp: { respectSchemaVersion: true },
      java: {},
    },
  });
}

/** The plugin takes over resources of the class, which have the type in `aliases`. */
function resourceSchema(
  { name, description, secrets }: Resource,
  { properties: inputProperties, required: requiredInputs = [] }: Properties,
  results: ResultProperties = { properties: {}, required: [] },
): Json {
  return {
    description,
    inputProperties,
    requiredInputs,
    properties: { ...inputProperties, ...withSecrets(results.properties, secrets) },
    required: [...requiredInputs, ...results.required],
    aliases: [{ type: `pulumi-nodejs:dynamic/${packageName}:${name}` }],
  };
}

/** `HostArgs` is the type `Host`, whose arguments the SDKs call `HostArgs`. */
function tokenOf(name: string): string {
  return `${packageName}:index:${name.replace(/Args$/u, "")}`;
}

function withSecrets(properties: Json, names: readonly string[]): Json {
  const secrets = names.map((name) => [name, { ...(properties[name] as Json), secret: true }]);
  return { ...properties, ...(Object.fromEntries(secrets) as Json) };
}

function isOpenObject(type: Type): boolean {
  return type.kind === "object" && type.isOpen === true;
}

interface Properties {
  readonly properties: Json;
  readonly required?: readonly string[];
}

/** @param enums receives the types of the words, by name */
function propertiesWith(enums: Map<string, Json>): (fields: FieldTypes) => Properties {
  const enumOf = (field: string, words: readonly string[]): Json => {
    const name = field.charAt(0).toUpperCase() + field.slice(1);
    const type = { type: "string", enum: words.map((value) => ({ value })) };
    const known = enums.get(name) ?? type;
    if (JSON.stringify(known) !== JSON.stringify(type))
      throw new Error(`two fields ${field} differ in their words`);
    enums.set(name, type);
    return { $ref: `#/types/${tokenOf(name)}` };
  };
  const propertyOf = (field: string, type: Type): Json => {
    switch (type.kind) {
      case "string":
      case "number":
      case "integer":
      case "boolean":
        return { type: type.kind };
      case "any":
        return { $ref: "pulumi.json#/Any" };
      case "enum":
        return enumOf(field, type.words);
      case "list":
        return { type: "array", items: propertyOf(field.replace(/s$/u, ""), type.item) };
      case "record":
        // The output that it takes has types of its own, which most SDKs would not take for those of an input.
        return isOpenObject(type.item)
          ? { $ref: "pulumi.json#/Any" }
          : { type: "object", additionalProperties: propertyOf(field, type.item) };
      case "alias":
        return propertyOf(field, type.of);
      case "object":
        return { $ref: `#/types/${tokenOf(type.name)}` };
      case "union": {
        const single = type.of.filter(({ kind }) => kind !== "list");
        const list = type.of.find(({ kind }) => kind === "list");
        const [only] = single;
        if (single.length !== 1 || only === undefined)
          return { oneOf: single.map((one) => propertyOf(field, one)) };
        return propertyOf(field, list ?? only);
      }
    }
  };
  return (fields) => {
    const required = Object.entries(fields).flatMap(([name, { isRequired }]) => (isRequired ? [name] : []));
    const properties = Object.entries(fields).map(([name, { doc, type, isSecret }]) => [
      name,
      { description: doc, ...propertyOf(name, type), ...(isSecret ? { secret: true } : {}) },
    ]);
    return {
      properties: Object.fromEntries(properties) as Json,
      ...(required.length === 0 ? {} : { required }),
    };
  };
}
