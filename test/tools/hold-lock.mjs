// Run by lock.test.ts in a separate process: holds a lock for some time, and logs when its work begins and ends.
import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { withLock } from "../../tools/lock.mjs";

const [lock, journal, holdMs] = process.argv.slice(2);
await withLock(lock, { log: (line) => console.error(line), what: "it holds the lock" }, async () => {
  appendFileSync(journal, `${process.pid} begins\n`);
  await sleep(Number(holdMs));
  appendFileSync(journal, `${process.pid} ends\n`);
});
