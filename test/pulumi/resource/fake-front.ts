import { systemClock } from "../../../provider/base/clock";
import { KeyedMutex } from "../../../provider/base/concurrency";
import { ConnectionSlots, unlimitedFiles } from "../../../provider/base/connection-slots";
import { LogoffError } from "../../../provider/base/errors";
import type { Connect, Host } from "../../../provider/connection";
import { runsUntil } from "../../../provider/pulumi/process/cancellation";
import type { Front } from "../../../provider/pulumi/process/process";
import type { Report } from "../../../provider/report/report";
import { until } from "../../lab/until";
import { runCommand } from "../../lab/windows/commands";
import { defaultLook } from "../../lab/windows/render";
import { createWindowsModel, type WindowsModel } from "../../lab/windows/windows-model";

/** A front without SSH or a process: its hosts are the lab's models, and cancelling is a method call. */
export interface FakeFront extends Front {
  readonly lines: string[];
  /** Every host a connection was requested to, in order. */
  readonly contacted: Host[];
  model(address: string): WindowsModel;
  /** While set, connecting to the host fails with this error. `hang` lasts until the signal aborts, `hang for ever` never ends. */
  readonly trouble: Map<string, LogoffError | "hang" | "hang for ever">;
  /** From now on, every command on the host that contains this text hangs for ever. */
  failCommand(address: string, text: string, how: "hang for ever"): void;
  /** Resolves when a line that contains this text has been printed. */
  says(text: string): Promise<void>;
  cancel(why: string): void;
  readonly isListening: () => boolean;
  /** The written reports by path. */
  readonly written: Map<string, { readonly report: Report; readonly exitStatus: number }>;
  /** While set, reports cannot be written. */
  diskIsFull: boolean;
}

export function fakeFront(people: Readonly<Record<string, readonly string[]>>): FakeFront {
  const models = new Map(
    Object.entries(people).map(([name, users]) => [
      name,
      createWindowsModel({ name, clock: systemClock, sessions: users.map((user) => ({ user })) }),
    ]),
  );
  const contacted: Host[] = [];
  const hanging: (readonly [address: string, text: string])[] = [];
  const trouble: FakeFront["trouble"] = new Map();
  const model = (address: string): WindowsModel => {
    const found = models.get(address);
    if (found === undefined) throw new Error(`no host ${address}`);
    return found;
  };
  const connect: Connect = (host, signal) => {
    contacted.push(host);
    const wrong = trouble.get(host.address);
    if (wrong === "hang for ever") return new Promise(() => undefined);
    if (wrong === "hang") {
      return new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason as Error)),
      );
    }
    if (wrong !== undefined) return Promise.reject(wrong);
    const here = { model: model(host.address), look: defaultLook };
    return Promise.resolve({
      warnings: [],
      close: () => Promise.resolve(),
      exec: async (command, { stdin, beforeSend }) => {
        await beforeSend?.();
        return hanging.some(([address, text]) => address === host.address && command.includes(text))
          ? new Promise(() => undefined)
          : runCommand(command, "cmd", {
              here,
              caller: { user: "admin", rights: "full-control", method: "password" },
              stdin: () => Promise.resolve(Buffer.from(stdin ?? [])),
              wait: () => Promise.resolve(),
              peer: () => undefined,
              unexpected: (what) => {
                throw new Error(what);
              },
            });
      },
    });
  };
  const lines: string[] = [];
  let cancel: ((why: string) => void) | undefined;
  let ids = 0;
  const written: FakeFront["written"] = new Map();
  const fake: FakeFront = {
    connect,
    clock: systemClock,
    slots: new ConnectionSlots(unlimitedFiles),
    turns: new KeyedMutex(),
    runs: runsUntil({
      start: (cancelAll) => {
        cancel = cancelAll;
      },
      stop: () => {
        cancel = undefined;
      },
    }),
    print: (line) => void lines.push(line),
    newId: () => `id-${(ids += 1)}`,
    lines,
    contacted,
    model,
    trouble,
    failCommand: (address, text) => void hanging.push([address, text]),
    says: async (text) => {
      await until(`"${text}" was printed`, () => lines.some((line) => line.includes(text)));
    },
    cancel: (why) => cancel?.(why),
    isListening: () => cancel !== undefined,
    written,
    diskIsFull: false,
    writeReport: (path, report, exitStatus) => {
      if (fake.diskIsFull) return Promise.reject(new LogoffError("command-failed", `Cannot write "${path}"`));
      written.set(path, { report, exitStatus });
      return Promise.resolve();
    },
  };
  return fake;
}
