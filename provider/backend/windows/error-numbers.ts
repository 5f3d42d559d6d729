/**
 * The numbers of the errors that Windows' session tools print. The words around them are localized, so only a number
 * in brackets (`Error [5]:Access is denied.`) or in hexadecimal (`Error 0x00000005 enumerating sessionnames`) counts.
 */
export function errorNumbers(text: string): readonly number[] {
  const bracketed = [...text.matchAll(/\[([0-9]{1,6})\]/gu)].map((match) => Number(match[1]));
  const hexadecimal = [...text.matchAll(/0x([0-9a-f]{1,8})/giu)].map((match) =>
    Number.parseInt(match[1] ?? "", 16),
  );
  return [...bracketed, ...hexadecimal];
}

/** The meaning of an error number for the caller. */
export type ErrorMeaning = "denied" | "absent" | "busy" | "server-unreachable";

/** ERROR_ACCESS_DENIED, ERROR_CTX_*: winerror.h. */
const meanings: ReadonlyMap<number, ErrorMeaning> = new Map([
  [5, "denied"],
  [7045, "denied"],
  [7022, "absent"],
  [7007, "busy"],
  [7024, "busy"],
  [1722, "server-unreachable"],
  [1825, "server-unreachable"],
]);

/** The first known meaning among the numbers of an error text. */
export function errorMeaning(text: string): ErrorMeaning | undefined {
  return errorNumbers(text)
    .map((number) => meanings.get(number))
    .find((meaning) => meaning !== undefined);
}
