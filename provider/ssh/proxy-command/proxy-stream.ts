import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { Duplex } from "node:stream";

/**
 * The standard input and output of a process as one stream, which closes when the output ends. Its end is held back until `settled` resolves,
 * so that whoever notices it can say how the process ended. A process that no longer reads its input is no error of the stream: its output
 * ends too.
 */
export function proxyStream(
  { stdin, stdout }: ChildProcessWithoutNullStreams,
  settled: () => Promise<void>,
): Duplex {
  const stream = new Duplex({
    read: () => stdout.resume(),
    write: (chunk: Buffer, _encoding, done) => {
      stdin.write(chunk, () => done());
    },
    final: (done) => {
      stdin.end(() => done());
    },
    destroy: (error, done) => {
      stdin.destroy();
      stdout.destroy();
      done(error);
    },
  });
  // EPIPE would otherwise end our process.
  stdin.on("error", () => undefined);
  stdout.on("error", () => undefined);
  stdout.on("data", (chunk: Buffer) => {
    if (!stream.push(chunk)) stdout.pause();
  });
  stdout.once("close", () => {
    void settled().then(() => {
      if (!stream.destroyed) stream.push(null);
    });
  });
  stream.once("end", () => stream.destroy());
  return stream;
}
