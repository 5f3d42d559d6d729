// Run by setup.test.ts in a separate process: sets up the checkout in the given folder.
import { setUp } from "../../tools/setup.mjs";

try {
  await setUp({ log: (line) => console.error(line), root: process.argv[2] });
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
