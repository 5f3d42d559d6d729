/** The lab of a scenario: its hosts, the people on them, and a record of all that reached anybody. */
import { setTimeout as delay } from "node:timers/promises";
import type { CommandRecord } from "../../lab/command-record";
import { startLab, type HostOptions } from "../../lab/lab";
import { startLinuxSshHost } from "../../lab/linux/ssh-front";
import { exceptedUser, type HostScenario, type Scenario } from "./scenario";

/** One logon of a person, from its beginning to its end. */
export interface Logon {
  readonly host: string;
  readonly id: string;
  readonly user: string;
  readonly fromMs: number;
  /** Since when it does not match the selection any more. */
  unmatchedSinceMs: number;
  endedMs?: number;
  /** `us`: a logoff or reset. */
  endedBy?: "us" | "user";
  /** The messages that were shown. */
  readonly shown: { readonly atMs: number; readonly seconds: number | undefined }[];
}

/** A command that arrived. */
export interface Act {
  readonly kind: "list" | "warn" | "logoff" | "reset" | "other";
  /** The host that it acts on. */
  readonly host: string;
  readonly command: string;
  readonly atMs: number;
  /** The number of the process that sent it, from 1. */
  readonly process: number;
  /** Whose session it acts on; undefined: nobody's. */
  readonly logon: Logon | undefined;
  /** The lab's own record, on Windows. */
  readonly record?: CommandRecord;
}

export interface Stage {
  readonly acts: readonly Act[];
  readonly logons: readonly Logon[];
  /** How each host is given to the command, in the order of the scenario. */
  readonly labels: ReadonlyMap<string, string>;
  readonly knownHosts: string;
  /** The number of the process that runs now. */
  process: number;
  onAct: (act: Act) => void;
  /** The hosts that refused new logons when the stage was settled. */
  readonly drained: Set<string>;
  /** Completes the record. */
  settle(): void;
  close(): Promise<void>;
}

const now = (): number => performance.now();

/** What the stage needs of a host, whatever its system. */
interface Actor {
  ids(): readonly string[];
  logon(user: string, id?: string): string | undefined;
  leave(id: string): void;
  disconnect(id: string): void;
  /** From now on the logoff of a session that has ignored the first works. */
  relent(id: string): void;
  isDrained(): boolean;
  complete(logons: readonly Logon[]): void;
}

interface Cast {
  readonly acts: Act[];
  readonly logons: Logon[];
  readonly actors: Map<string, Actor>;
  readonly ending: AbortController;
  readonly waiting: Promise<void>[];
}

