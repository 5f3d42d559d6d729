import { realClock, type LabClock } from "../clock";
import { createBootRecord, type BootIds } from "./boot-ids";
import { done, playLogoff, refused, type Answer, type LogoffEffect } from "./logoff-script";
import {
  win32,
  type Idle,
  type LabSession,
  type LogoffBehavior,
  type SeenMessage,
  type SessionSeed,
  type SessionState,
} from "./session-model";

/** `open`; `until-restart` and `drain` refuse new logons; `disabled` refuses reconnections too. */
export type LabDrainMode = "open" | "until-restart" | "drain" | "disabled";

/** A session that ended, and what ended it. */
interface Departure {
  readonly id: number;
  readonly user: string | null;
  readonly by: "logoff" | "reset" | "user" | "reboot";
  readonly atMs: number;
}

export interface ModelOptions {
  /** The computer name, as used with `/server:`. */
  readonly name: string;
  /** User sessions; session 0, the console and the listeners are added automatically. */
  readonly sessions?: readonly SessionSeed[];
  /** The row of session 1. Absent: nobody is logged on. Null: the host has no console row. */
  readonly console?: SessionSeed | null;
  /** Names of the listeners, with IDs from 65536. Default: `rdp-tcp`. */
  readonly listeners?: readonly string[];
  readonly drain?: LabDrainMode;
  /** What the registry tells of the last boot; null: the value does not exist. Default: values of its own. */
  readonly bootIds?: Partial<BootIds>;
  /** How long a host that has restarted has no listeners: it answers SSH before people can log on. Default: 0. */
  readonly listenersAfterMs?: number;
  readonly clock?: LabClock;
  /** Called after each change of the drain mode, also when a restart ends it. */
  readonly onDrainChange?: (mode: LabDrainMode) => void;
}

/** How a host restarts. */
export interface Reboot {
  /** As after a power cut: Windows did not shut down, so only `BootId` changes. */
  readonly hard?: boolean;
  /** Default: {@link ModelOptions.listenersAfterMs}. */
  readonly listenersAfterMs?: number;
  /** What somebody else, such as a policy, sets the drain mode to while the host starts. */
  readonly drain?: LabDrainMode;
}

/**
 * The state of one Windows host, without a network. Its operations make all changes. Sessions that are closing go away by
 * the clock, which is checked on access, so that there is no timer to stop.
 */
export interface WindowsModel {
  readonly name: string;
  readonly clock: LabClock;
  /** All rows by ID, including session 0 and the listeners. */
  sessions(): readonly LabSession[];
  session(id: number): LabSession | undefined;
  /** The users logged on, by session ID, including those whose sessions are closing. */
  people(): readonly string[];
  /** @throws Error if the host refuses logons; `admin` is always admitted */
  logon(seed: SessionSeed, options?: { readonly admin?: boolean }): LabSession;
  /** Disconnects the client; the session stays. */
  disconnect(id: number): void;
  /** Reconnects the client: same ID, new name. @throws Error if logons are disabled */
  reconnect(id: number, name?: string): LabSession;
  /** Signs the user out. */
  leave(id: number): void;
  setIdle(id: number, idle: Idle): void;
  /** Shifts the logon time of one session, or of all, as a change of the host's time zone does. */
  moveLogonTime(ms: number, id?: number): void;
  /** Sets what the next logoff of this session does. */
  onLogoff(id: number, behavior: LogoffBehavior): void;
  /** Makes a session that hung at signing out show its user again. */
  stopClosing(id: number): void;
  logOff(id: number): Answer;
  reset(id: number): Answer;
  message(id: number, text: string, seconds?: number): Answer;
  /** Every message shown to a user, including in sessions that are gone. */
  messages(): readonly (SeenMessage & { readonly id: number; readonly user: string | null })[];
  drain(): LabDrainMode;
  setDrain(mode: LabDrainMode): void;
  /** Every mode that was set, in order, starting with the initial mode if one was given. */
  drainHistory(): readonly LabDrainMode[];
  bootIds(): BootIds;
  /**
   * Restarts the host: all users are gone, session IDs start again, the boot IDs change, and `until-restart` no longer
   * applies. Takes no time but that of the listeners.
   */
  reboot(how?: Reboot): void;
  /** Whether a new user could log on now: nothing is drained, and there are listeners. */
  takesLogons(): boolean;
  departures(): readonly Departure[];
}

