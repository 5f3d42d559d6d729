import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { startLab, type Lab } from "../lab/lab";
import { build, installedFolder, runNode } from "./dynamic/built-package";
import { recordedResource, type Json, type RecordedResource } from "./recorded/recorded-state";

/** Calls one method of a recorded provider text as the SDK's provider process does. */
const callProvider = `
  const { createRequire } = require("node:module");
  const fromString = createRequire(require.resolve("@pulumi/pulumi"))("require-from-string");
  const { text, method, args } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
  const provider = fromString(text).handler();
  provider.configure({ config: { get: () => undefined } });
  provider[method](...args).then(
    (answer) => ({ answer }),
    ({ message, id, properties, reasons }) => ({ error: { message, id, properties, reasons } }),
  ).then((result) => console.log("\\n" + JSON.stringify(result)));
`;

/** The outputs that these tests check. */
interface Results {
  readonly readyHosts: readonly string[];
  readonly totals: { readonly loggedOff: number };
  readonly remaining: number;
  readonly hostResults: Readonly<Record<string, { readonly drained: string }>>;
  readonly resume: Readonly<Record<string, readonly Json[]>>;
}

interface Called {
  /** The lines that the method printed, without its result. */
  readonly said: string;
  readonly answer?: unknown;
  readonly error?: {
    readonly message?: string;
    readonly properties?: Json;
    readonly reasons?: readonly string[];
  };
}