export async function setStage(scenario: Scenario): Promise<Stage> {
  const cast: Cast = {
    acts: [],
    logons: [],
    actors: new Map(),
    ending: new AbortController(),
    waiting: [],
  };
  const stage: Stage = {
    acts: cast.acts,
    logons: cast.logons,
    labels: new Map(),
    knownHosts: "",
    process: 0,
    onAct: () => undefined,
    drained: new Set(),
    settle: () => {
      for (const [host, actor] of cast.actors) {
        actor.complete(cast.logons.filter((one) => one.host === host));
        if (actor.isDrained()) stage.drained.add(host);
      }
    },
    close: () => Promise.resolve(),
  };
  const arrived = (host: string, command: string, record?: CommandRecord): Act => {
    const { kind, id } = read(command, cast.logons, host);
    const isThere = id !== undefined && cast.actors.get(host)?.ids().includes(id) === true;
    const logon = isThere ? cast.logons.findLast((one) => one.host === host && one.id === id) : undefined;
    const about = { kind, host, command, atMs: now(), process: stage.process, logon };
    const act: Act = record === undefined ? about : { ...about, record };
    cast.acts.push(act);
    stage.onAct(act);
    return act;
  };
  const closing: (() => Promise<void>)[] = [];
  const comeBack = (act: Act): void => {
    comesBack(act, scenario, cast);
    relents(act, scenario, cast);
  };
  const windows = scenario.hosts.filter(({ kind }) => kind !== "linux");
  const isRelayed = scenario.hosts.some(({ kind }) => kind === "relayed");
  const lab = await startLab({
    hosts: [...(isRelayed ? [{ name: "gate" }] : []), ...windows.map(optionsOf)],
    onCommand: (record) => {
      const server = /\/server:(\S+)/iu.exec(record.command)?.[1];
      comeBack(arrived(server ?? record.host, record.command, record));
    },
  });
  closing.push(() => lab.close());
  let knownHosts = lab.knownHosts;
  const labels = new Map<string, string>();
  for (const host of scenario.hosts) {
    if (host.kind === "linux") {
      const front = await startLinuxSshHost({}, (command) => {
        const act = arrived(host.name, command);
        return () => {
          const { kind, logon } = act;
          if (kind === "warn") logon?.shown.push({ atMs: now(), seconds: undefined });
        };
      });
      closing.push(() => front.close());
      knownHosts += front.knownHosts;
      labels.set(host.name, `${front.address}:${front.port}`);
      let ttys = 0;
      cast.actors.set(host.name, {
        ids: () => front.host.sessions(),
        logon: (user) => front.host.logon({ user, tty: `pts/${ttys++}` }),
        leave: (id) => front.host.leave(id),
        disconnect: (id) => front.host.leave(id),
        relent: () => undefined,
        isDrained: () => front.host.file("/run/nologin") !== undefined,
        complete: (logons) => {
          const ended = front.host.ended().map((line) => line.split(" ")[1]);
          for (const one of logons)
            if (!front.host.sessions().includes(one.id))
              one.endedBy ??= ended.includes(one.id) ? "us" : "user";
        },
      });
    } else {
      const { model, address, port } = lab.host(host.name);
      const gate = isRelayed ? lab.addressOf("gate") : undefined;
      labels.set(host.name, gate === undefined ? `${address}:${port}` : `${gate}>${host.name}`);
      for (const { after, trouble } of host.losses)
        lab.host(isRelayed ? "gate" : host.name).fault({ after, trouble });
      // The first message tells how the clock of the model compares with ours.
      const probe = model.sessions().find(({ user }) => user === exceptedUser)?.id ?? 0;
      model.message(probe, "probe");
      const offsetMs = now() - (model.messages()[0]?.atMs ?? 0);
      let logonMinutes = 0;
      cast.actors.set(host.name, {
        ids: () => model.sessions().flatMap(({ id, owner }) => (owner === null ? [] : [String(id)])),
        logon: (user, id) => {
          // Nobody logs on to a host that refuses it.
          if (model.drain() !== "open") return undefined;
          const logonTime = new Date(Date.UTC(2025, 5, 1, 8, (logonMinutes += 7)));
          return String(model.logon({ user, logonTime, ...(id === undefined ? {} : { id: Number(id) }) }).id);
        },
        leave: (id) => model.leave(Number(id)),
        disconnect: (id) => model.disconnect(Number(id)),
        relent: (id) => model.onLogoff(Number(id), { kind: "instant" }),
        isDrained: () => model.drain() !== "open",
        complete: (logons) => {
          for (const { id, user, by, atMs } of model.departures()) {
            const atOurs = atMs + offsetMs;
            const one = logons.findLast((logon) => isAt(logon, String(id), user, atOurs));
            if (one !== undefined)
              Object.assign(one, { endedMs: atOurs, endedBy: by === "user" ? "user" : "us" });
          }
          for (const { id, user, atMs, seconds, text } of model.messages()) {
            if (text === "probe") continue;
            const one = logons.findLast((logon) => isAt(logon, String(id), user, atMs + offsetMs));
            one?.shown.push({ atMs: atMs + offsetMs, seconds });
          }
        },
      });
    }
    addPeople(host, cast, scenario.onlyActive);
  }
  return Object.assign(stage, {
    labels,
    knownHosts,
    close: async () => {
      cast.ending.abort();
      await Promise.all(cast.waiting);
      for (const close of closing) await close();
    },
  });
}

/** The tolerance covers the rounding of the offset between the two clocks. */
function isAt(one: Logon, id: string, user: string | null, atMs: number): boolean {
  return one.id === id && one.user === user && one.fromMs <= atMs + 2;
}

function optionsOf({ name, people }: HostScenario): HostOptions {
  return {
    name,
    messagesReachDisconnected: true,
    sessions: [...people, { user: exceptedUser }].map((person, index) => ({ ...person, id: index + 2 })),
  };
}

