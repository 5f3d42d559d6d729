import { join, relative } from "node:path";
import { format, resolveConfig } from "prettier";
import { undrainInputTypes } from "../../provider/plan/schema/host-undrain";
import { inputTypes } from "../../provider/plan/schema/inputs";
import { htmlAssets } from "./html-assets";
import { inputsPage } from "./inputs-page";
import { hostUndrainText, sessionLogoffText } from "./inputs-page-texts";
import { jsonSchema } from "./json-schema";
import { optionTable } from "./options";
import { optionsPage } from "./options-page";
import { pulumiSchema } from "./pulumi-schema";
import { stackDefaults } from "../../provider/plan/schema/connection";
import { troubleshooting } from "./troubleshooting";
import { argumentTypes, credentialFields, plainInterface } from "./typescript";

const root = join(__dirname, "..", "..");

export interface GeneratedFile {
  readonly path: string;
  readonly text: string;
}

/** Every generated file, with the text that it should have. */
export async function generatedFiles(): Promise<readonly GeneratedFile[]> {
  const html = join("provider", "report", "html");
  const texts: Readonly<Record<string, string>> = {
    [join(html, "assets.ts")]: htmlAssets(join(root, html)),
    "provider/plan/connection-defaults.ts": plainInterface(
      "ConnectionDefaults",
      stackDefaults.type.doc,
      stackDefaults.type.fields,
    ),
    "provider/plan/credential-fields.ts": credentialFields(inputTypes),
    "provider/pulumi/dynamic/args.ts": argumentTypes("SessionLogoff", inputTypes),
    "provider/pulumi/dynamic/host-undrain-args.ts": argumentTypes("HostUndrain", undrainInputTypes, {
      inputs: inputTypes,
      module: "./args",
    }),
    "provider/cli/arguments/input-options.ts": optionTable(inputTypes),
    "schema/inputs.schema.json": jsonSchema("SessionLogoff", inputTypes),
    "schema/undrain-inputs.schema.json": jsonSchema("HostUndrain", undrainInputTypes),
    "schema/pulumi.json": pulumiSchema(root),
    "docs/inputs.md": inputsPage(inputTypes, sessionLogoffText),
    "docs/undrain-inputs.md": inputsPage(undrainInputTypes, hostUndrainText, {
      file: "inputs.md",
      inputs: inputTypes,
    }),
    "docs/options.md": optionsPage(join(__dirname, "options-page.md")),
    "docs/troubleshooting.md": troubleshooting(
      join(__dirname, "troubleshooting.md"),
      join(root, "provider", "base", "error-codes.ts"),
    ),
  };
  return Promise.all(
    Object.entries(texts).map(async ([name, text]) => {
      const path = join(root, name);
      const options = { ...(await resolveConfig(path)), filepath: path };
      return { path, text: await format(withNotice(relative(root, path), text), options) };
    }),
  );
}

function withNotice(name: string, text: string): string {
  if (name.endsWith(".ts")) return `// Made by \`npm run generate\`.\n\n${text}`;
  return name.endsWith(".md") ? `<!-- Made by \`npm run generate\`. -->\n\n${text}` : text;
}
