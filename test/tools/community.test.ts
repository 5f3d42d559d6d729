import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, it } from "node:test";
import { parseDocument } from "yaml";

/** What GitHub reads from the repository. GitHub reports mistakes in it only after a push, or silently ignores the file. */

const root = resolve(__dirname, "..", "..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");

interface Step {
  readonly name?: string;
  readonly uses?: string;
  readonly run?: string;
}
interface Job {
  readonly uses?: string;
  readonly "timeout-minutes"?: number;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly steps?: readonly Step[];
}
interface Workflow {
  readonly name: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly concurrency?: { readonly group?: string };
  readonly jobs: Readonly<Record<string, Job>>;
}
interface Field {
  readonly type: string;
  readonly id?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly validations?: { readonly required?: boolean };
}
interface Form {
  readonly name?: string;
  readonly description?: string;
  readonly body?: readonly Field[];
}

/** The content of a YAML file. Duplicate keys and the like are errors too. */
function yaml(file: string): unknown {
  const document = parseDocument(read(file), { prettyErrors: true });
  assert.deepEqual([...document.errors, ...document.warnings].map(String), [], file);
  return document.toJS();
}

const filesIn = (folder: string): readonly string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.ya?ml$/u.test(name))
    .map((name) => join(folder, name));
const workflowFiles = filesIn(join(".github", "workflows"));
const workflows = new Map(workflowFiles.map((file) => [file, yaml(file) as Workflow]));
const steps = [...workflows].flatMap(([file, { jobs }]) =>
  Object.values(jobs).flatMap((job) => (job.steps ?? []).map((step) => ({ file, step }))),
);
const commands = steps.flatMap(({ file, step }) => (step.run === undefined ? [] : [{ file, run: step.run }]));
const matches = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map((match) => match[1] ?? "");

describe("the files that GitHub reads", () => {
  it("are YAML without errors", () => {
    const files = filesIn(".github");
    assert.ok(files.length >= 8, files.join());
    for (const file of files) yaml(file);
  });

  it("include a policy for security that needs no address, and a code of conduct", () => {
    for (const file of ["SECURITY.md", "CODE_OF_CONDUCT.md"]) {
      assert.match(read(file), /\*\*Report a vulnerability\*\*/u, file);
      assert.doesNotMatch(read(file), /[\w.]+@[\w.]+\.\w+|https?:/u, file);
    }
    assert.match(read("SECURITY.md"), /\(docs\/security\.md\)/u);
  });

  it("are not in the package", () => {
    const { files } = JSON.parse(read("package.json")) as { readonly files: readonly string[] };
    assert.deepEqual(files, [
      "dist",
      "!dist/provider/cli",
      "!dist/provider/pulumi/plugin",
      "plugin",
      "schema",
      "README.md",
      "CHANGELOG.md",
      "LICENSE",
    ]);
  });
});

