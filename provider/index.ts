/** The public API: the resource, its arguments and its results. */
export { SessionLogoff } from "./pulumi/session-logoff";
export type { FieldsWithInputs, SessionLogoffArgs, WithInputs } from "./pulumi/session-logoff";
export type { HostResult, Results, SessionCounts } from "./pulumi/state";
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
export type { ErrorCode } from "./errors";
export type { AskedSession, DrainOutcome, HostStatus, Totals, WarnedSession } from "./report/report";
