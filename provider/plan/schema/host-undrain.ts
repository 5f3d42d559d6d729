/** The declarations of all inputs of `HostUndrain`. */
import { mostParallel } from "../../base/connection-slots";
import { converted, duration, flag, leaf, line, listOf, recordOf, type Shape } from "./shape";
import { connection } from "./connection";
import { defaulted, object, optional, required, typesOf } from "./field";
import { inputs } from "./inputs";
import * as steps from "./steps";
import type { FieldType } from "./type";

const second = 1000;
const minute = 60 * second;
const day = 24 * 60 * minute;

/** What SessionLogoff says of a host: it has drained the host, somebody else has, or nobody has. */
export type ClosedBy = "until-restart" | "until-destroy" | "already" | "no";

const outcomes: readonly ClosedBy[] = ["until-restart", "until-destroy", "already", "no"];

const hostDrain = object(
  "HostDrainArgs",
  "What `SessionLogoff` reports of a host in `hostResults`. Only `drained` is read, so that reports of other versions can be given.",
  {
    drained: optional(
      "Who has drained the host: `until-restart` and `until-destroy` are drains of `SessionLogoff`, `already` is one of somebody else.",
      leaf("the field `drained` of a host in `hostResults`", (value) =>
        typeof value === "string" ? value : undefined,
      ),
    ),
  },
  { isOpen: true },
);

/** A word of another version says nothing about who has drained the host. */
const closedBy: Shape<Readonly<Record<string, ClosedBy | undefined>>> = converted(
  recordOf(
    hostDrain,
    "the output `hostResults` of a SessionLogoff: an object with a host's result by its identity",
  ),
  (results) =>
    Object.fromEntries(
      Object.entries(results).map(([label, { drained }]) => [
        label,
        drained === "undrained" ? ("no" as const) : outcomes.find((outcome) => outcome === drained),
      ]),
    ),
);

const { connect, command } = steps.timeouts.fields;
const { parallel } = steps.rollout.fields;

/** The input `timeouts` of `HostUndrain`. */
export const undrainTimeouts = object("UndrainTimeoutsArgs", "Time limits of a `HostUndrain`.", {
  total: defaulted(
    "Time for all hosts together, from 1s to 30 days; a host that is not back by then fails. Default: 30m.",
    duration(second, 30 * day),
    30 * minute,
  ),
  connect: defaulted(connect.doc, connect.shape, connect.default),
  command: defaulted(command.doc, command.shape, command.default),
});

/** The input `rollout` of `HostUndrain`. */
export const undrainRollout = object(
  "UndrainRolloutArgs",
  "The pace in which hosts are processed by a `HostUndrain`.",
  {
    parallel: defaulted(
      `Number of hosts asked at the same time, at most ${mostParallel}; a host that is waited for between two attempts does not count. Default: 20.`,
      parallel.shape,
      parallel.default,
    ),
  },
);

export const undrainInputs = {
  hosts: required(
    "Hosts as `[user@]address[:port]` (with IPv6 addresses in brackets) or as objects. The `hosts` of a `SessionLogoff` can be given: their `sessions` are not used. `server` is not allowed. Must not be empty or contain duplicates.",
    inputs.hosts.shape,
    { onChange: "run" },
  ),
  only: optional(
    "Identities of the hosts to process, such as the output `readyHosts` of a `SessionLogoff`; other hosts are left alone. Default: all of `hosts`.",
    listOf(
      line('the identity of a host, such as "rdsh01.corp.example:22"'),
      "a list of identities, such as the output `readyHosts` of a SessionLogoff",
    ),
    { onChange: "run" },
  ),
  connection: optional(
    "How to connect to hosts; a host's own `connection` takes precedence, field by field.",
    connection,
    { onChange: "store" },
  ),
  closedBy: optional(
    "The output `hostResults` of the `SessionLogoff` that drained the hosts: the drains that it reports as its own are lifted. Default: only a drain `until-restart` is lifted.",
    closedBy,
    { onChange: "store" },
  ),
  restartedSince: optional(
    "The output `bootIds` of a `SessionLogoff`: a host is waited for until its boot ID is another one. A host without an entry fails. Default: no restart is required.",
    recordOf(
      line("the boot ID of the host"),
      "the output `bootIds` of a SessionLogoff: an object with a host's boot ID by its identity",
    ),
    { onChange: "store" },
  ),
  rollout: optional("The number of parallel hosts. Default: 20 at the same time.", undrainRollout, {
    onChange: "nothing",
  }),
  timeouts: optional("Time limits for connections, commands and the whole wait.", undrainTimeouts, {
    onChange: "store",
  }),
  force: defaulted(
    "Whether to lift whatever refuses logons on a host, drains of somebody else included. Default: false.",
    flag,
    false,
    { onChange: "nothing" },
  ),
  triggers: optional(
    "Arbitrary values, such as the release of the patches; when one changes, every host is processed again. Default: none.",
    inputs.triggers.shape,
    { onChange: "run" },
  ),
  report: optional(inputs.report.doc, inputs.report.shape, { onChange: "nothing" }),
};

/** The names of all inputs of `HostUndrain`, in the order of the documents. */
export const undrainInputNames: readonly string[] = Object.keys(undrainInputs);

/** What is known of every input of `HostUndrain`, for the generators. */
export const undrainInputTypes: Readonly<Record<string, FieldType>> = typesOf(undrainInputs);
