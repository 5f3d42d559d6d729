import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import { logQueue, type LogMessage, type LogQueue } from "../../../provider/pulumi/plugin/log-queue";
import { holdsCommand } from "../../report/sample";

describe("the queue of messages to the engine", () => {
  let sent: LogMessage[];
  let queue: LogQueue;
  /** Answers the call that is under way. */
  let answer: (isReachable: boolean) => Promise<void>;
  beforeEach(() => {
    sent = [];
    queue = logQueue((message) => {
      sent.push(message);
      return new Promise((resolve) => {
        answer = async (isReachable) => {
          resolve(isReachable);
          await new Promise(setImmediate);
        };
      });
    });
  });
  const texts = (): string[] => sent.map(({ urn, text }) => `${urn}: ${text}`);

  it("sends one message at a time, in order", async () => {
    const [a, b] = [queue.voiceOf("a"), queue.voiceOf("b")];
    a.say("1");
    a.say("2");
    b.say("x");
    a.say("3");
    assert.deepEqual(texts(), ["a: 1"]);
    for (let index = 0; index < 4; index += 1) await answer(true);
    await queue.drained();
    assert.deepEqual(texts(), ["a: 1", "a: 2", "b: x", "a: 3"]);
  });

  it("joins lines of a resource when fifty messages wait", async () => {
    const [a, b] = [queue.voiceOf("a"), queue.voiceOf("b")];
    for (let index = 0; index <= 50; index += 1) a.say(`${index}`);
    b.say("x");
    a.say("51");
    b.say("y");
    for (let index = 0; index < 52; index += 1) await answer(true);
    await queue.drained();
    assert.deepEqual(texts().slice(-2), ["a: 50\n51", "b: x\ny"]);
  });

  it("keeps warnings apart, in their order", async () => {
    const voice = queue.voiceOf("a");
    voice.say("first");
    voice.say("before");
    voice.warn("careful");
    voice.say("after");
    for (let index = 0; index < 4; index += 1) await answer(true);
    assert.deepEqual(
      sent.map(({ severity, text }) => [severity, text]),
      [
        ["info", "first"],
        ["info", "before"],
        ["warning", "careful"],
        ["info", "after"],
      ],
    );
  });

  it("sends only the last transient line, and none that something else has replaced", async () => {
    const voice = queue.voiceOf("a");
    voice.say("begin");
    voice.status?.("1 of 3");
    voice.status?.("2 of 3");
    await answer(true);
    voice.status?.("3 of 3");
    voice.say("end");
    await answer(true);
    await answer(true);
    assert.deepEqual(
      sent.map(({ text, isEphemeral }) => [text, isEphemeral]),
      [
        ["begin", false],
        ["2 of 3", true],
        ["end", false],
      ],
    );
  });

  it("does not join without end", async () => {
    const voice = queue.voiceOf("a");
    for (let index = 0; index <= 50; index += 1) voice.say("");
    const line = "x".repeat(9000);
    for (const text of [line, line]) voice.say(text);
    for (let index = 0; index < 52; index += 1) await answer(true);
    assert.deepEqual(
      sent.slice(-2).map(({ text }) => text.length),
      [9001, 9000],
    );
  });

  it("is drained when the last message is answered", async () => {
    queue.voiceOf("a").say("1");
    queue.voiceOf("b").say("2");
    let isDrained = false;
    const drained = queue.drained().then(() => (isDrained = true));
    await answer(true);
    assert.equal(isDrained, false);
    await answer(true);
    await drained;
  });

  it("drops what waits when the engine does not answer, as while it is suspended, and tries again with the next message", async () => {
    const voice = queue.voiceOf("a");
    voice.say("1");
    voice.warn("2");
    await answer(false);
    await queue.drained();
    voice.say("3");
    await answer(true);
    await queue.drained();
    assert.deepEqual(texts(), ["a: 1", "a: 3"]);
  });

  it("makes text of hosts harmless for build agents", () => {
    queue.voiceOf("a").say("##vso[task.setvariable variable=x]y");
    assert.equal(sent.length, 1);
    assert.ok(!holdsCommand(sent[0]?.text ?? ""));
  });
});
