/** The pipelines of the documents. */
import { isMap, isScalar, parseAllDocuments, visit, type Document } from "yaml";
import type { Block, Problem } from "./blocks";
import { runCommands, type Shell } from "./shell";

/** The keys under which GitHub, GitLab and Azure Pipelines have commands. */
const scripts = ["run", "script", "before_script", "after_script", "bash"];

/** Runs our commands in a pipeline, in their order, with the variables that the pipeline sets. */
export async function runPipeline(shell: Shell, block: Block): Promise<readonly Problem[]> {
  const documents = parseAllDocuments(block.code) as readonly Document.Parsed[];
  const errors = documents.flatMap((document) =>
    document.errors.map(({ message, linePos }) => ({
      file: block.file,
      line: block.line + (linePos?.[0].line ?? 1) - 1,
      message,
    })),
  );
  if (errors.length > 0) return errors;
  const { commands, variables } = readPipeline(documents);
  if (commands.length === 0) return [];
  return runCommands({ ...shell, env: { ...shell.env, ...variables } }, block, commands.join("\n"));
}

function readPipeline(documents: readonly Document.Parsed[]): {
  readonly commands: readonly string[];
  readonly variables: Readonly<Record<string, string>>;
} {
  const commands: string[] = [];
  const variables: Record<string, string> = {};
  for (const document of documents)
    visit(document, {
      Pair: (_, { key, value }) => {
        const name = isScalar(key) ? String(key.value) : "";
        if (scripts.includes(name)) commands.push(...scalarsIn(value).flatMap(ourCommands));
        if ((name === "env" || name === "variables") && isMap(value))
          for (const { key: variable, value: text } of value.items)
            if (isScalar(variable) && isScalar(text) && !/\$[({]/u.test(String(text.value)))
              variables[String(variable.value)] = String(text.value);
      },
    });
  return { commands, variables };
}

function scalarsIn(value: unknown): readonly string[] {
  const found: string[] = [];
  visit(value as Parameters<typeof visit>[0], {
    Scalar: (_, { value: text }) => void found.push(String(text)),
  });
  return found;
}

/** The commands of a script that are ours. What the build system fills in is empty, or the current folder. */
function ourCommands(script: string): readonly string[] {
  return script
    .replaceAll(/\$\{\{[^}]*\}\}/gu, ".")
    .replaceAll(/\$\([A-Z]\w*\.[\w.]+\)/gu, ".")
    .replaceAll(/\$\(([A-Za-z_]\w*)\)/gu, "$$$1")
    .replaceAll("\\\n", "\u0000")
    .split("\n")
    .filter((line) =>
      /^\s*(?:\w+=\S*\s+)*(?:npx\s+(?:--yes\s+|-y\s+)?pulumi-session-logoff|session-logoff)\b/u.test(line),
    )
    .map((line) => line.replaceAll("\u0000", "\\\n"));
}