function addPeople(host: HostScenario, cast: Cast, onlyActive: boolean): void {
  const actor = cast.actors.get(host.name);
  if (actor === undefined) return;
  const { name, kind, people, deeds } = host;
  const note = (user: string, id: string | undefined): void => {
    if (id !== undefined)
      cast.logons.push({ host: name, id, user, fromMs: now(), unmatchedSinceMs: Infinity, shown: [] });
  };
  const all = [...people.map(({ user }) => user), exceptedUser];
  all.forEach((user, index) => note(user, kind === "linux" ? actor.logon(user) : String(index + 2)));
  for (const { afterMs, does, who } of deeds) {
    const act = async (): Promise<void> => {
      await delay(afterMs, undefined, { signal: cast.ending.signal });
      const user = people[who]?.user ?? "dave";
      const one = cast.logons.findLast((logon) => logon.host === name && logon.user === user);
      const isThere = one !== undefined && actor.ids().includes(one.id);
      if (does === "logs on newly") note(user, actor.logon(user));
      else if (!isThere) return;
      else if (does === "disconnects") {
        actor.disconnect(one.id);
        if (onlyActive) one.unmatchedSinceMs = now();
      } else {
        actor.leave(one.id);
        if (does === "leaves") return;
        await delay(150, undefined, { signal: cast.ending.signal });
        note(user, actor.logon(user, one.id));
      }
    };
    cast.waiting.push(act().catch(() => undefined));
  }
}

/** A person whom we log off and who logs on again at once, with the same ID. */
function comesBack({ kind, host, logon }: Act, { hosts }: Scenario, cast: Cast): void {
  const back = hosts.find(({ name }) => name === host);
  const person = back?.comesBack === undefined ? undefined : back.people[back.comesBack];
  if (kind !== "logoff" || logon === undefined || logon.user !== person?.user) return;
  const isSecond = cast.logons.some((one) => one !== logon && one.host === host && one.user === logon.user);
  if (isSecond) return;
  const actor = cast.actors.get(host);
  const act = async (): Promise<void> => {
    while (actor?.ids().includes(logon.id) === true)
      await delay(10, undefined, { signal: cast.ending.signal });
    const id = actor?.logon(logon.user, logon.id);
    if (id === undefined) return;
    const { user } = logon;
    cast.logons.push({ host, id, user, fromMs: now(), unmatchedSinceMs: Infinity, shown: [] });
  };
  cast.waiting.push(act().catch(() => undefined));
}

/** A session ignores one logoff at most. */
function relents({ kind, host, logon }: Act, { hosts }: Scenario, cast: Cast): void {
  const people = hosts.find(({ name }) => name === host)?.people ?? [];
  const person = people.find(({ user }) => user === logon?.user);
  if (kind !== "logoff" || logon === undefined || person?.onLogoff.kind !== "ignored") return;
  const actor = cast.actors.get(host);
  const act = async (): Promise<void> => {
    await delay(50, undefined, { signal: cast.ending.signal });
    if (actor?.ids().includes(logon.id) === true) actor.relent(logon.id);
  };
  cast.waiting.push(act().catch(() => undefined));
}

function read(
  command: string,
  logons: readonly Logon[],
  host: string,
): Pick<Act, "kind"> & { readonly id?: string } {
  const [, verb, number] = /^(logoff|rwinsta|msg)\.exe (\d+)/u.exec(command) ?? [];
  if (number !== undefined)
    return { kind: verb === "logoff" ? "logoff" : verb === "msg" ? "warn" : "reset", id: number };
  if (/\bqwinsta\.exe/u.test(command)) return { kind: "list" };
  const ended = /(terminate|kill)-session (?:--\S+ )?(\d+)/u.exec(command);
  if (ended?.[2] !== undefined) return { kind: ended[1] === "kill" ? "reset" : "logoff", id: ended[2] };
  const tty = /tee \/dev\/pts\/(\d+)/u.exec(command)?.[1];
  // Each person of a Linux host has the terminal of the same number.
  const atTty = tty === undefined ? undefined : logons.filter((one) => one.host === host)[Number(tty)];
  if (atTty !== undefined) return { kind: "warn", id: atTty.id };
  return { kind: command.includes("list-sessions") ? "list" : "other" };
}
