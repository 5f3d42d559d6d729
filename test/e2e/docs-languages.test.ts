import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parse } from "yaml";
import type { Language } from "../../tools/engine/language.mjs";
import { readBlocks, readPages } from "../docs/blocks";
import { languagePrograms } from "../docs/language-programs";
import { fleet, namesOf, patchUser, startFleet } from "../lab/fleet";
import type { Lab } from "../lab/lab";
import { createLanguageProject, findLanguage, type LanguageProject } from "./language-project";

const starter = "pulumi-resource-session-logoff";

/** The text with the addresses of the hosts. */
function withAddresses(text: string, lab: Lab): string {
  const addresses = new Map(
    fleet.flatMap(({ name }) => namesOf(name).map((one) => [one, lab.addressOf(name)] as const)),
  );
  return text.replaceAll(/rdsh\d\d(?:\.[\w.-]+\w)?/gu, (name) => addresses.get(name) ?? name);
}

/** What the program asks its stack's configuration for. */
async function configure(project: LanguageProject, settings: string, lab: Lab): Promise<void> {
  const { config = {} } = parse(settings) as { readonly config?: Readonly<Record<string, unknown>> };
  for (const name of Object.keys(config))
    if (/password$/iu.test(name))
      await project.succeed("config", "set", "--secret", name, patchUser.password);
    else await project.succeed("config", "set", name, lab.knownHosts);
}

describe("the programs of the documents in other languages", { timeout: 900_000 }, () => {
  const base = mkdtempSync(join(tmpdir(), "session-logoff-docs-"));
  const plugin = join(base, "plugin");
  before(async () => {
    const { bundlePlugin } = await import("../../tools/plugin/bundle.mjs");
    await bundlePlugin(plugin);
  });
  after(() => rmSync(base, { recursive: true, force: true }));

  /** The variables with which a program finds the package that `pulumi package add` would generate. */
  const withSdk = async (language: Language): Promise<Readonly<Record<string, string>>> => {
    if (language.name !== "python") return {};
    const { ensureEngine } = await import("../../tools/engine/ensure.mjs");
    const { generateSdk } = await import("../../tools/engine/sdk.mjs");
    const { path } = await ensureEngine();
    const [schema, folder] = [join(plugin, "schema.json"), join(base, "sdks")];
    return { PYTHONPATH: await generateSdk({ language, engine: path, schema, folder }) };
  };

  for (const { block, language: name, files } of readPages().flatMap((page) =>
    languagePrograms(readBlocks(page).blocks),
  ))
    it(`${block.file}:${block.line} (${name})`, async (t) => {
      const language = await findLanguage(name);
      if (typeof language === "string") {
        t.skip(language);
        return;
      }
      const lab = await startFleet({ everybodyGoes: true });
      let project: LanguageProject | undefined;
      try {
        const here = Object.fromEntries(
          Object.entries(files).map(([file, text]) => [file, withAddresses(text, lab)]),
        );
        project = await createLanguageProject({ language, files: here, env: await withSdk(language) });
        const bin = join(project.folder, "node_modules", ".bin");
        mkdirSync(bin, { recursive: true });
        symlinkSync(join(plugin, starter), join(bin, starter));
        await project.configure(lab);
        await configure(project, files["Pulumi.yaml"] ?? "", lab);
        const people = (): number => lab.hosts.flatMap(({ model }) => model.people()).length;
        const before = people();
        await project.succeed("up", "--yes", "--skip-preview");
        assert.ok(people() < before, "nobody was logged off");
        await project.succeed("up", "--yes", "--skip-preview", "--expect-no-changes");
      } finally {
        project?.remove();
        await lab.close();
      }
    });
});
