import type { HostOptions, Lab } from "../../test/lab/lab";
import type { LanguageName } from "../engine/language.mjs";
import { demoHosts } from "./fleet";
import { demonstrate } from "./pre-patch";
import type { Ran } from "./project";
import { demonstrateRolling, rollingHosts } from "./rolling";
import { listed, up, type Stage } from "./stage";

/** A condition that must hold after a step, with its description. */
export type Check = readonly [what: string, holds: boolean];

/** A program in examples/ that runs against simulated hosts. */
export interface Example {
  readonly hosts: readonly HostOptions[];
  /** Default: a key. */
  readonly login?: "password";
  /** Of a program that uses the plugin. Default: TypeScript, with the class. */
  readonly language?: LanguageName;
  /** Runs the program; shows the engine's output if `shown`. */
  readonly run: (stage: Stage, shown: boolean) => Promise<readonly Check[]>;
}

const addresses = (lab: Lab): string[] => lab.hosts.map(({ name }) => lab.addressOf(name));
const people = (lab: Lab): string => lab.hosts.flatMap(({ model }) => model.people()).join(" ");
const succeeded = ({ code }: Ran): Check => ["pulumi up succeeded", code === 0];
const denied = { instead: true, code: 1, stderr: "Error [5]:Access is denied.\r\n" } as const;

const relay: Example = {
  login: "password",
  hosts: [
    { name: "mgmt01", sessions: [{ user: "operator" }] },
    { name: "rdsh01", sessions: [{ user: "alice" }, { user: "svc-backup" }] },
    { name: "rdsh02", sessions: [{ user: "bob", state: "disconnected" }] },
  ],
  run: async ({ lab, pulumi, set }, shown) => {
    await set({ management: lab.addressOf("mgmt01"), ...listed("servers", ["RDSH01", "RDSH02"]) });
    const ran = await pulumi(up, shown);
    return [
      succeeded(ran),
      [
        "everybody who was to go has gone, and the management host was left alone",
        people(lab) === "operator svc-backup",
      ],
      [
        "only the management host was connected to, once",
        lab.hosts.map((host) => host.counters().connections).join() === "1,0,0",
      ],
    ];
  },
};

const nightly: Example = {
  hosts: [
    {
      name: "rdsh01",
      sessions: [
        { user: "alice" },
        { user: "bob", state: "disconnected", idle: 180 },
        { user: "carol", state: "disconnected", idle: 30 },
      ],
    },
    { name: "rdsh02", sessions: [{ user: "dave", idle: 500 }] },
  ],
  run: async ({ lab, pulumi, set }, shown) => {
    await set(listed("hosts", addresses(lab)));
    const first = await pulumi(up, shown);
    const afterFirst = people(lab);
    const { model } = lab.host("rdsh01");
    const carol = model.sessions().find(({ user }) => user === "carol");
    if (carol !== undefined) model.setIdle(carol.id, 200);
    const night = [...up, "--refresh"];
    const second = await pulumi(night, shown);
    const third = await pulumi([...night, "--expect-no-changes"], shown);
    return [
      succeeded(first),
      [
        "bob, away for three hours, was logged off; carol, away for half an hour, was not",
        afterFirst === "alice carol dave",
      ],
      [
        "the next night carol was, on the one host where anything had changed",
        second.code === 0 && people(lab) === "alice dave" && second.output.includes("runs on 1 of 2 hosts"),
      ],
      ["the night after there was nothing to do", third.code === 0],
    ];
  },
};

const canary: Example = {
  hosts: ["rdsh01", "rdsh02", "rdsh03", "rdsh04", "rdsh05", "rdsh06", "rdsh07", "rdsh08"].map(
    (name, index) => ({
      name,
      sessions: [{ user: `user${index + 1}` }],
    }),
  ),
  run: async ({ lab, folder, pulumi, set }, shown) => {
    await set({ ...listed("hosts", addresses(lab)), pause: "1s", report: `${folder}/canary.html` });
    lab.host("rdsh03").fault({ on: "qwinsta", times: 1000, trouble: denied });
    const first = await pulumi(up, shown);
    const left = people(lab);
    lab.host("rdsh03").clearFaults();
    const second = await pulumi(up, shown);
    return [
      [
        "the wave of rdsh02 and rdsh03 stopped the rollout",
        first.code !== 0 && first.output.includes("budget-exceeded"),
      ],
      // rdsh02 runs in parallel with the host that fails, so its result depends on timing.
      [
        "nobody on the hosts behind it was logged off",
        left.replace("user2 ", "") === "user3 user4 user5 user6 user7 user8",
      ],
      [
        "the next run finished what was left",
        second.code === 0 && people(lab) === "" && /runs on [67] of 8 hosts/u.test(second.output),
      ],
    ];
  },
};

const prePatchIn = (language: LanguageName): Example => ({
  language,
  hosts: demoHosts,
  run: (stage, shown) => demonstrate(stage, shown, { patches: false }),
});

/** The examples by folder name. */
export const examples: Readonly<Record<string, Example>> = {
  relay,
  "nightly-clean-up": nightly,
  canary,
  rolling: { hosts: rollingHosts, run: demonstrateRolling },
  "pre-patch-yaml": prePatchIn("yaml"),
  "pre-patch-python": prePatchIn("python"),
};
