import assert from "node:assert/strict";
import { afterEach, beforeEach } from "node:test";
import { labUser, startLab, type Lab } from "../lab/lab";
import type { Project } from "./project";

export const up = ["up", "--yes", "--skip-preview"] as const;
export const cancelMessage = "The maintenance is cancelled.";
/** Longer than any test waits: a run that ends sooner has not waited for it. */
export const hourMs = 3_600_000;

/**
 * Three hosts, one after another. When the run is interrupted, the first is finished, the second is still logging bob off, and the third has not
 * been contacted.
 */
export interface CancelScene {
  readonly lab: Lab;
  readonly project: Project;
  readonly people: (name: string) => readonly string[];
  /** How many logoffs were sent to a host. */
  readonly logoffs: (name: string) => number;
  /** `user: text` of every message on a host. */
  readonly messages: (name: string) => readonly string[];
  /** Logs bob on, again if necessary, with a logoff that takes `ms` milliseconds. */
  readonly bobLeavesAfter: (ms: number) => void;
  /** Declares the resource, with these inputs besides the usual ones. */
  readonly resource: (more?: object) => void;
  /** Runs `pulumi up`, after which nobody is left. @returns what it printed */
  readonly finishes: () => Promise<string>;
}

/** Sets the scene before each test of the suite, and removes it afterwards. */
export function cancelScene(create: () => Promise<Project>): CancelScene {
  let lab: Lab | undefined;
  let project: Project | undefined;
  let bob: number | undefined;
  const scene: CancelScene = {
    get lab() {
      assert.ok(lab !== undefined);
      return lab;
    },
    get project() {
      assert.ok(project !== undefined);
      return project;
    },
    people: (name) => scene.lab.host(name).model.people(),
    logoffs: (name) =>
      scene.lab
        .host(name)
        .commandTexts()
        .filter((text) => text.startsWith("logoff.exe")).length,
    messages: (name) =>
      scene.lab
        .host(name)
        .model.messages()
        .map(({ user, text }) => `${user}: ${text}`),
    bobLeavesAfter: (ms) => {
      const { model } = scene.lab.host("slow");
      if (bob !== undefined) model.leave(bob);
      bob = model.logon({ user: "bob", onLogoff: { kind: "closes", ms } }).id;
    },
    resource: (more = {}) =>
      scene.project.resources({
        "pre-patch": {
          hosts: ["quick", "slow", "later"].map((name) => scene.lab.addressOf(name)),
          sessions: { all: true },
          connection: { user: labUser.name, password: labUser.password, knownHosts: scene.lab.knownHosts },
          rollout: { parallel: 1 },
          ...more,
        },
      }),
    finishes: async () => {
      const { code, output } = await scene.project.pulumi(...up);
      assert.equal(code, 0, output);
      assert.deepEqual(["quick", "slow", "later"].map(scene.people), [[], [], []]);
      return output;
    },
  };

  beforeEach(async () => {
    lab = await startLab({
      hosts: [
        { name: "quick", sessions: [{ user: "alice" }] },
        { name: "slow", sessions: [] },
        { name: "later", sessions: [{ user: "carol" }] },
      ],
    });
    bob = undefined;
    project = await create();
    scene.resource();
  });
  afterEach(async () => {
    project?.remove();
    await lab?.close();
  });
  return scene;
}
