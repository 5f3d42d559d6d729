import * as pulumi from "@pulumi/pulumi";

interface PatchInputs {
  readonly hosts: readonly string[];
  readonly release: string;
}

function patch({ hosts, release }: PatchInputs): void {
  for (const host of hosts) console.log(`patch: ${host} gets ${release === "" ? "the patches" : release}`);
}

/** A patch step that only says what it would do: put your own in its place. */
const provider: pulumi.dynamic.ResourceProvider<PatchInputs, PatchInputs> = {
  create: (inputs) => {
    patch(inputs);
    return Promise.resolve({ id: "patch", outs: inputs });
  },
  update: (_id, _olds, news) => {
    patch(news);
    return Promise.resolve({ outs: news });
  },
};

/** Patches hosts that everybody has left. */
export class Patch extends pulumi.dynamic.Resource {
  constructor(
    name: string,
    args: { readonly hosts: pulumi.Input<readonly string[]>; readonly release: string },
    options: pulumi.CustomResourceOptions,
  ) {
    super(provider, name, args, options);
  }
}
