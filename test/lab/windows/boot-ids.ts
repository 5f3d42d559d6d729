/** What a restart changes in the registry of a host. Null: the value does not exist. */
export interface BootIds {
  /** `ShutdownTime`, a FILETIME in the order of its bytes: 16 hex digits in upper case. */
  readonly shutdownTime: string | null;
  /** `BootId`, which counts the boots. */
  readonly bootId: number | null;
}

export interface BootRecord {
  current(): BootIds;
  /** Counts a boot. A `hard` one follows no orderly shutdown, which would have written its time. */
  boot(hard: boolean): void;
}

const firstShutdown = Date.UTC(2025, 2, 2, 22, 15);
/** From 1601, where a FILETIME starts, to 1970. */
const filetimeOf1970 = 116_444_736_000_000_000n;

/** @param nowMs milliseconds since the host was created */
export function createBootRecord(name: string, given: Partial<BootIds>, nowMs: () => number): BootRecord {
  let boots = 0;
  let shutdownTime = given.shutdownTime === undefined ? shutdownTimeOf(name, 0, 0) : given.shutdownTime;
  let bootId = given.bootId === undefined ? 0x2f : given.bootId;
  return {
    current: () => ({ shutdownTime, bootId }),
    boot: (hard) => {
      boots += 1;
      if (bootId !== null) bootId += 1;
      if (shutdownTime !== null && !hard) shutdownTime = shutdownTimeOf(name, nowMs(), boots);
    },
  };
}

/** Differs between hosts by their names, and between the boots of one host even where its clock stands still. */
function shutdownTimeOf(name: string, nowMs: number, boots: number): string {
  let ticks = 0;
  for (const character of name) ticks = (ticks * 31 + (character.codePointAt(0) ?? 0)) % 1_000_000;
  const time = BigInt(firstShutdown + Math.floor(nowMs)) * 10_000n + filetimeOf1970;
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(time + BigInt(ticks * 1000 + boots));
  return bytes.toString("hex").toUpperCase();
}