describe("workflows", () => {
  it("may only read, unless a job says what it writes", () => {
    const writing = [...workflows].flatMap(([file, { permissions, jobs }]) => {
      assert.deepEqual(permissions, { contents: "read" }, file);
      return Object.entries(jobs).flatMap(([name, job]) =>
        Object.entries(job.permissions ?? {})
          .filter(([, access]) => access !== "read")
          .map(([what]) => `${name}: ${what}`),
      );
    });
    assert.deepEqual(writing, ["publish: id-token", "announce: contents"]);
  });

  it("end: every job has a time limit, and runs for the same branch replace or follow each other", () => {
    for (const [file, { jobs, concurrency }] of workflows) {
      assert.ok(concurrency?.group, file);
      for (const [name, job] of Object.entries(jobs)) {
        // A job that calls another workflow has that one's limits, and may have none of its own.
        assert.equal(typeof job["timeout-minutes"], job.uses === undefined ? "number" : "undefined", name);
      }
    }
  });

  it("use actions of GitHub only, each with its major version, and the same everywhere", () => {
    const used = new Set(steps.flatMap(({ step }) => (step.uses === undefined ? [] : [step.uses])));
    for (const action of used) assert.match(action, /^actions\/[a-z-]+@v\d+$/u);
    const names = [...used].map((action) => action.split("@")[0]);
    assert.equal(new Set(names).size, names.length, [...used].join());
  });

  it("leave no token in the checkout", () => {
    for (const { file, step } of steps) {
      if (step.uses?.startsWith("actions/checkout@") !== true) continue;
      assert.deepEqual((step as { with?: unknown }).with, { "persist-credentials": false }, file);
    }
  });

  it("put no text from outside into a script", () => {
    for (const { file, run } of commands) assert.doesNotMatch(run, /\$\{\{/u, file);
  });

  it("call only scripts, programs, paths and workflows that exist", () => {
    const { scripts } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
    const called: string[] = [];
    for (const { file, run } of commands) {
      for (const script of matches(run, /npm run ([\w:-]+)/gu)) {
        assert.ok(script in scripts, `${file}: npm run ${script}`);
        called.push(script);
      }
      for (const places of matches(run, /npm test -- ([^\n]+)/gu)) {
        for (const place of places.trim().split(/\s+/u)) {
          assert.ok(existsSync(join(root, place)), `${file}: npm test -- ${place}`);
          called.push(place);
        }
      }
      for (const program of matches(run, /(?:^|\s)node (\S+)/gmu)) {
        assert.ok(existsSync(join(root, program)), `${file}: node ${program}`);
        called.push(program);
      }
      if (run.includes(".ci/run")) {
        assert.ok(existsSync(join(root, ".ci", "run")));
        called.push(".ci/run");
      }
    }
    for (const { jobs } of workflows.values()) {
      for (const { uses } of Object.values(jobs)) if (uses) assert.ok(existsSync(join(root, uses)), uses);
    }
    for (const one of ["build", "package:plugin", "test/base", ".ci/run", ".github/windows-server/try.mjs"]) {
      assert.ok(called.includes(one), `nothing calls ${one}`);
    }
  });

  it("say that the one for Windows Server has not been run, as long as that is true", () => {
    const file = join(".github", "workflows", "windows-server.yml");
    assert.match(workflows.get(file)?.name ?? "", /\(not yet run\)$/u);
    assert.match(read(file), /^# NOT YET RUN\. /u);
  });

  it("log nobody off on Windows Server", () => {
    const program = read(join(".github", "windows-server", "try.mjs"));
    assert.doesNotMatch(
      program + read(join(".github", "workflows", "windows-server.yml")),
      /"--all"|logoff\.exe|reset/u,
    );
    assert.match(program, /\[\.\.\.nobody, "--drain"/u);
  });
});

describe("the notes of a release", () => {
  const program = join(root, ".github", "release-notes.mjs");
  /** What the function says of a tag, in a program of its own, because this test is CommonJS. */
  function notes(tag: string, changelog: string): string {
    const code = `import(process.argv[1]).then(({ releaseNotes }) => process.stdout.write(releaseNotes(process.argv[2], "1.2.3", process.argv[3])))
      .catch((error) => process.stdout.write("Error: " + error.message));`;
    return spawnSync(process.execPath, ["-e", code, program, tag, changelog], { encoding: "utf8" }).stdout;
  }
  const changelog =
    "# Changelog\n\n## Unreleased\n\n- No\n\n## 1.2.3 - 2026-01-31\n\n### Added\n\n- Yes\n\n## 1.2.2 - 2026-01-01\n\n- Old\n";

  it("are the section of the tag's version", () => {
    assert.equal(notes("v1.2.3", changelog), "### Added\n\n- Yes\n");
    assert.equal(notes("v1.2.3", changelog.replace("1.2.3 -", "[1.2.3] -")), "### Added\n\n- Yes\n");
  });

  it("do not exist for another version, or without a dated section", () => {
    assert.match(notes("v1.2.4", changelog), /^Error: The tag is "v1\.2\.4", but/u);
    assert.match(notes("v1.2.3", changelog.replace(" - 2026-01-31", "")), /^Error: .* has no date/u);
    assert.match(
      notes("v1.2.3", changelog.replace("1.2.3", "1.2.30")),
      /^Error: CHANGELOG\.md has no section/u,
    );
    assert.match(notes("v1.2.3", "## 1.2.3 - 2026-01-31\n"), /^Error: .* is empty/u);
  });
});

/** https://docs.github.com: "Syntax for issue forms" and "Syntax for GitHub's form schema". */
describe("forms for issues", () => {
  const needed: Readonly<Record<string, readonly string[]>> = {
    markdown: ["value"],
    input: ["label"],
    textarea: ["label"],
    dropdown: ["label", "options"],
    checkboxes: ["label", "options"],
  };
  const forms = filesIn(join(".github", "ISSUE_TEMPLATE")).filter((file) => !file.endsWith("config.yml"));

  for (const file of forms) {
    it(`${file.split(/[\\/]/u).at(-1) ?? file} has what GitHub requires`, () => {
      const { name, description, body = [] } = yaml(file) as Form;
      assert.ok(name && description);
      assert.ok(body.some(({ type }) => type !== "markdown"));
      for (const { type, id, attributes } of body) {
        assert.ok(type in needed, type);
        for (const key of needed[type] ?? []) assert.ok(attributes[key], `${type} ${id ?? ""}: ${key}`);
        if (type === "markdown") assert.equal(id, undefined);
        else assert.match(id ?? "", /^[\w-]+$/u);
        if (type === "checkboxes") {
          for (const option of attributes.options as readonly { label?: string }[]) assert.ok(option.label);
        }
        if (type === "dropdown") {
          const options = attributes.options as readonly unknown[];
          assert.ok(options.every((option) => typeof option === "string"));
          assert.equal(new Set(options).size, options.length);
        }
      }
      for (const key of [({ id }: Field) => id, ({ attributes }: Field) => attributes.label]) {
        const values = body.map(key).filter((value) => value !== undefined);
        assert.equal(new Set(values).size, values.length, "ids and labels are unique");
      }
    });
  }

  it("can be chosen, and have names of their own", () => {
    const names = forms.map((file) => (yaml(file) as Form).name);
    assert.ok(names.length >= 3);
    assert.equal(new Set(names).size, names.length);
    const config = yaml(join(".github", "ISSUE_TEMPLATE", "config.yml")) as {
      readonly blank_issues_enabled: boolean;
      readonly contact_links?: readonly Readonly<Record<string, string>>[];
    };
    assert.equal(config.blank_issues_enabled, false);
    for (const { name, url, about } of config.contact_links ?? []) assert.ok(name && url && about);
  });

  it("refer to files of the repository that exist", () => {
    // Pages that other parts of the documentation still add are checked there.
    for (const file of forms) {
      const links = matches(read(file), /\]\(\.\.\/blob\/HEAD\/([^)#]+)/gu).filter(
        (link) => !link.startsWith("docs/"),
      );
      for (const link of links) assert.ok(existsSync(join(root, link)), `${file}: ${link}`);
    }
  });
});
