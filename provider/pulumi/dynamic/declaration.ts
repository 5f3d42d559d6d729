/** What the classes do alike when a program declares a resource. */
import * as pulumi from "@pulumi/pulumi";
import { checkProgram, type CheckedResource } from "./program-check";
import { withSecretsSealed } from "./secrets";

/** The folder in which the program started; its working directory may change later. */
const programFolder = process.cwd();

/** @throws pulumi.RunError if the program cannot use the resource's class, or if its options are those of an import */
export function checkDeclaration(resource: CheckedResource, options: pulumi.CustomResourceOptions): void {
  // Without an engine, as in a program's unit tests, no provider process starts.
  if (pulumi.runtime.getEngine() !== undefined) {
    const { argv, versions } = process;
    const program = { folder: programFolder, script: argv[1], isBun: versions["bun"] !== undefined };
    const problem = checkProgram(resource, program);
    if (problem?.severity === "error") throw new pulumi.RunError(problem.message);
    // Not as a message of the resource: those wait until it is registered, which fails in this case.
    if (problem !== undefined) void pulumi.log.info(problem.message);
  }
  if (options.import !== undefined || options.id !== undefined)
    throw new pulumi.RunError(
      `Cannot import ${resource.type} "${resource.name}": there is nothing to adopt; create it`,
    );
}

/** The arguments with their credentials as secrets. */
export function sealedArgs<Args extends { readonly hosts: unknown; readonly connection?: unknown }>(
  args: Args,
): Args & { readonly hosts: unknown; readonly connection?: unknown } {
  return {
    ...args,
    hosts: withSecretsSealed(args.hosts),
    ...(args.connection === undefined ? {} : { connection: withSecretsSealed(args.connection) }),
  };
}

/** The options of a resource of ours. */
export interface DeclaredOptions {
  readonly options: pulumi.CustomResourceOptions;
  /** The options with what transformations have made of them, once the resource is registered. */
  readonly seen: () => pulumi.CustomResourceOptions;
}

/** @param additionalSecretOutputs outputs that are secret whatever the inputs are */
export function declaredOptions(
  options: pulumi.CustomResourceOptions,
  additionalSecretOutputs: string[] = [],
): DeclaredOptions {
  let seen = options;
  const look: pulumi.ResourceTransformation = ({ opts }) => {
    seen = opts;
    return undefined;
  };
  const ours = { additionalSecretOutputs, deleteBeforeReplace: true, transformations: [look] };
  return { options: pulumi.mergeOptions(options, ours), seen: () => seen };
}
