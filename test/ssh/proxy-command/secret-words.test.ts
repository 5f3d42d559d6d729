import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { redactor } from "../../../provider/ssh/login/redact";
import { secretWords } from "../../../provider/ssh/proxy-command/secret-words";

describe("what a proxy says", () => {
  const rows: [command: string, said: string, redacted: string, env?: NodeJS.ProcessEnv][] = [
    ["proxy --token abc123 %h", "bad token abc123", "bad token ***"],
    ["proxy --token=abc123 %h", "bad --token=abc123", "bad ***"],
    ["proxy --token 'ab c123' %h", "bad token ab c123", "bad token ab ***"],
    ["proxy -pabc123 %h", "bad abc123 -pabc123", "bad abc123 ***"],
    ["http://me:abc123@proxy:8080/%h", "407 for abc123", "407 for ***"],
    ["proxy http://me:a%%40bc@proxy:8080/%h", "407 for me:a%40bc", "407 for me:***"],
    ["proxy 100%%abc123 %h", "bad 100%abc123", "bad ***"],
    ["proxy $TOKEN %h", "bad token s3cret", "bad token ***", { TOKEN: "s3cret" }],
    ["proxy ${TOKEN}-x %h", "bad token s3cret-x", "bad token ***-x", { TOKEN: "s3cret" }],
    ["proxy %%TOKEN%% %h", "bad token s3cret", "bad token ***", { TOKEN: "s3cret" }],
    ["proxy --target %h --port %p", "unknown option --target", "unknown option --target"],
    ["nc %h %p", "nc: connect to h port 22 failed", "nc: connect to h port 22 failed"],
  ];
  for (const [command, said, redacted, env = {}] of rows)
    it(`of ${command} is redacted: ${said}`, () => {
      assert.equal(redactor(secretWords(command, env))(said), redacted);
    });

  it("contains nothing of a command that the shell repeats", () => {
    const command = "sh -c 'proxy abc123 | filter' %h";
    const said = redactor(secretWords(command, {}))(`syntax error in ${command}`);
    assert.ok(!/abc123|filter|proxy/u.test(said), said);
  });
});
