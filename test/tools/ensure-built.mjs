// Run by built.test.ts in a separate process: ensures an engine without trying to fetch the official one.
import { builtEngine } from "../../tools/engine/built.mjs";
import { ensureEngine } from "../../tools/engine/ensure.mjs";

try {
  const engine = await ensureEngine({ log: (line) => console.error(line), makers: [builtEngine] });
  console.log(JSON.stringify(engine));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
