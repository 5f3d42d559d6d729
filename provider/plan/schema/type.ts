/** What the generators of types, schemas, options and documents know of inputs. */

/** How a value is written in a program. */
export type Type =
  | { readonly kind: "string" | "number" | "integer" | "boolean" | "any" }
  | { readonly kind: "enum"; readonly words: readonly string[] }
  | { readonly kind: "list"; readonly item: Type }
  | { readonly kind: "union"; readonly of: readonly Type[] }
  /** Values of one type by names that the program chooses, such as identities of hosts. */
  | { readonly kind: "record"; readonly item: Type }
  /** A name for another type. */
  | { readonly kind: "alias"; readonly name: string; readonly doc: string; readonly of: Type }
  | ObjectType;

/** An object with these fields only, unless it is open. */
export interface ObjectType {
  readonly kind: "object";
  readonly name: string;
  readonly doc: string;
  readonly fields: FieldTypes;
  /** Other fields are allowed and not read, because the object is an output of a resource of another version. */
  readonly isOpen?: true;
}

export type FieldTypes = Readonly<Record<string, FieldType>>;

/** The declaration of an input, or of a field of one. */
export interface FieldType {
  /** Its meaning, with unit, default and errors, in Markdown. */
  readonly doc: string;
  readonly type: Type;
  readonly isRequired: boolean;
  /** The value where the field is left out; absent: there is none. */
  readonly default?: unknown;
  /** Whether the value is a credential. */
  readonly isSecret: boolean;
  /** The option of the command; absent: it has none. */
  readonly option?: InputOption;
  /** What a change of a top-level input does; absent for other fields. */
  readonly onChange?: OnChange;
}

/** `run`: hosts run again; `store`: the inputs are stored and no host is contacted; `nothing`: no update is needed. */
export type OnChange = "run" | "store" | "nothing";

/** The option of the command that sets a field. */
export interface InputOption {
  readonly name: string;
  readonly section: "Connection" | "Sessions" | "Steps" | "Many hosts" | "Output";
  /** `flag`: no value; `value`: one value, given once; `list`: repeatable or separated by commas; `values`: repeatable only. */
  readonly kind: "flag" | "value" | "list" | "values";
  /** The name of the value in the help. */
  readonly value?: string;
  readonly help: string;
  readonly completes?: "file" | readonly string[];
  /** What a flag sets. Absent: true. */
  readonly sets?: string;
}
