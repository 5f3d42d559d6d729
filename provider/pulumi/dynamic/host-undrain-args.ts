// Made by `npm run generate`.

import type * as pulumi from "@pulumi/pulumi";

import type { ConnectionArgs, Duration, HostArgs } from "./args";

/**
 * What `SessionLogoff` reports of a host in `hostResults`. Only `drained` is read, so that reports of other versions can
 * be given.
 */
export interface HostDrainArgs {
  /**
   * Who has drained the host: `until-restart` and `until-destroy` are drains of `SessionLogoff`, `already` is one of
   * somebody else.
   */
  drained?: pulumi.Input<string | undefined>;
}

/** The pace in which hosts are processed by a `HostUndrain`. */
export interface UndrainRolloutArgs {
  /**
   * Number of hosts asked at the same time, at most 512; a host that is waited for between two attempts does not count.
   * Default: 20.
   */
  parallel?: pulumi.Input<number | undefined>;
}

/** Time limits of a `HostUndrain`. */
export interface UndrainTimeoutsArgs {
  /** Time for all hosts together, from 1s to 30 days; a host that is not back by then fails. Default: 30m. */
  total?: pulumi.Input<Duration | undefined>;
  /**
   * Time from the first packet to the end of the login, retries included, from 1s to 10m. Each jump host has its own.
   * Default: 15s.
   */
  connect?: pulumi.Input<Duration | undefined>;
  /** Time for a single command, from 1s to 1h. Default: 30s. */
  command?: pulumi.Input<Duration | undefined>;
}

/** The arguments of `HostUndrain`. */

export interface HostUndrainArgs {
  /**
   * Hosts as `[user@]address[:port]` (with IPv6 addresses in brackets) or as objects. The `hosts` of a `SessionLogoff` can
   * be given: their `sessions` are not used. `server` is not allowed. Must not be empty or contain duplicates.
   */
  hosts: pulumi.Input<readonly pulumi.Input<string | HostArgs>[]>;
  /**
   * Identities of the hosts to process, such as the output `readyHosts` of a `SessionLogoff`; other hosts are left alone.
   * Default: all of `hosts`.
   */
  only?: pulumi.Input<readonly pulumi.Input<string>[] | undefined>;
  /** How to connect to hosts; a host's own `connection` takes precedence, field by field. */
  connection?: pulumi.Input<ConnectionArgs | undefined>;
  /**
   * The output `hostResults` of the `SessionLogoff` that drained the hosts: the drains that it reports as its own are
   * lifted. Default: only a drain `until-restart` is lifted.
   */
  closedBy?: pulumi.Input<Readonly<Record<string, pulumi.Input<HostDrainArgs>>> | undefined>;
  /**
   * The output `bootIds` of a `SessionLogoff`: a host is waited for until its boot ID is another one. A host without an
   * entry fails. Default: no restart is required.
   */
  restartedSince?: pulumi.Input<Readonly<Record<string, pulumi.Input<string>>> | undefined>;
  /** The number of parallel hosts. Default: 20 at the same time. */
  rollout?: pulumi.Input<UndrainRolloutArgs | undefined>;
  /** Time limits for connections, commands and the whole wait. */
  timeouts?: pulumi.Input<UndrainTimeoutsArgs | undefined>;
  /** Whether to lift whatever refuses logons on a host, drains of somebody else included. Default: false. */
  force?: pulumi.Input<boolean | undefined>;
  /** Arbitrary values, such as the release of the patches; when one changes, every host is processed again. Default: none. */
  triggers?: pulumi.Input<readonly unknown[] | undefined>;
  /** Path or paths of the reports to write after each run; the extension selects the format: .json, .xml (JUnit) or .html. */
  report?: pulumi.Input<string | readonly pulumi.Input<string>[] | undefined>;
}

/** The inputs of `HostUndrain` as given, which are outputs too. */

export interface HostUndrainInputs {
  /**
   * Hosts as `[user@]address[:port]` (with IPv6 addresses in brackets) or as objects. The `hosts` of a `SessionLogoff` can
   * be given: their `sessions` are not used. `server` is not allowed. Must not be empty or contain duplicates.
   */
  readonly hosts: pulumi.Output<pulumi.Unwrap<HostUndrainArgs["hosts"]>>;
  /**
   * Identities of the hosts to process, such as the output `readyHosts` of a `SessionLogoff`; other hosts are left alone.
   * Default: all of `hosts`.
   */
  readonly only: pulumi.Output<pulumi.Unwrap<HostUndrainArgs["only"]>>;
  /** How to connect to hosts; a host's own `connection` takes precedence, field by field. */
  readonly connection: pulumi.Output<pulumi.Unwrap<HostUndrainArgs["connection"]>>;
  /**
   * The output `hostResults` of the `SessionLogoff` that drained the hosts: the drains that it reports as its own are
   * lifted. Default: only a drain `until-restart` is lifted.
   */
  readonly closedBy: pulumi.Output<pulumi.Unwrap<HostUndrainArgs["closedBy"]>>;
  /**
   * The output `bootIds` of a `SessionLogoff`: a host is waited for until its boot ID is another one. A host without an
   * entry fails. Default: no restart is required.
   */
  readonly restartedSince: pulumi.Output<pulumi.Unwrap<HostUndrainArgs["restartedSince"]>>;
  /** The number of parallel hosts. Default: 20 at the same time. */
  readonly rollout: pulumi.Output<pulumi.Unwrap<HostUndrainArgs["rollout"]>>;
  /** Time limits for connections, commands and the whole wait. */
  readonly timeouts: pulumi.Output<pulumi.Unwrap<HostUndrainArgs["timeouts"]>>;
  /** Whether to lift whatever refuses logons on a host, drains of somebody else included. Default: false. */
  readonly force: pulumi.Output<pulumi.Unwrap<HostUndrainArgs["force"]>>;
  /** Arbitrary values, such as the release of the patches; when one changes, every host is processed again. Default: none. */
  readonly triggers: pulumi.Output<readonly unknown[] | undefined>;
  /** Path or paths of the reports to write after each run; the extension selects the format: .json, .xml (JUnit) or .html. */
  readonly report: pulumi.Output<pulumi.Unwrap<HostUndrainArgs["report"]>>;
}
