/** The command up to the point where it runs something. Everything else is loaded then, because `--version` must not wait for it. */
import { parseArguments } from "./arguments/parse-arguments";
import type { ExitStatus } from "./exit-status";
import { inert, withInertOutputs, type World } from "./world";
import { wrongUsage } from "./wrong-usage";

/** Runs the command and returns its exit status. Never rejects. */
export async function runCommand(argv: readonly string[], world: World): Promise<ExitStatus> {
  const request = parseArguments(argv, world);
  switch (request.kind) {
    case "completion": {
      const { completionScript } = await import("./arguments/completion.js");
      world.stdout.write(completionScript(request.shell));
      return 0;
    }
    case "help": {
      const { helpText } = await import("./arguments/help.js");
      inert(world.stdout).write(helpText(world.stdout.columns));
      return 0;
    }
    case "version":
      inert(world.stdout).write(`${world.version()}\n`);
      return 0;
    case "usage-error":
      return wrongUsage(request.problems, { stderr: inert(world.stderr) });
    case "run": {
      const { runRequest } = await import("./run.js");
      return runRequest(request.run, withInertOutputs(world));
    }
  }
}
