import { resolve } from "node:path";
import type { Contestant } from "../contest";

/** ssh2 alone, the library that session-logoff is built on, in `threads` threads. */
export function bareSsh2(threads: number): Contestant {
  const how = threads === 1 ? "" : `, ${threads} threads`;
  return {
    name: `bare ssh2 (Node), a command for each program${how}`,
    prepare: ({ folder, port }, hosts, parallel) => ({
      program: process.execPath,
      args: [
        resolve(__dirname, "..", "bare-ssh2.mjs"),
        JSON.stringify({ folder, port, hosts, parallel, threads }),
      ],
    }),
  };
}
