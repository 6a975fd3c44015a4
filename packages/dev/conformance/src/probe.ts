import { DSF_OVERWRITE } from "@procyon-os/contract-ds";
import { describeResult, messageType, newMessage, ok, resultCode, SIGUSR1, type Endpoint, type Program, type Result, type ServiceImage } from "@procyon-os/message";
import { sefReceive, sefStartup, stateSpec } from "@procyon-os/sef";
import { dsPublishU32, dsRetrieveU32, printf, sendrec } from "@procyon-os/syslib";

const stateless = stateSpec<null>({ name: "probe", version: 1, saved: false });
const size = { version: "0.1.0", dataBytes: 128 * 1024, stackBytes: 16 * 1024 } as const;

function* start(): Program<Result<null>> {
  return ok(null);
}

/** What the probe is asked to do, and what it says of it. */
function* act(what: string, first: string, second: string): Program<string> {
  if (what === "publish") return describeResult(resultCode(((yield* dsPublishU32(first, Number(second), DSF_OVERWRITE)).ok ? ok(0) : ok(-1))));
  if (what === "retrieve") {
    const found = yield* dsRetrieveU32(first);
    return found.ok ? String(found.value) : found.error;
  }
  if (what === "send") return describeResult(messageType(yield* sendrec(Number(first) as Endpoint, newMessage(Number(second)))));
  return `unknown: ${what}`;
}

/** A service that does one thing as any client could, says what came of it, and waits for its end. */
function* main(args: readonly string[]): Program<never> {
  yield* sefStartup(stateless, { initFresh: start, initRestart: start, initLu: start });
  const [, label = "probe", what = "", first = "", second = ""] = args;
  yield* printf(`${label}: ${yield* act(what, first, second)}\n`);
  for (;;) yield* sefReceive();
}

export const probe: ServiceImage = { ...size, name: "@procyon-os/probe", main };

/** Programs that a client in the guest runs, one after another. */
export type Work = (() => Program<unknown>)[];

/** A service that runs what is put into its list whenever it gets SIGUSR1, and when it starts. */
export function clientOf(name: string, work: Work): ServiceImage {
  function* runAll(): Program<void> {
    for (let next = work.shift(); next !== undefined; next = work.shift()) yield* next();
  }
  return {
    ...size, name,
    *main() {
      yield* sefStartup(stateless, {
        initFresh: start, initRestart: start,
        *signalHandler(_state, signal) {
          if (signal === SIGUSR1) yield* runAll();
        },
      });
      yield* runAll();
      for (;;) yield* sefReceive();
    },
  };
}