/** A row, with the fields that only the model uses. */
interface Row {
  readonly id: number;
  name: string | null;
  readonly owner: string | null;
  state: SessionState;
  readonly type: string;
  idle: Idle;
  logonTime: Date | null;
  processes: readonly string[];
  readonly messages: SeenMessage[];
  onLogoff: LogoffBehavior;
  readonly onReset: "ends" | "denied" | "ignored";
  tries: number;
  firstTryMs: number;
  /** When the row goes away; set once a logoff is accepted. */
  goneAtMs?: number;
  blank: boolean;
}

const logonScreen: readonly string[] = ["csrss.exe", "winlogon.exe", "dwm.exe"];
const desktop: readonly string[] = ["explorer.exe", "winword.exe"];

const firstLogon = Date.UTC(2025, 2, 3, 9, 30);
export const firstListenerId = 65536;

/** Creates a host from its options. */
export function createWindowsModel(options: ModelOptions): WindowsModel {
  const clock = options.clock ?? realClock;
  const startMs = clock.now();
  const rows = new Map<number, Row>();
  const departures: Departure[] = [];
  const seen: (SeenMessage & { id: number; user: string | null })[] = [];
  const drainHistory: LabDrainMode[] = options.drain === undefined ? [] : [options.drain];
  let mode: LabDrainMode = options.drain ?? "open";
  let nextId = 2;
  let nextName = 0;
  let listenersAtMs = 0;

  const now = (): number => clock.now() - startMs;
  const bootRecord = createBootRecord(options.name, options.bootIds ?? {}, now);
  const hasListeners = (): boolean => now() >= listenersAtMs;

  function add(seed: SessionSeed & { readonly id: number }): Row {
    const state = seed.state ?? (seed.user == null ? "connected" : "active");
    const name =
      seed.name === undefined ? (state === "disconnected" ? null : `rdp-tcp#${nextName++}`) : seed.name;
    const row: Row = {
      id: seed.id,
      name,
      owner: seed.user ?? null,
      state,
      type: seed.type ?? "",
      idle: seed.idle ?? 0,
      logonTime: seed.user == null ? null : (seed.logonTime ?? new Date(firstLogon + seed.id * 60_000)),
      processes: seed.processes ?? (seed.user == null ? logonScreen : [...logonScreen, ...desktop]),
      messages: [],
      onLogoff: seed.onLogoff ?? { kind: "instant" },
      onReset: seed.onReset ?? "ends",
      tries: 0,
      firstTryMs: 0,
      blank: false,
    };
    rows.set(row.id, row);
    nextId = Math.max(nextId, row.id < firstListenerId ? row.id + 1 : nextId);
    return row;
  }

  function end(row: Row, by: Departure["by"], atMs = now()): void {
    rows.delete(row.id);
    departures.push({ id: row.id, user: row.owner, by, atMs });
    // The console never goes away: Windows puts a new logon screen there, under a new ID.
    if (row.name === "console") add({ id: nextId, name: "console" });
  }

  function sweep(): void {
    const due = [...rows.values()].filter((row) => row.goneAtMs !== undefined && row.goneAtMs <= now());
    due.sort((a, b) => (a.goneAtMs ?? 0) - (b.goneAtMs ?? 0));
    for (const row of due) end(row, "logoff", row.goneAtMs);
  }

  function find(id: number): Row {
    sweep();
    const row = rows.get(id);
    if (row === undefined) throw new Error(`${options.name} has no session ${id}`);
    return row;
  }

  function shown(row: Row): LabSession {
    const { id, name, owner, state, type, idle, logonTime, processes, messages } = row;
    const user = row.blank ? null : owner;
    const closing = row.goneAtMs !== undefined;
    return {
      id,
      name,
      user,
      owner,
      state,
      type,
      idle,
      logonTime,
      processes,
      messages: [...messages],
      closing,
    };
  }

  function apply(row: Row, { answer, session }: LogoffEffect): Answer {
    if (session === "gone") end(row, "logoff");
    else if (session !== undefined) {
      row.goneAtMs = now() + session.closesInMs;
      row.blank = session.blank;
      // What does not end is what the session waits for.
      row.processes = row.processes.filter((name) => name !== "explorer.exe");
    }
    return answer;
  }

  /** What Windows lists although nobody is logged on. */
  function addOwnRows(console: SessionSeed | undefined): void {
    add({ id: 0, name: "services", state: "disconnected", processes: ["services.exe", "svchost.exe"] });
    if (options.console !== null) add({ id: 1, name: "console", ...console });
    (options.listeners ?? ["rdp-tcp"]).forEach((name, index) => {
      add({ id: firstListenerId + index, name, state: "listen", processes: [] });
    });
  }

  function visible(): readonly Row[] {
    sweep();
    const sorted = [...rows.values()].sort((a, b) => a.id - b.id);
    return hasListeners() ? sorted : sorted.filter(({ state }) => state !== "listen");
  }

  function setDrain(to: LabDrainMode): void {
    mode = to;
    drainHistory.push(to);
    options.onDrainChange?.(to);
  }

  addOwnRows(options.console ?? undefined);
  for (const seed of options.sessions ?? []) add({ ...seed, id: seed.id ?? nextId });

  return {
    name: options.name,
    clock,
    sessions: () => visible().map(shown),
    session: (id) => {
      const row = visible().find((one) => one.id === id);
      return row && shown(row);
    },
    people: () => visible().flatMap((row) => (row.owner === null ? [] : [row.owner])),
    logon: (seed, how) => {
      sweep();
      if (mode !== "open" && how?.admin !== true)
        throw new Error(`${options.name} refuses new logons (${mode})`);
      if (!hasListeners()) throw new Error(`${options.name} has no listener yet`);
      const id = seed.id ?? nextId;
      if (rows.has(id)) throw new Error(`${options.name} already has a session ${id}`);
      return shown(add({ ...seed, id }));
    },
    disconnect: (id) => {
      const row = find(id);
      row.name = null;
      row.state = "disconnected";
    },
    reconnect: (id, name) => {
      const row = find(id);
      if (mode === "disabled") throw new Error(`${options.name} refuses to reconnect anybody`);
      row.name = name ?? `rdp-tcp#${nextName++}`;
      row.state = "active";
      row.idle = 0;
      return shown(row);
    },
    leave: (id) => {
      end(find(id), "user");
    },
    setIdle: (id, idle) => {
      find(id).idle = idle;
    },
    moveLogonTime: (ms, id) => {
      sweep();
      for (const row of id === undefined ? rows.values() : [find(id)])
        if (row.logonTime !== null) row.logonTime = new Date(row.logonTime.getTime() + ms);
    },
    onLogoff: (id, behavior) => {
      Object.assign(find(id), { onLogoff: behavior, tries: 0 });
    },
    stopClosing: (id) => {
      const row = find(id);
      delete row.goneAtMs;
      row.blank = false;
    },
    logOff: (id) => {
      sweep();
      const row = rows.get(id);
      if (row === undefined) return refused(win32.sessionNotFound);
      if (row.goneAtMs !== undefined) return refused(win32.closePending);
      if (id === 0 || row.state === "listen") return refused(win32.accessDenied);
      row.tries += 1;
      if (row.tries === 1) row.firstTryMs = now();
      return apply(row, playLogoff(row.onLogoff, row.tries, now() - row.firstTryMs));
    },
    reset: (id) => {
      sweep();
      const row = rows.get(id);
      if (row === undefined) return refused(win32.sessionNotFound);
      if (row.onReset === "denied") return refused(win32.accessDenied);
      if (row.onReset === "ignored" || id === 0) return done;
      // Resetting a listener resets all its sessions; the listener itself comes back.
      const victims =
        row.state === "listen"
          ? [...rows.values()].filter((other) => other.name?.startsWith(`${row.name ?? ""}#`) === true)
          : [row];
      for (const victim of victims) end(victim, "reset");
      return done;
    },
    message: (id, text, seconds) => {
      sweep();
      const row = rows.get(id);
      if (row?.owner == null || row.blank) return refused(win32.sessionNotFound);
      const message = { text, atMs: now(), ...(seconds === undefined ? {} : { seconds }) };
      row.messages.push(message);
      seen.push({ ...message, id, user: row.owner });
      return done;
    },
    messages: () => [...seen],
    drain: () => mode,
    setDrain,
    drainHistory: () => [...drainHistory],
    bootIds: () => bootRecord.current(),
    reboot: ({ hard = false, listenersAfterMs = options.listenersAfterMs ?? 0, drain } = {}) => {
      for (const { id, owner } of visible())
        if (owner !== null) departures.push({ id, user: owner, by: "reboot", atMs: now() });
      rows.clear();
      [nextId, nextName] = [2, 0];
      addOwnRows(undefined);
      listenersAtMs = now() + listenersAfterMs;
      bootRecord.boot(hard);
      if (mode === "until-restart") {
        mode = "open";
        // Somebody who closes it at once leaves no moment in which it is open.
        if (drain === undefined) options.onDrainChange?.("open");
      }
      if (drain !== undefined) setDrain(drain);
    },
    takesLogons: () => mode === "open" && hasListeners(),
    departures: () => {
      sweep();
      return [...departures];
    },
  };
}
