import type { GraceResult } from "./parts/grace";
import type { PulumiResult } from "./parts/pulumi";
import type { ScaleResult } from "./parts/scale";
import type { StacksResult } from "./parts/stacks";
import type { LatencyResult, ThroughputResult } from "./parts/throughput";
import type { ProfileResult } from "./profile";

/** What was measured, part by part; a part that was not asked for is absent. */
export interface Results {
  readonly measuredAt: string;
  readonly cores: number;
  readonly node: string;
  readonly platform: string;
  /** Processes that wanted a core when it began and when it ended, over one minute: above 0 and 1 others were at work. */
  readonly loadBefore: number;
  readonly loadAfter: number;
  readonly size: "full" | "quick";
  readonly throughput?: ThroughputResult;
  readonly latency?: LatencyResult;
  readonly grace?: GraceResult;
  readonly scale?: ScaleResult;
  readonly pulumi?: PulumiResult;
  readonly stacks?: StacksResult;
  readonly profile?: ProfileResult;
}
