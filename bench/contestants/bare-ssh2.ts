import { resolve } from "node:path";
import type { Contestant } from "../contest";

/** ssh2 alone, the library that session-logoff is built on, in `threads` threads, with a command for each program or with the fewest. */
export function bareSsh2(commands: "same" | "fewest", threads: number): Contestant {
  const how = threads === 1 ? "" : `, ${threads} threads`;
  return {
    name: `bare ssh2 (Node), ${commands === "same" ? "a command for each program" : "the fewest commands"}${how}`,
    prepare: ({ folder, port }, hosts, parallel) => ({
      program: process.execPath,
      args: [
        resolve(__dirname, "..", "bare-ssh2.mjs"),
        JSON.stringify({ folder, port, hosts, parallel, threads, commands }),
      ],
    }),
  };
}
