import assert from "node:assert/strict";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { build, checkout, installedFolder, runNode } from "./built-package";

const modules = join(checkout, "node_modules");
const vendored = join(modules, "@pulumi", "pulumi", "vendor");
const typescript38 = join(vendored, "typescript@3.8.3", "typescript.js");

/** The template asks for typescript ^5; the SDK brings 3.8.3 for programs that depend on no TypeScript. */
const compilers = {
  "TypeScript 5.9": join(modules, "typescript-5.9", "lib", "typescript.js"),
  "TypeScript 4.9": join(modules, "typescript-4.9", "lib", "typescript.js"),
  "TypeScript 3.8.3": typescript38,
};
/** The template asks for @types/node ^18. The SDK's own dependencies resolve to the version that package.json pins. */
const nodeTypes = join(modules, "types-node-18");

/** Prints what `tsc --noEmit` would report, since the vendored TypeScript has no tsc. */
const compile = (compiler: string): string => `
  const ts = require(${JSON.stringify(compiler)});
  const { config } = ts.readConfigFile("tsconfig.json", ts.sys.readFile);
  const { fileNames, options, errors } = ts.parseJsonConfigFileContent(config, ts.sys, process.cwd());
  const found = ts.getPreEmitDiagnostics(ts.createProgram(fileNames, options));
  const lines = [...errors, ...found].map(({ file, start, messageText }) =>
    (file ? file.fileName + ":" + (file.getLineAndCharacterOfPosition(start).line + 1) : "") + " " +
    ts.flattenDiagnosticMessageText(messageText, " "));
  console.log(JSON.stringify(lines));
`;

/** Runs the program under ts-node, registered as the SDK's run.js does for the template. */
const runWithTsNode = `
  require(${JSON.stringify(join(vendored, "ts-node@7.0.1"))}).register({
    compiler: ${JSON.stringify(typescript38)},
    project: "tsconfig.json",
    compilerOptions: { target: "ES2020", module: "commonjs", moduleResolution: "node", sourceMap: "true" },
  });
  require("@pulumi/pulumi").runtime.setMocks({
    newResource: ({ inputs }) => ({ id: "id", state: { ...inputs, readyHosts: ["a:22"] } }),
    call: () => ({}),
  });
  require("./index.ts").readyHosts.apply((hosts) => console.log(hosts.join()));
`;

/** A folder with Pulumi's TypeScript template and a program that uses the package. */
function templateFolder(): ReturnType<typeof installedFolder> {
  const made = installedFolder(join(checkout, "test", "consumers", "template"));
  const types = join(made.folder, "node_modules", "@types");
  mkdirSync(types);
  symlinkSync(nodeTypes, join(types, "node"), "dir");
  return made;
}

describe("Pulumi's TypeScript template", () => {
  before(build);

  for (const [name, compiler] of Object.entries(compilers)) {
    it(`compiles with ${name} without errors from the package`, async () => {
      const { folder, remove } = templateFolder();
      const errorsOf = async (program: string): Promise<readonly string[]> => {
        writeFileSync(join(folder, "index.ts"), program);
        const { output, errors } = await runNode(folder, ["-e", compile(compiler)]);
        assert.notEqual(output, "", errors);
        return JSON.parse(output) as string[];
      };
      try {
        const program = readFileSync(join(folder, "index.ts"), "utf8");
        // An old compiler cannot read all of @types/node and the SDK; those errors occur without this package.
        const foreign = await errorsOf('import * as pulumi from "@pulumi/pulumi";\nnew pulumi.Config();\n');
        const added = async (text: string): Promise<readonly string[]> =>
          (await errorsOf(text)).filter((line) => !foreign.includes(line));
        assert.deepEqual(await added(program), []);
        const [mistake, ...others] = await added(program.replace("hosts: [", "hots: ["));
        assert.match(mistake ?? "", /index\.ts:\d+ .*hots/u);
        assert.deepEqual(others, []);
      } finally {
        remove();
      }
    });
  }

  it("runs with the SDK's own ts-node and TypeScript 3.8.3", async () => {
    const { folder, remove } = templateFolder();
    try {
      const { output, errors } = await runNode(folder, ["-e", runWithTsNode]);
      assert.equal(output.trim(), "a:22", errors);
    } finally {
      remove();
    }
  });
});
