/** Plays many seeds by hand: `node --import=tsx test/e2e/journal-kills-many.ts -- 200 [FIRST]`. */
import { playOut } from "./journal-kills/runs";
import { scenarioOf } from "./journal-kills/scenario";
import { tellStory } from "./journal-kills/tell";
import { violationsIn } from "./journal-kills/invariants";

/** Whether each story is told from its beginning to its end. */
const isVerbose = process.env["KILLS_VERBOSE"] === "1";

async function main(): Promise<void> {
  const [count = 200, first = 1] = process.argv
    .slice(2)
    .flatMap((text) => (text === "--" ? [] : [Number(text)]));
  const atOnce = Number(process.env["KILLS_AT_ONCE"] ?? 2);
  let [next, played, processes, kills, faults, thens] = [first, 0, 0, 0, 0, 0];
  const playSome = async (): Promise<void> => {
    while (next < first + count) {
      const seed = next++;
      const scenario = scenarioOf(seed);
      try {
        const story = await playOut(scenario);
        const wrong = violationsIn(story);
        processes += story.processes.length;
        kills += story.processes.filter(({ status }) => status === null).length;
        thens += story.thenRuns.length;
        faults += wrong.length;
        for (const line of wrong) console.log(`seed ${seed}: ${line}`);
        if (isVerbose) console.log(tellStory(story));
      } catch (error) {
        faults += 1;
        console.log(`seed ${seed}: broke: ${error instanceof Error ? (error.stack ?? "") : String(error)}`);
      }
      played += 1;
      if (played % 20 === 0) console.log(`${played} seeds, ${kills} kills, ${faults} violations`);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, playSome));
  console.log("| seeds | processes | kills | commands of --then | violations |\n|---|---|---|---|---|");
  console.log(`| ${played} | ${processes} | ${kills} | ${thens} | ${faults} |`);
  process.exitCode = faults === 0 ? 0 : 1;
}

void main();
