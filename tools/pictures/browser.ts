import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const width = 1100;
/** Sharp at the size that the README shows. */
const scale = 1.25;

/** The name of this machine's Chromium. */
function chromium(): string {
  const found = ["chromium", "chromium-browser", "google-chrome"].find(
    (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
  );
  if (found === undefined)
    throw new Error("the pictures of the report need Chromium: apt-get install chromium");
  return found;
}

/** Draws an HTML report, with a host opened, light and dark, as PNG files. */
export async function drawReport(
  html: string,
  { open, light, dark }: { readonly open: string; readonly light: string; readonly dark: string },
): Promise<void> {
  const browser = chromium();
  const folder = mkdtempSync(join(tmpdir(), "session-logoff-pictures-"));
  const go = async (page: string, ...args: readonly string[]): Promise<string> => {
    const all = [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--hide-scrollbars",
      `--user-data-dir=${join(folder, "profile")}`,
      "--virtual-time-budget=10000",
      ...args,
      `${pathToFileURL(join(folder, page)).href}#${open}`,
    ];
    return (await run(browser, all, { maxBuffer: 100_000_000, timeout: 120_000 })).stdout;
  };
  try {
    writeFileSync(join(folder, "report.html"), html);
    // The same page says how high it is.
    const measure =
      "<script>addEventListener('load',()=>setTimeout(()=>{document.title='high:'+Math.ceil(document.body.getBoundingClientRect().height)},100))</script>";
    writeFileSync(join(folder, "measured.html"), html.replace("</body>", `${measure}</body>`));
    const dom = await go("measured.html", `--window-size=${width},2000`, "--dump-dom");
    const height = /high:(\d+)/u.exec(dom)?.[1];
    if (height === undefined) throw new Error("the report did not say how high it is");
    for (const [scheme, file] of [
      ["1", light],
      ["0", dark],
    ] as const) {
      await go(
        "report.html",
        `--force-device-scale-factor=${scale}`,
        `--window-size=${width},${height}`,
        `--blink-settings=preferredColorScheme=${scheme}`,
        `--screenshot=${file}`,
      );
    }
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}
