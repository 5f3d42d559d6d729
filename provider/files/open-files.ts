import { readdirSync, readFileSync } from "node:fs";
import { unlimitedFiles, type OpenFiles } from "../base/connection-slots";

/** Spare files, for keys, known_hosts, DNS, reports and the threads that open keys. */
const spare = 32;
/** What Node opens for itself, where that cannot be counted. */
const ofNode = 32;

/** The files that this process may have open, and what is open now with some to spare. */
export function readOpenFiles(platform: NodeJS.Platform = process.platform): OpenFiles {
  if (platform === "win32") return unlimitedFiles();
  const limit = platform === "linux" ? limitOfLinux() : limitOfReport();
  return limit === undefined ? unlimitedFiles() : { limit, others: openNow() + spare };
}

/** Node raises the soft limit to the hard one when it starts, so the soft limit is what counts from then on. */
function limitOfLinux(): number | undefined {
  try {
    const soft = /^Max open files +([0-9]+) /mu.exec(readFileSync("/proc/self/limits", "latin1"))?.[1];
    return soft === undefined ? undefined : Number(soft);
  } catch {
    return limitOfReport();
  }
}

/** Node has no `getrlimit`, but its diagnostic report contains the limits. It takes 30 times as long as reading /proc. */
export function limitOfReport(): number | undefined {
  const report: typeof process.report & { excludeNetwork?: boolean } = process.report;
  const { excludeNetwork } = report;
  // Names of the ends of sockets would be looked up in DNS, while everything else waits.
  report.excludeNetwork = true;
  const { userLimits } = report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } };
  report.excludeNetwork = excludeNetwork ?? false;
  const soft = userLimits?.open_files?.soft;
  return typeof soft === "number" ? soft : undefined;
}

function openNow(): number {
  try {
    return readdirSync("/dev/fd").length;
  } catch {
    return ofNode;
  }
}
