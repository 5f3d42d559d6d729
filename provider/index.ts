/** The public API: the resource, its arguments and its results. */
export type { ErrorCode } from "./base/errors";
export type {
  ConnectionArgs,
  Duration,
  HostArgs,
  Inputs,
  JumpHostArgs,
  LimitsArgs,
  MaintenanceWindowArgs,
  RolloutArgs,
  SessionExceptionsArgs,
  SessionsArgs,
  SessionSelectorArgs,
  TimeoutsArgs,
  WarningArgs,
} from "./plan/input";
export { SessionLogoff } from "./pulumi/dynamic/session-logoff";
export type { FieldsWithInputs, SessionLogoffArgs, WithInputs } from "./pulumi/dynamic/session-logoff";
export type { HostResult, Results, SessionCounts } from "./pulumi/resource/state";
export type { AskedSession, DrainOutcome, HostStatus, Totals, WarnedSession } from "./report/report";
