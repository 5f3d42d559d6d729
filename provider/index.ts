/**
 * The public API: the resource, its arguments and its results.
 * @packageDocumentation
 */
export type { ErrorCode } from "./base/errors";
export type {
  ConnectionArgs,
  Duration,
  HostArgs,
  JumpHostArgs,
  JumpHostConnectionArgs,
  LimitsArgs,
  MaintenanceWindowArgs,
  RolloutArgs,
  SessionExceptionsArgs,
  SessionLogoffArgs,
  SessionLogoffInputs,
  SessionsArgs,
  SessionSelectorArgs,
  TimeoutsArgs,
  WarningArgs,
} from "./pulumi/dynamic/args";
export type {
  HostDrainArgs,
  HostUndrainArgs,
  HostUndrainInputs,
  UndrainRolloutArgs,
  UndrainTimeoutsArgs,
} from "./pulumi/dynamic/host-undrain-args";
export { HostUndrain } from "./pulumi/dynamic/host-undrain";
export { SessionLogoff } from "./pulumi/dynamic/session-logoff";
export type { HostResult, Results, ResumeEntry } from "./pulumi/resource/state";
export type { UndrainHostResult, UndrainResults } from "./pulumi/undrain/state";
export type {
  AskedSession,
  DrainOutcome,
  HostStatus,
  SessionCounts,
  Totals,
  WarnedSession,
} from "./report/report";
