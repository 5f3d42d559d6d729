/** Runs a block of a document in a workshop of its own. */
import type { Block, Problem } from "./blocks";
import { runPipeline } from "./pipelines";
import { languageOf } from "./language-programs";
import { fieldProblems, isProgram } from "./programs";
import { runCommands, runTranscript } from "./shell";
import { openWorkshop } from "./workshop";

/** Whether a block needs a Pulumi engine, so that it runs below test/e2e. */
export function needsEngine(block: Block): boolean {
  if (block.language === "ts") return isProgram(block);
  if (languageOf(block) !== undefined) return true;
  return (block.language === "sh" || block.language === "console") && /^(?:\$ )?pulumi\s/mu.test(block.code);
}

/**
 * What is wrong with a block that needs no engine. Types are checked for all blocks at once. Only a transcript shows sessions that stay,
 * so every other block meets people who go.
 */
export async function runBlock(block: Block): Promise<readonly Problem[]> {
  if (block.language === "ts") return fieldProblems(block);
  const { lab, shell, close } = await openWorkshop(block.language !== "console");
  try {
    const problems = await { console: runTranscript, sh: runCommands, yaml: runPipeline }[
      block.language as "console" | "sh" | "yaml"
    ](shell, block);
    const unknown = lab.takeUnexpected().map(({ host, what }) => ({
      file: block.file,
      line: block.line,
      message: `nobody taught ${host} in the lab: ${what}`,
    }));
    return [...problems, ...unknown];
  } finally {
    await close();
  }
}

/** The problems as a test shows them. */
export function shown(problems: readonly Problem[]): string {
  return problems.map(({ file, line, message }) => `${file}:${line}: ${message}`).join("\n");
}
