import type { HostUndrainArgs } from "../../../provider";
import { everyInput } from "./every-input";

const [{ connection: byReference } = {}, { connection: byValue } = {}, { connection: byCommand } = {}] =
  everyInput;

/** Arguments of HostUndrain in which, together, every field is set, but for `server`, which is refused. */
export const everyUndrainInput: readonly HostUndrainArgs[] = [
  {
    hosts: [
      {
        host: "rdsh01",
        port: 22,
        user: "operator",
        platform: "windows",
        sessions: {
          ids: [3, "4"],
          names: ["TERM*"],
          users: ["alice"],
          states: ["active", "disconnected"],
          idleFor: "1h",
          all: true,
          console: true,
          except: { ids: [5], names: ["x"], users: ["svc-*"] },
        },
        ...(byValue === undefined ? {} : { connection: byValue }),
      },
    ],
    only: ["rdsh01:22"],
    ...(byReference === undefined ? {} : { connection: byReference }),
    closedBy: { "rdsh01:22": { drained: "until-destroy" }, "rdsh02:22": {} },
    restartedSince: { "rdsh01:22": "ShutdownTime=9C5F31A2B4D7DB01;BootId=0x2f" },
    rollout: { parallel: 50 },
    timeouts: { connect: "15s", command: 30, total: "2h" },
    force: true,
    triggers: ["2026-11", { nested: [1] }],
    report: ["report.html", "report.json"],
  },
  {
    hosts: [{ host: "rdsh02", ...(byReference === undefined ? {} : { connection: byReference }) }],
    ...(byValue === undefined ? {} : { connection: byValue }),
    report: "report.xml",
  },
  {
    hosts: [{ host: "rdsh03", ...(byCommand === undefined ? {} : { connection: byCommand }) }],
    ...(byCommand === undefined ? {} : { connection: byCommand }),
  },
];
