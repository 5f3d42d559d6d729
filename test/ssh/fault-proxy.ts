/** A TCP proxy that breaks connections as real networks do, at a moment that a test chooses. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

export type Fault =
  | { readonly kind: "none" }
  /** Milliseconds in each direction. */
  | { readonly kind: "latency"; readonly ms: number }
  | { readonly kind: "bandwidth"; readonly bytesPerSecond: number }
  /** Silently drops all data. */
  | { readonly kind: "black-hole" }
  | { readonly kind: "reset" }
  /** Delivers the server's data one byte at a time. */
  | { readonly kind: "sliced" }
  /** Ends the connection normally after the given number of further bytes from the server. */
  | { readonly kind: "cut"; readonly afterBytes: number }
  /** Closes the connection late. */
  | { readonly kind: "slow-close"; readonly ms: number };

export interface FaultProxy {
  readonly address: string;
  readonly port: number;
  /** Applies a fault to open and new connections from now on. */
  readonly set: (fault: Fault) => void;
  readonly connections: () => number;
  readonly open: () => number;
  readonly close: () => Promise<void>;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  cutIn: number | undefined;
}

export async function startFaultProxy(target: {
  readonly address: string;
  readonly port: number;
}): Promise<FaultProxy> {
  let fault: Fault = { kind: "none" };
  let connections = 0;
  const pairs = new Set<Pair>();
  const timers = new Set<NodeJS.Timeout>();
  const later = (ms: number, act: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      act();
    }, ms);
    timers.add(timer);
  };

  const apply = (pair: Pair): void => {
    if (fault.kind === "reset") {
      pair.near.resetAndDestroy();
      pair.far.destroy();
    }
    pair.cutIn = fault.kind === "cut" ? fault.afterBytes : undefined;
    if (pair.cutIn === 0) pair.near.end();
  };
  const send = (to: Socket, chunk: Buffer): void => {
    if (!to.destroyed && to.writable) to.write(chunk);
  };
  /** Keeps delayed data in order: each direction of a pair has one chain of timers as its queue. */
  const carrier = (from: Socket, to: Socket, pair: Pair): ((chunk: Buffer) => void) => {
    let last: Promise<void> = Promise.resolve();
    const queue = (step: () => Promise<void>): void => {
      from.pause();
      last = last.then(step).then(() => void from.resume());
    };
    const pause = (ms: number): Promise<void> => new Promise((resolve) => later(ms, resolve));
    return (chunk) => {
      switch (fault.kind) {
        case "none":
        case "slow-close":
          queue(async () => {
            send(to, chunk);
            await Promise.resolve();
          });
          return;
        case "black-hole":
        case "reset":
          return;
        case "latency": {
          const { ms } = fault;
          later(ms, () => send(to, chunk));
          return;
        }
        case "bandwidth": {
          const { bytesPerSecond } = fault;
          queue(async () => {
            await pause((chunk.length / bytesPerSecond) * 1000);
            send(to, chunk);
          });
          return;
        }
        case "sliced":
          // ssh2's server also cannot read an identification line that arrives in more than two pieces.
          if (to !== pair.near) {
            send(to, chunk);
            return;
          }
          queue(async () => {
            for (const byte of chunk) {
              send(to, Buffer.of(byte));
              await new Promise((resolve) => setImmediate(resolve));
            }
          });
          return;
        case "cut": {
          if (to !== pair.near) {
            send(to, chunk);
            return;
          }
          const left = pair.cutIn ?? 0;
          send(to, chunk.subarray(0, left));
          pair.cutIn = Math.max(0, left - chunk.length);
          if (pair.cutIn === 0) to.end();
        }
      }
    };
  };
  const server = createServer({ noDelay: true }, (near) => {
    connections += 1;
    const far = connect({ host: target.address, port: target.port, noDelay: true });
    const pair: Pair = { near, far, cutIn: undefined };
    pairs.add(pair);
    apply(pair);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      // prettier-ignore
      const carry = carrier(from, to, pair);
      from.on("data", carry);
      from.on("error", () => undefined);
      from.on("close", () => {
        if (fault.kind === "slow-close") later(fault.ms, () => to.destroy());
        else if (fault.kind !== "black-hole") later(0, () => to.destroy());
        if (near.destroyed && far.destroyed) pairs.delete(pair);
      });
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: "127.0.0.1",
    port: (server.address() as AddressInfo).port,
    set: (next) => {
      fault = next;
      pairs.forEach(apply);
    },
    connections: () => connections,
    open: () => Array.from(pairs).filter((pair) => !pair.near.destroyed).length,
    close: async () => {
      timers.forEach((timer) => clearTimeout(timer));
      pairs.forEach(({ near, far }) => {
        near.destroy();
        far.destroy();
      });
      server.close();
      await once(server, "close");
    },
  };
}