describe("a state that version 0.1.0 wrote", () => {
  const done = recordedResource("done");
  const unfinished = recordedResource("unfinished");
  let program: ReturnType<typeof installedFolder>;
  before(async () => {
    await build();
    program = installedFolder();
  });
  after(() => program.remove());

  /** Calls a method of the provider text in the resource's outputs. */
  const call = async ({ outputs }: RecordedResource, method: string, ...args: unknown[]): Promise<Called> => {
    const given = JSON.stringify({ text: outputs["__provider"], method, args });
    const { output, errors } = await runNode(program.folder, ["-e", callProvider], given);
    assert.equal(errors, "");
    const lines = output.trimEnd().split("\n");
    const result = JSON.parse(lines.pop() ?? "") as Omit<Called, "said">;
    return { said: lines.join("\n").trim(), ...result };
  };

  for (const [name, recorded] of Object.entries({ done, unfinished })) {
    it(`has valid inputs (${name})`, async () => {
      const { answer } = await call(recorded, "check", recorded.inputs, recorded.inputs);
      assert.deepEqual(answer, { inputs: recorded.inputs, failures: [] });
    });

    it(`keeps its outputs in a refresh (${name})`, async () => {
      const { answer } = await call(recorded, "read", recorded.id, recorded.outputs);
      assert.deepEqual(answer, { id: recorded.id, props: recorded.outputs });
    });
  }

  it("has a done resource that is unchanged, even if the provider's text differs", async () => {
    for (const text of [done.inputs["__provider"], "exports.handler = () => ({});"]) {
      const news = { ...done.inputs, __provider: text };
      assert.deepEqual(await call(done, "diff", done.id, done.outputs, news), {
        said: "",
        answer: { changes: false },
      });
    }
  });

  it("has a done resource that runs again when a trigger changes", async () => {
    const news = { ...done.inputs, triggers: ["2026-12", { patch: 7 }] };
    assert.deepEqual(await call(done, "diff", done.id, done.outputs, news), {
      said: "done: runs on 2 of 2 hosts (triggers changed)",
      answer: { changes: true },
    });
  });

  it("has an unfinished resource that resumes with the unfinished hosts", async () => {
    assert.deepEqual(await call(unfinished, "diff", unfinished.id, unfinished.outputs, unfinished.inputs), {
      said: "unfinished: runs on 3 of 4 hosts (2 failed, 1 skipped)",
      answer: { changes: true },
    });
  });

  it("has a done resource that contacts no host when deleted", async () => {
    const nowhere = { ...done.outputs, connection: { ...(done.outputs["connection"] as Json), port: 0 } };
    assert.deepEqual(await call(done, "delete", done.id, nowhere), { said: "" });
  });

  describe("with its hosts", () => {
    let lab: Lab;
    /** The unfinished resource with the lab's addresses instead of the recorded names. */
    let here: RecordedResource;
    const names = ["rdsh01", "rdsh02", "rdsh03", "rdsh04"];
    const address = (name: string): string => lab.addressOf(name);
    const drains = (): string[] => names.map((name) => lab.host(name).model.drain());
    const people = (): (readonly string[])[] => names.map((name) => lab.host(name).model.people());

    const atLab = (props: Json): Json => {
      const connection = { ...(props["connection"] as Json), knownHosts: lab.knownHosts };
      const text = JSON.stringify({ ...props, connection });
      const recordedName = /(rdsh\d\d)\.corp\.example(?::22)?/gu;
      return JSON.parse(text.replaceAll(recordedName, (_, name: string) => address(name))) as Json;
    };

    beforeEach(async () => {
      lab = await startLab({
        hosts: [
          { name: "rdsh01", sessions: [{ user: "late" }], drain: "drain" },
          // The recorded run sent its logoff, but the session still exists; Windows no longer names its user.
          { name: "rdsh02", sessions: [{ id: 2, user: null, name: null, state: "disconnected" }] },
          { name: "rdsh03", sessions: [{ user: "carol" }], drain: "drain" },
          { name: "rdsh04", sessions: [{ user: "dave" }, { user: "svc-backup" }] },
        ],
        // The session ends at the fourth listing, when the run is already waiting for it.
        onCommand: ({ host, command }) => {
          if (host !== "rdsh02" || !command.includes("qwinsta")) return;
          const rdsh02 = lab.host(host);
          const listings = rdsh02.commandTexts().filter((text) => text.includes("qwinsta"));
          if (listings.length === 4) rdsh02.model.leave(2);
        },
      });
      here = {
        id: unfinished.id,
        inputs: atLab(unfinished.inputs),
        outputs: atLab(unfinished.outputs),
      };
    });
    afterEach(() => lab.close());

    const withWrongPassword = (props: Json): Json => ({
      ...props,
      connection: { ...(props["connection"] as Json), password: "not this one" },
    });

    it("finishes only the pending hosts in an update, and waits for the session that was sent a logoff", async () => {
      const news = { ...here.inputs, warn: { message: "Patches begin", gracePeriod: "1s" } };
      const { answer, said } = await call(here, "update", here.id, here.outputs, news);
      assert.ok(answer, said);
      const { outs } = answer as { readonly outs: Results };
      assert.deepEqual(outs.readyHosts, names.map(address));
      assert.deepEqual([outs.totals.loggedOff, outs.remaining, outs.resume], [4, 0, {}]);
      assert.deepEqual(people(), [["late"], [], [], ["svc-backup"]]);
      assert.equal(lab.host("rdsh01").logins.length, 0);
      assert.ok(said.includes(`unfinished: ${address("rdsh02")}: 2 (bob) is gone`), said);
      assert.deepEqual(drains(), ["drain", "drain", "drain", "drain"]);
    });

    it("keeps warnings, sent logoffs and drains in an update that reaches no host", async () => {
      const news = withWrongPassword(here.inputs);
      const { error } = await call(here, "update", here.id, here.outputs, news);
      assert.equal(
        error?.reasons?.[0],
        'unfinished: 3 of 4 hosts not done (1 failed, 2 skipped); the next "pulumi up" runs only these',
      );
      assert.ok(error.properties);
      const { resume, hostResults, readyHosts } = error.properties as unknown as Results;
      const bob = { id: "2", user: "bob", logonTime: "3/3/2025 9:32 AM" };
      const carol = { ...bob, user: "carol" };
      const warned = { remindersMs: [3000] };
      assert.deepEqual(resume, {
        [address("rdsh02")]: [
          { ...bob, ...warned, warnedAt: "2026-11-28T05:53:29.170Z" },
          { ...bob, logoffSent: true },
        ],
        [address("rdsh03")]: [{ ...carol, ...warned, warnedAt: "2026-11-28T05:53:29.169Z" }],
      });
      assert.deepEqual(
        ["rdsh01", "rdsh03"].map((name) => hostResults[address(name)]?.drained),
        ["until-destroy", "until-destroy"],
      );
      assert.deepEqual(readyHosts, [address("rdsh01")]);
    });

    it("undrains the drained hosts when deleted, and contacts no others", async () => {
      const { said, error } = await call(here, "delete", here.id, here.outputs);
      assert.equal(error, undefined);
      // Hosts are undrained concurrently, in any order.
      assert.deepEqual(
        new Set(said.split("\n")),
        new Set(["rdsh01", "rdsh03"].map((name) => `unfinished: ${address(name)}: accepts new logons again`)),
      );
      assert.deepEqual(drains(), ["open", "open", "open", "open"]);
      assert.deepEqual(
        names.map((name) => lab.host(name).logins.length > 0),
        [true, false, true, false],
      );
      assert.deepEqual(people(), [["late"], [], ["carol"], ["dave", "svc-backup"]]);
    });

    it("is not deleted while drained hosts cannot be undrained, and names those hosts", async () => {
      const { error } = await call(here, "delete", here.id, withWrongPassword(here.outputs));
      const [what, first, second] = error?.message?.split("\n") ?? [];
      assert.match(what ?? "", /^unfinished: 2 hosts are still drained by this resource/u);
      assert.ok(first?.startsWith(`${address("rdsh01")}: auth-rejected: `), first);
      assert.ok(second?.startsWith(`${address("rdsh03")}: auth-rejected: `), second);
      assert.deepEqual(drains(), ["drain", "open", "drain", "open"]);
    });
  });
});
