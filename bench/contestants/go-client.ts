import type { Contestant } from "../contest";

/** A Go client on golang.org/x/crypto/ssh, with exactly our commands or with the fewest that do the job. */
export function goClient(program: string, commands: "same" | "fewest"): Contestant {
  return {
    name: commands === "same" ? "Go client, a command for each program" : "Go client, the fewest commands",
    prepare: ({ folder, port }, hosts, parallel) => ({
      program,
      args: [
        `-dir=${folder}`,
        `-port=${port}`,
        `-hosts=${hosts}`,
        `-parallel=${parallel}`,
        `-bare=${commands === "fewest"}`,
      ],
    }),
  };
}
