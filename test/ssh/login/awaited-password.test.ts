import fc from "fast-check";
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LogoffError } from "../../../provider/base/errors";
import {
  passwordGuard,
  type PasswordClaim,
  type PasswordGuard,
  type PasswordVerdict,
} from "../../../provider/ssh/login/password-guard";
import { never } from "../scripted-server";

const tick = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const isBarred = { code: "auth-rejected", untried: true, retryInMs: undefined, message: /not tried/u };

/** A guard whose time a test advances. */
function guardAt(): { guard: PasswordGuard; pass: (ms: number) => void } {
  let nowMs = 1000;
  return { guard: passwordGuard({ now: () => nowMs }), pass: (ms) => void (nowMs += ms) };
}

const claim = (guard: PasswordGuard, host: string, isAwaited = true): Promise<PasswordClaim> =>
  guard.claim(host, "admin", "pw", never, isAwaited);

async function settle(
  guard: PasswordGuard,
  host: string,
  verdict: PasswordVerdict,
  isAwaited = true,
): Promise<void> {
  (await claim(guard, host, isAwaited)).settle(verdict);
}

/** The error for an awaited host, which is the same before it is contacted and when it claims the password. */
async function refusal(guard: PasswordGuard, host: string): Promise<LogoffError> {
  const error = await claim(guard, host).then(
    () => assert.fail(`"${host}" may be offered the password`),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof LogoffError, String(error));
  assert.throws(() => guard.refuseIfBarred(host, "admin", "pw", true), { message: error.message });
  assert.ok(error.untried && error.code === "auth-rejected" && !error.isProven);
  return error;
}

