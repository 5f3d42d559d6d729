import type { BootId } from "../boot-id";
import type { Query } from "../backend";
import { textOf } from "./answers";

/** A UUID that the kernel makes anew with each boot: random(4), `/proc/sys/kernel/random/boot_id`. */
export const bootId: Query<BootId | undefined> = {
  commands: ["cat /proc/sys/kernel/random/boot_id"],
  // Earlier lines come from the login's start-up files.
  parse: ([result]) =>
    /(?:^|\n)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\s*$/u.exec(textOf(result?.stdout))?.[1],
};
