/** What a seed means: hosts, people, options, and when the process is killed. */
import type { LogoffBehavior } from "../../lab/windows/session-model";
import { linuxHostsPossible } from "../../lab/linux/linux-host";
import { seeded, type Random } from "./random";

export type Drain = "none" | "until-restart" | "until-undrain";

export interface Person {
  readonly user: string;
  readonly onLogoff: LogoffBehavior;
}

/** What somebody does by themselves while the command runs. */
export interface Deed {
  readonly afterMs: number;
  readonly does: "leaves" | "disconnects" | "logs on again" | "logs on newly";
  /** The index of the person. */
  readonly who: number;
}

export interface HostScenario {
  readonly name: string;
  readonly kind: "windows" | "linux" | "relayed";
  readonly people: readonly Person[];
  readonly deeds: readonly Deed[];
  /** The person who logs on again with the same ID after we have logged them off. */
  readonly comesBack: number | undefined;
  /** The connection is lost at these commands, counted from the first. */
  readonly losses: readonly { readonly after: number; readonly trouble: "drop-before" | "drop-after" }[];
}

/** When a process is killed: at a time, or as soon as so many commands have arrived. */
export type KillMoment = { readonly afterMs: number } | { readonly atCommand: number };

export interface Scenario {
  readonly seed: number;
  readonly hosts: readonly HostScenario[];
  /** Null: nobody is warned. */
  readonly warn: { readonly graceMs: number; readonly reminderMs: number | undefined } | null;
  readonly drain: Drain;
  readonly waves: readonly number[];
  readonly hasThen: boolean;
  readonly thenUndrains: boolean;
  /** Whether disconnected sessions do not match. */
  readonly onlyActive: boolean;
  readonly kills: readonly KillMoment[];
  /** How long nobody goes on with the run after each kill. */
  readonly downMs: readonly number[];
}

/** People of this name are never to be touched. */
export const exceptedUser = "svc-backup";

export function scenarioOf(seed: number): Scenario {
  const random = seeded(seed);
  const isRelayed = random.chance(0.2);
  const hasLinux = !isRelayed && linuxHostsPossible && random.chance(0.3);
  const hosts = Array.from({ length: random.between(2, 4) }, (_, index) =>
    hostOf(
      `h${index + 1}`,
      isRelayed ? "relayed" : hasLinux && index === 1 ? "linux" : "windows",
      random.fork(),
    ),
  );
  const graceMs = random.pick([1000, 2000]);
  const hasThen = random.chance(0.5);
  const kills = Array.from({ length: random.between(1, 5) }, () => killMoment(random));
  return {
    seed,
    hosts,
    warn: random.chance(0.75)
      ? { graceMs, reminderMs: graceMs === 2000 && random.chance(0.6) ? 1000 : undefined }
      : null,
    drain: isRelayed ? "none" : random.pick(["none", "until-restart", "until-undrain"]),
    waves: random.chance(0.5) ? [1, 2] : [],
    hasThen,
    thenUndrains: hasThen && !isRelayed && random.chance(0.5),
    onlyActive: !hasLinux && random.chance(0.3),
    kills,
    downMs: kills.map(() => random.between(0, 700)),
  };
}

function hostOf(name: string, kind: HostScenario["kind"], random: Random): HostScenario {
  const people = Array.from({ length: random.between(0, 3) }, (_, index) => ({
    user: `${random.pick(["alice", "bob", "carol"])}${index}`,
    onLogoff: behavior(random),
  }));
  const who = random.between(0, Math.max(0, people.length - 1));
  // At most one person of a host logs on again: if all did, it would look like a clock that was set.
  const isBack = people.length > 0 && kind !== "linux" && random.chance(0.3);
  const deeds: Deed[] = [];
  if (people.length > 0 && random.chance(0.5)) {
    const ownDeeds = isBack
      ? (["leaves", "disconnects"] as const)
      : (["leaves", "disconnects", "logs on again"] as const);
    const does = kind === "linux" ? "leaves" : random.pick(ownDeeds);
    deeds.push({ afterMs: random.between(300, 5000), does, who: isBack ? (who + 1) % people.length : who });
  }
  if (random.chance(0.3))
    deeds.push({ afterMs: random.between(300, 5000), does: "logs on newly", who: people.length });
  const losses = Array.from({ length: kind === "linux" || random.chance(0.6) ? 0 : 1 }, () => ({
    after: random.between(0, 14),
    trouble: random.pick<"drop-before" | "drop-after">(["drop-before", "drop-after"]),
  }));
  return { name, kind, people, deeds, comesBack: isBack ? who : undefined, losses };
}

function behavior(random: Random): LogoffBehavior {
  const draw = random.next();
  if (draw < 0.5) return { kind: "instant" };
  if (draw < 0.75) return { kind: "closes", ms: random.between(200, 1500) };
  if (draw < 0.87) return { kind: "closes", ms: random.between(200, 1500), waits: true };
  if (draw < 0.95) return { kind: "busy", ms: random.between(200, 1000) };
  return { kind: "ignored" };
}

function killMoment(random: Random): KillMoment {
  return random.chance(0.5) ? { atCommand: random.between(1, 25) } : { afterMs: random.between(100, 3500) };
}
