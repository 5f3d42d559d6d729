import { resolve } from "node:path";
import type { Contestant } from "../contest";

/** The library that session-logoff stands on, alone. */
export const bareSsh2: Contestant = {
  name: "bare ssh2 (Node), the same commands",
  prepare: ({ folder, port }, hosts, parallel) => ({
    program: process.execPath,
    args: [resolve(__dirname, "..", "bare-ssh2.mjs"), JSON.stringify({ folder, port, hosts, parallel })],
  }),
};
