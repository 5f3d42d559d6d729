import type { GraceResult } from "./parts/grace";
import type { PulumiResult } from "./parts/pulumi";
import type { ScaleResult } from "./parts/scale";
import type { StacksResult } from "./parts/stacks";
import type { StartResult } from "./parts/start";
import type { LatencyResult, ThroughputResult } from "./parts/throughput";
import type { ProfileResult } from "./profile";

/** The results of each part; a part that was not requested is absent. */
export interface Results {
  readonly measuredAt: string;
  readonly cores: number;
  readonly node: string;
  readonly platform: string;
  /** One-minute load averages at the start and the end: above 0 and 1 respectively, other processes were running. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly size: "full" | "quick";
  readonly throughput?: ThroughputResult;
  readonly latency?: LatencyResult;
  readonly clients?: ThroughputResult;
  readonly grace?: GraceResult;
  readonly scale?: ScaleResult;
  readonly pulumi?: PulumiResult;
  readonly stacks?: StacksResult;
  readonly start?: StartResult;
  readonly profile?: ProfileResult;
}
