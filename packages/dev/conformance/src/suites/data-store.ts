import { dsPublishText, dsPublishU32, dsRetrieveText, dsRetrieveU32 } from "@procyon-os/syslib";
import { same } from "../check.ts";
import type { Suite } from "./suite.ts";

/** DS. What it does for its clients is tried with the service alone, too (`data-store-tests.ts`). */
export const dsSuite: Suite = {
  answers: { known: [0x602], always: ["EPERM"] },
  live: { crashes: 6 },
  files: { "/conf/probe": "#!hosted @procyon-os/probe\n", "/conf/probe.conf": "service probe { uid 0; };\n" },
  job: `
for i in 1 2 3; do
  service up /conf/probe -config /conf/probe.conf -label conf; service lookup conf >/dev/null; echo $?; service down conf
done
service lookup tty; service lookup log
`,
  behaviour: (bench) => [
    {
      title: "keeps what was published over an update and over a crash",
      run() {
        const { machine } = bench;
        const retrieve = (): unknown => machine.act(function* () {
          const number = yield* dsRetrieveU32("conformance");
          const text = yield* dsRetrieveText("conformance");
          return [number.ok ? number.value : number.error, text.ok ? text.value : text.error];
        });
        const published = machine.act(function* () {
          return [(yield* dsPublishU32("conformance", 4711)).ok, (yield* dsPublishText("conformance", "a text")).ok];
        });
        same("publishing a number and a text", published, [true, true]);
        same("update", machine.system.update(bench.label, bench.next(1)), { ok: true });
        same("number and text after an update", retrieve(), [4711, "a text"]);
        machine.run(`kill -9 ${machine.service(bench.label)?.pid}`);
        machine.pass(3);
        same("number and text after its death", retrieve(), [4711, "a text"]);
      },
    },
  ],
};
