import { ok, type Program, type ServiceImage, SIGTERM } from "@procyon-os/message";
import { sefStartup, stateSpec } from "@procyon-os/sef";
import { askWhoami, exit, panic } from "@procyon-os/syslib";
import { dstest } from "./dstest.ts";
import { grantor } from "./grantor.ts";
import { grants } from "./grants.ts";
import { BYTES, PAGE, pages } from "./memory.ts";
import { safecopy } from "./safecopy.ts";
import { safemap } from "./safemap.ts";
import { safeperf } from "./safeperf.ts";
import { askBoth, newSuite, OP, openFifos, openResults, otherPartner, type Suite } from "./suite.ts";
import { subs } from "./subs.ts";
import { chain } from "./three.ts";

const requestors: { readonly [name: string]: (suite: Suite) => Program<never> } = { safecopy, safemap, safeperf, chain };
const LONGEST_COPY = 0x400000;

function* requestor(suite: Suite): Program<never> {
  if (suite.name === "chain") {
    yield* openFifos(suite, false, "3fifo", "4fifo");
    otherPartner(suite);
  }
  yield* openFifos(suite, false);
  if (suite.name === "dstest") return yield* dstest(suite);
  const program = requestors[suite.name];
  if (program === undefined) return yield* panic(`no suite ${suite.name}`);
  const [partner, grant] = yield* askBoth(suite, OP.END, suite.self);
  suite.partner = partner as Suite["partner"];
  suite.grant = grant as Suite["grant"];
  suite.buf = yield* pages(BYTES);
  suite.spare = yield* pages(BYTES);
  return yield* program(suite);
}

/**
 * All suites in one package, as `/usr/tests/hosted/NAME` of the root image starts them: the name of the file is the suite, `role=`
 * the role, `at=` the folder of the FIFOs.
 */
export const suites: ServiceImage = {
  name: "@procyon-os/suites", version: "0.1.0", dataBytes: 64 * 1024, stackBytes: 8192,
  *main(args) {
    yield* sefStartup(stateSpec<object>({ name: "suite", version: 1, saved: false }), {
      initFresh: function* () { return ok({}); },
      signalHandler: function* (_state, signal) { if (signal === SIGTERM) yield* exit(); },
    });
    const suite = newSuite(args, (yield* askWhoami()).endpoint);
    yield* openResults(suite);
    if (suite.name === "grants") return yield* grants(suite);
    const role = suite.parameters.get("role");
    if (role === "middle") {
      yield* openFifos(suite, true, "3fifo", "4fifo");
      return yield* grantor(suite, BYTES);
    }
    if (role !== "grantor") return yield* requestor(suite);
    yield* openFifos(suite, true);
    return yield* (suite.name === "dstest" ? subs(suite) : grantor(suite, suite.name === "safeperf" ? LONGEST_COPY + PAGE : BYTES));
  },
};
