// Run by official.test.ts in a separate process: ensures the official engine, as if its site answered with the given status.
import { ensureEngine } from "../../tools/engine/ensure.mjs";
import { officialEngine } from "../../tools/engine/official.mjs";

const status = Number(process.argv[2]);
globalThis.fetch = async () => ({ ok: status === 200, status });
try {
  const engine = await ensureEngine({ log: (line) => console.error(line), makers: [officialEngine] });
  console.log(JSON.stringify(engine));
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
