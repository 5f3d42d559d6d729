/** The public API: the resource, its arguments and its results. */
export type { ErrorCode } from "./base/errors";
export type {
  Connection,
  Duration,
  Host,
  Inputs,
  JumpHost,
  Limits,
  MaintenanceWindow,
  Rollout,
  SessionExceptions,
  Sessions,
  SessionSelector,
  Timeouts,
  Warning,
} from "./plan/input";
export { SessionLogoff } from "./pulumi/dynamic/session-logoff";
export type { FieldsWithInputs, SessionLogoffArgs, WithInputs } from "./pulumi/dynamic/session-logoff";
export type { HostResult, Results, SessionCounts } from "./pulumi/resource/state";
export type { AskedSession, DrainOutcome, HostStatus, Totals, WarnedSession } from "./report/report";