describe("a password for awaited hosts", () => {
  it("is offered to one of them at a time, even if it is proven and nothing has failed", async () => {
    const { guard } = guardAt();
    await settle(guard, "h0", "accepted", false);
    const first = await claim(guard, "h1");
    let claimed: PasswordClaim | undefined;
    const second = claim(guard, "h2").then((granted) => (claimed = granted));
    assert.doesNotThrow(() => guard.refuseIfBarred("h2", "admin", "pw", true));
    await tick();
    assert.equal(claimed, undefined);
    await settle(guard, "h3", "accepted", false);
    await tick();
    assert.equal(claimed, undefined, "a host that is not awaited neither waits nor wakes it");
    first.settle("accepted");
    (await second).settle("accepted");
  });

  it("is offered again a minute after a rejection, and three minutes after the second", async () => {
    const { guard, pass } = guardAt();
    await settle(guard, "h0", "accepted", false);
    await settle(guard, "h1", "rejected");
    const elsewhere = await refusal(guard, "h2");
    assert.equal(elsewhere.retryInMs, 60_000);
    assert.equal(
      elsewhere.message,
      'Did not log in to "h2" yet: the password was rejected by "h1", and is tried again in 1m',
    );
    assert.match((await refusal(guard, "h1")).message, /rejected here, /u);
    pass(59_999.5);
    assert.equal((await refusal(guard, "h2")).retryInMs, 1000, "nobody comes again within a second");
    pass(0.5);
    await settle(guard, "h2", "rejected");
    assert.equal((await refusal(guard, "h1")).retryInMs, 180_000);
    pass(180_000);
    await settle(guard, "h1", "rejected");
    pass(86_400_000);
    for (const host of ["h1", "h3"]) await assert.rejects(claim(guard, host), isBarred);
    await assert.rejects(claim(guard, "h3", false), { message: /rejected by "h1"/u });
  });

  it("is offered again a minute after it got no answer, and the message says so", async () => {
    const { guard, pass } = guardAt();
    await settle(guard, "h1", "unanswered");
    assert.match(
      (await refusal(guard, "h2")).message,
      /the password was offered to "h1" without an answer, and is tried again in 1m$/u,
    );
    assert.match((await refusal(guard, "h1")).message, /offered here without an answer/u);
    pass(60_000);
    await settle(guard, "h2", "accepted");
  });

  it("is not tried after three failures, whatever their kinds, until a host accepts it", async () => {
    const { guard, pass } = guardAt();
    await settle(guard, "h0", "accepted", false);
    for (const [host, verdict] of [
      ["h1", "unanswered"],
      ["h2", "rejected"],
      ["h3", "unanswered"],
    ] as const) {
      await settle(guard, host, verdict);
      pass(3_600_000);
    }
    const error = await refusal(guard, "h4");
    assert.match(error.message, /not tried, since the password was offered to "h1", "h2", "h3" and not/u);
    assert.equal(error.retryInMs, undefined);
    await settle(guard, "h5", "accepted", false);
    await settle(guard, "h4", "accepted");
  });

  it("is barred at once if it is rejected unproven", async () => {
    const { guard } = guardAt();
    await settle(guard, "h1", "rejected");
    await assert.rejects(claim(guard, "h2"), isBarred);
    assert.throws(() => guard.refuseIfBarred("h1", "admin", "pw", true), isBarred);
  });

  it("makes a host that waits come again later when the first one rejects it", async () => {
    const { guard } = guardAt();
    await settle(guard, "h0", "accepted", false);
    const first = await claim(guard, "h1");
    const waiting = assert.rejects(claim(guard, "h2"), { retryInMs: 60_000, untried: true });
    first.settle("rejected");
    await waiting;
  });

  it("makes a host come again in five seconds while another one is tried after a failure", async () => {
    const { guard, pass } = guardAt();
    await settle(guard, "h0", "accepted", false);
    await settle(guard, "h1", "rejected");
    pass(60_000);
    const second = await claim(guard, "h2");
    const error = await refusal(guard, "h3");
    assert.equal(error.retryInMs, 5000);
    assert.equal(
      error.message,
      'Did not log in to "h3" yet: the password is being tried on "h2" after a failure, and is tried here in 5s',
    );
    second.settle("accepted");
    await settle(guard, "h3", "accepted");
    await settle(guard, "h1", "accepted");
  });

  it("pauses longer for each failure of a host that rejects it alone, and is barred there after the third, although the others accept it", async () => {
    const { guard, pass } = guardAt();
    await settle(guard, "h0", "accepted", false);
    for (const pauseMs of [60_000, 180_000]) {
      await settle(guard, "h1", "rejected");
      await settle(guard, "h2", "accepted", false);
      assert.equal((await refusal(guard, "h1")).retryInMs, pauseMs);
      await settle(guard, "h3", "accepted");
      pass(pauseMs);
    }
    await settle(guard, "h1", "accepted");
    await settle(guard, "h1", "rejected");
    assert.equal((await refusal(guard, "h1")).retryInMs, 60_000, "its own success clears its failures");
    for (const pauseMs of [60_000, 180_000]) {
      pass(pauseMs);
      await settle(guard, "h2", "accepted");
      await settle(guard, "h1", "rejected");
    }
    pass(86_400_000);
    await settle(guard, "h2", "accepted");
    const { message, retryInMs } = await refusal(guard, "h1");
    assert.match(message, /not tried, since the password was offered here 3 times and not accepted/u);
    assert.equal(retryInMs, undefined);
  });

  it("is offered to hosts that are not awaited as before, and a failure of an awaited host counts for them", async () => {
    const { guard } = guardAt();
    await settle(guard, "h0", "accepted", false);
    await settle(guard, "h1", "rejected");
    await settle(guard, "h2", "rejected", false);
    const third = await claim(guard, "h3", false);
    const stop = new AbortController();
    const fourth = assert.rejects(guard.claim("h4", "admin", "pw", stop.signal), { code: "aborted" });
    stop.abort();
    await fourth;
    third.settle("rejected");
    await assert.rejects(claim(guard, "h4", false), isBarred);
  });

  it("is known to be proven once any host has accepted it from the user", async () => {
    const { guard } = guardAt();
    assert.ok(!guard.isProven("admin", "pw"));
    await settle(guard, "h1", "accepted");
    assert.ok(guard.isProven("ADMIN", "pw"));
    assert.ok(!guard.isProven("admin", "other") && !guard.isProven("other", "pw"));
  });

  it("is never offered to two at once, within a minute of a failure, or after three failures in a row", async () => {
    const verdicts = fc.constantFrom<PasswordVerdict>("accepted", "rejected", "unanswered", "not-offered");
    const step = fc.record({
      host: fc.constantFrom("h1", "h2", "h3"),
      verdict: verdicts,
      passMs: fc.integer({ min: 0, max: 200_000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
        const { guard, pass } = guardAt();
        await settle(guard, "h0", "accepted", false);
        let sinceFailureMs = Infinity;
        let failures = 0;
        const own = new Map<string, number>();
        for (const { host, verdict, passMs } of steps) {
          pass(passMs);
          sinceFailureMs += passMs;
          const granted = await claim(guard, host).catch((thrown: unknown) => thrown as LogoffError);
          if (granted instanceof LogoffError) {
            assert.ok(
              failures >= 3 || own.get(host) === 3 || (granted.retryInMs ?? 0) >= 1000,
              granted.message,
            );
            continue;
          }
          assert.ok((own.get(host) ?? 0) < 3);
          assert.ok(failures < 3 && (failures === 0 || sinceFailureMs >= 60_000));
          const stop = new AbortController();
          const second = guard.claim("h4", "admin", "pw", stop.signal, true).then(
            () => assert.fail("two hosts at once"),
            () => undefined,
          );
          stop.abort();
          await second;
          granted.settle(verdict);
          if (verdict === "accepted") {
            failures = 0;
            own.delete(host);
          } else if (verdict !== "not-offered") {
            failures += 1;
            own.set(host, (own.get(host) ?? 0) + 1);
            sinceFailureMs = 0;
          }
        }
      }),
    );
  });
});
