import type { MakeOptions } from "./ensure.mjs";

/** A language of Pulumi programs, apart from that of our own, whose host comes with every engine that we make. */
export type LanguageName = "yaml" | "python";

/** What the engine needs to run programs in a language. `engineEnvironment` hands it to the engine. */
export interface Language {
  readonly name: LanguageName;
  /** The host, unless the engine finds it by itself. */
  readonly host?: { readonly folder: string; readonly version: string };
  /** Folders that PATH must begin with. */
  readonly path: readonly string[];
  /** Where everything comes from; one line. */
  readonly why: string;
}

export interface LanguageOptions extends Partial<MakeOptions> {
  /** Path of the executable that is to run the programs. */
  readonly engine: string;
}

/**
 * Makes sure of a language's host: the one beside the engine or on PATH, else one kept in the user's cache, else a new one
 * built with Go into that cache. For Python, also of its SDK in a virtual environment, which pip fetches into the cache.
 *
 * @throws Error with what is missing and what the user can do
 */
export function ensureLanguage(name: LanguageName, options: LanguageOptions): Promise<Language>;
