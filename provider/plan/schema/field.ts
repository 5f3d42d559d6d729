import { isRecord, onlyFields } from "../../base/records";
import { checkFields, fieldList, problem } from "../problem";
import { holdsUnknown, isUnknown } from "../unknown";
import type { Shape } from "./shape";
import type { FieldType, InputOption, ObjectType, OnChange } from "./type";

/** The declaration of an input, or of a field of one, with the shape that reads it. Everything that is known of it stands here. */
export interface Field<T> extends Omit<FieldType, "type"> {
  readonly shape: Shape<T>;
}

interface More {
  readonly secret?: true;
  readonly option?: InputOption;
  readonly onChange?: OnChange;
}

export type FieldMap = Readonly<Record<string, Field<unknown>>>;

/** A field that may be left out. */
export interface Optional<T> extends Field<T> {
  readonly isRequired: false;
}

export function optional<T>(doc: string, shape: Shape<T>, { secret, ...more }: More = {}): Optional<T> {
  return { doc, shape, isRequired: false, isSecret: secret === true, ...more };
}

/** A field that has a default where it is left out. */
export interface Defaulted<T> extends Optional<T> {
  readonly default: T;
}

export function defaulted<T>(doc: string, shape: Shape<T>, value: NoInfer<T>, more: More = {}): Defaulted<T> {
  return { ...optional(doc, shape, more), default: value };
}

export function required<T>(doc: string, shape: Shape<T>, { secret, ...more }: More = {}): Field<T> {
  return { doc, shape, isRequired: true, isSecret: secret === true, ...more };
}

/**
 * The option of the command that sets a field.
 * @param form as in the help: `--user NAME`, or `--accept-new` for a flag
 */
export function option(
  section: InputOption["section"],
  form: string,
  help: string,
  more: Partial<Pick<InputOption, "kind" | "completes" | "sets">> = {},
): InputOption {
  const [, name = "", value] = /^--(\S+)(?: (.+))?$/u.exec(form) ?? [];
  const kind = value === undefined ? "flag" : "value";
  return { name, section, kind, ...(value === undefined ? {} : { value }), help, ...more };
}

type ValueOf<F> = F extends Field<infer T> ? T : never;
type OptionalNames<F> = { [K in keyof F]: F[K] extends Optional<unknown> ? K : never }[keyof F];

/** The values of the fields of an object, as its shape reads them. */
export type Fields<F> = { readonly [K in Exclude<keyof F, OptionalNames<F>>]: ValueOf<F[K]> } & {
  readonly [K in OptionalNames<F>]?: ValueOf<F[K]>;
};

/** An object with these fields only; one that is open may have others, which are not read. */
export function object<F extends FieldMap>(
  name: string,
  doc: string,
  fields: F,
  { isOpen }: Pick<ObjectType, "isOpen"> = {},
): Shape<Fields<F>> & { readonly type: ObjectType; readonly fields: F } {
  const names = Object.keys(fields);
  return {
    type: { kind: "object", name, doc, fields: typesOf(fields), ...(isOpen === true ? { isOpen } : {}) },
    fields,
    read: (value, path, problems) => {
      if (isUnknown(value)) return undefined;
      if (!isRecord(value)) {
        problems.push(problem(path, `must be an object with the fields ${fieldList(names)}`));
        return undefined;
      }
      const problemsBefore = problems.length;
      if (isOpen !== true) checkFields(value, names, path, problems);
      const entries = Object.entries<Field<unknown>>(fields).flatMap(([name, { shape, isRequired }]) => {
        const given = value[name];
        if (given === undefined && !isRequired) return [];
        return [[name, shape.read(given, [...path, name], problems)] as const];
      });
      if (problems.length > problemsBefore || holdsUnknown(onlyFields(value, names))) return undefined;
      return Object.fromEntries(entries) as Fields<F>;
    },
  };
}

/** What the generators know of declared fields. */
export function typesOf(fields: FieldMap): Readonly<Record<string, FieldType>> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, { shape, ...rest }]) => [name, { ...rest, type: shape.type }]),
  );
}
