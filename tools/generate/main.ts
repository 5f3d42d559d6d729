import { writeFileSync } from "node:fs";
import { generatedFiles } from "./files";

void generatedFiles().then((files) => {
  for (const { path, text } of files) writeFileSync(path, text);
});
