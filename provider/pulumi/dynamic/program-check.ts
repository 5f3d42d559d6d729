/** Checks, as far as the class can, whether Pulumi's provider process will be able to run a resource of this program. */
import { createRequire } from "node:module";
import { join } from "node:path";

/** The process that the program runs in. */
export interface ProgramProcess {
  /** The working directory. */
  readonly folder: string;
  /** The script that Node was started with. */
  readonly script: string | undefined;
  readonly isBun: boolean;
}

/** `error`: the resource cannot run; `hint`: it cannot, unless the project's settings name another folder. The class does not see them. */
export interface ProgramProblem {
  readonly severity: "error" | "hint";
  readonly message: string;
}

/** The resource that a program declares. */
export interface CheckedResource {
  readonly type: string;
  readonly name: string;
  /** The export with the resource's code. */
  readonly code: string;
}

/** What the provider process loads from its working directory, and the package that brings it. */
function neededFor(code: string): readonly { readonly path: string; readonly packageName: string }[] {
  return [
    { path: code, packageName: "pulumi-session-logoff" },
    { path: "@pulumi/pulumi/cmd/dynamic-provider", packageName: "@pulumi/pulumi" },
  ];
}

/** Checks the packages that are installed in the program's folder. Pulumi starts the provider process there. */
export function checkProgram(
  { type, name, code }: CheckedResource,
  { folder, script, isBun }: ProgramProcess,
): ProgramProblem | undefined {
  if (isBun)
    return {
      severity: "error",
      message: `Cannot use ${type} "${name}" with Bun: Pulumi's dynamic resources need Node. Set "runtime: nodejs" in Pulumi.yaml`,
    };
  const { resolve } = createRequire(join(folder, "program.js"));
  const missing = neededFor(code)
    .filter(({ path }) => !resolves(resolve, path))
    .map(({ packageName }) => `"${packageName}"`);
  if (missing.length === 0) return undefined;
  const packages = missing.join(" and ");
  // The CLI starts program and provider in the same folder. An inline program of the Automation API runs anywhere.
  return isRunByCli(script)
    ? {
        severity: "error",
        message: `Cannot use ${type} "${name}": Pulumi's provider process loads ${packages} from the program's folder and does not find it in "${folder}". Add ${packages} to the program's own dependencies; a dependency of another package is not enough`,
      }
    : {
        severity: "hint",
        message: `Pulumi's provider process starts in the project's "main" folder, by default the current one, and finds no ${packages} from "${folder}". If that is the folder, ${type} "${name}" cannot run: start the program where it is installed, or name such a folder as "main" in the project settings`,
      };
}

function resolves(resolve: (path: string) => string, path: string): boolean {
  try {
    resolve(path);
    return true;
  } catch {
    return false;
  }
}

function isRunByCli(script: string | undefined): boolean {
  return script !== undefined && /@pulumi[\\/]pulumi[\\/]cmd[\\/]run[\\/]/u.test(script);
}
