/** The Pulumi programs of the documents that use the plugin, in YAML and Python. */
import type { LanguageName } from "../../tools/engine/language.mjs";
import { isRun, type Block } from "./blocks";

/** A program with what it needs beside it. */
export interface LanguageProgram {
  readonly block: Block;
  readonly language: LanguageName;
  /** Its files by name. */
  readonly files: Readonly<Record<string, string>>;
}

/** The language of a Pulumi project, if the block is a `Pulumi.yaml` or a program in Python. */
export function languageOf({ language, code }: Block): LanguageName | undefined {
  if (language === "python") return "python";
  const [, runtime] = (language === "yaml" && /^runtime: (\w+)$/mu.exec(code)) || [];
  return runtime === "yaml" || runtime === "python" ? runtime : undefined;
}

/** The programs among the blocks of one page. A program in Python belongs to the `Pulumi.yaml` before it. */
export function languagePrograms(blocks: readonly Block[]): readonly LanguageProgram[] {
  let settings = "";
  return blocks.flatMap((block): readonly LanguageProgram[] => {
    const language = languageOf(block);
    if (language === undefined) return [];
    if (block.language === "yaml") settings = block.code;
    if (language === "yaml" && isRun(block, "yaml"))
      return [{ block, language, files: { "Pulumi.yaml": block.code } }];
    if (isRun(block, "python"))
      return [{ block, language, files: { "Pulumi.yaml": settings, "__main__.py": block.code } }];
    return [];
  });
}
