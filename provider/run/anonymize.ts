/** Words that every Windows prints and that cannot be names. */
const harmless =
  /^(?:SESSIONNAME|USERNAME|ID|STATE|TYPE|DEVICE|IDLE|LOGON|TIME|services|console|rdp-tcp|rdp-sxs|ica-tcp|ica-cgp|Active|Disc|Conn|Listen|Down|Idle|Error|none)$/u;

/** Lines of a host's answer with every letter as `x` and every digit as `9`: their form without any name. */
export function anonymized(text: string, most = 30): readonly string[] {
  return text
    .split(/\r?\n/u)
    .filter((line) => line.trim() !== "")
    .slice(0, most)
    .map((line) => line.slice(0, 200).replace(/[^\s#>[\]():,;|=]+/gu, maskedWord));
}

function maskedWord(word: string): string {
  if (harmless.test(word)) return word;
  return word.replace(/[0-9]/gu, "9").replace(/[^\s9.\-_/\\]/gu, "x");
}
