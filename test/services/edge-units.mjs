// Services for the edge cases of reference/rs-sef-ds-syslib.md 8: `service up /test/edge -config /test/edge.conf -label L -args WHAT`.
import { DSF_OVERWRITE, DSF_TYPE_U32 } from "@procyon-os/contract-ds";
import { AMF_NOTIFY_ERR, AMF_NOTIFY, CLOCK, DS, errorCode, fail, isNotify, messageSource, messageType, newMessage, ok, SIGUSR1, SYSTEM } from "@procyon-os/message";
import { debugDumpRequest, sefReceive, sefStartup, stateSpec } from "@procyon-os/sef";
import { asynGetError, asynsend, dsCheck, dsPublishMemory, dsPublishText, dsPublishU32, dsRetrieveLabelEndpoint, dsRetrieveMemory, dsRetrieveText, dsRetrieveU32, dsSubscribe, exit, getUptime, kernel, panic, printf, send, sendrec, tickDelay, whoami } from "@procyon-os/syslib";

const spec = stateSpec({ name: "edge", version: 1, saved: true });
const outcome = (result) => (result.ok ? "OK" : result.error);
const plain = { *initFresh() { return ok({ starts: 1 }); } };
function* forever() {
  for (;;) yield* sefReceive();
}
const started = function* (say, type) {
  yield* say(type);
  const hook = yield* kernel.irqctl({ request: 1, line: 9, policy: 1, hook: 1 });
  yield* say(`irq ${outcome(hook)} at ${(yield* whoami()).endpoint}`);
  return ok({ starts: 1 });
};

const behaviors = {
  *anew(say) {
    yield* sefStartup(spec, {
      initFresh: () => started(say, "fresh"),
      *initRestart() { yield* say("restart refused"); return fail("ERESTART"); },
    });
    yield* forever();
  },
  *panics(say) { yield* sefStartup(spec, { *initFresh() { yield* say("begins"); return yield* panic("at its start"); } }); },
  *quits(say) {
    yield* sefStartup(spec, { *initFresh() { yield* say("starts"); return ok({}); }, *signalHandler(_state, signal) { if (signal === SIGUSR1) yield* exit(); } });
    yield* forever();
  },
  *stays(say) {
    yield* sefStartup(spec, { ...plain, *signalHandler(_state, signal) { yield* say(`signal ${signal}`); } });
    yield* forever();
  },
  *where(say, label) {
    yield* sefStartup(spec, plain);
    const found = yield* dsRetrieveLabelEndpoint(label);
    yield* say(`${label} ${found.ok ? found.value : found.error}`);
    yield* forever();
  },
  *listens(say, how) {
    yield* sefStartup(spec, {
      *initFresh() { yield* say(`subscribe ${outcome(yield* dsSubscribe("edge[.]news", DSF_TYPE_U32))}`); return ok({}); },
      *initRestart(_info, saved) {
        if (how === "anew") return fail("ERESTART");
        yield* say(`again ${outcome(yield* dsSubscribe("edge[.]news", DSF_TYPE_U32))}`);
        return ok(saved);
      },
    });
    for (;;) {
      const { message, status } = yield* sefReceive();
      if (!isNotify(status) || messageSource(message) !== DS) continue;
      const due = yield* dsCheck();
      yield* say(due.ok ? `due ${due.value.key}` : due.error);
    }
  },
  *news(say) {
    yield* sefStartup(spec, plain);
    yield* say(`published ${outcome(yield* dsPublishU32("edge.news", 1, DSF_OVERWRITE))}`);
    yield* forever();
  },
  *values(say) {
    yield* sefStartup(spec, plain);
    yield* say(`79 ${outcome(yield* dsPublishU32("k".repeat(79), 1))} 80 ${outcome(yield* dsPublishU32("k".repeat(80), 1))} 0 ${outcome(yield* dsPublishU32("", 1))}`);
    const long = "long ".repeat(4000);
    yield* say(`text ${outcome(yield* dsPublishText("edge.text", long))}`);
    const text = yield* dsRetrieveText("edge.text", 30_000);
    yield* say(`back ${text.ok && text.value === long} short ${(yield* dsRetrieveText("edge.text", 9)).value}`);
    const memory = function* (length) {
      const written = yield* dsPublishMemory("edge.memory", new Uint8Array(length).fill(length), DSF_OVERWRITE);
      const read = yield* dsRetrieveMemory("edge.memory", 40);
      return `${outcome(written)} ${read.ok ? `${read.value.length}x${read.value[0]}` : read.error}`;
    };
    yield* say(`memory ${yield* memory(21)}, ${yield* memory(35)}, ${yield* memory(7)}, ${yield* memory(60)}`);
    yield* say(`types ${outcome(yield* dsPublishU32("edge.text", 5))} ${(yield* dsRetrieveU32("edge.text")).value} ${outcome(yield* dsRetrieveU32("edge.memory"))}`);
    yield* forever();
  },
  *events(say) {
    yield* sefStartup(spec, {
      ...plain,
      *alarm(state, uptime) { yield* say(`alarm at ${uptime > 0} for ${state.starts}`); },
      *debugDump(_state, what) { yield* say(`dump of ${what}`); },
      *shutdown() { yield* say("shutdown"); },
      *luStateDump(_state, luState) { yield* say(`before state ${luState}`); },
      *luPrepare() { yield* kernel.setalarm({ expiresAt: 6, absolute: false }); return errorCode("ENOTREADY"); },
    });
    yield* kernel.setalarm({ expiresAt: 6, absolute: false });
    for (;;) {
      const { message } = yield* sefReceive();
      yield* say(`gets 0x${messageType(message).toString(16)}`);
    }
  },
  *quiet(say) {
    yield* sefStartup(spec, plain);
    for (;;) yield* say(`gets 0x${messageType((yield* sefReceive()).message).toString(16)}`);
  },
  *asks(say, to) {
    yield* sefStartup(spec, plain);
    const request = debugDumpRequest(7);
    yield* say(`dump ${messageType(yield* sendrec(Number(to), request))}`);
    yield* send(Number(to), debugDumpRequest(8));
    yield* asynsend(Number(to), debugDumpRequest(9)); // as an answer could look
    yield* forever();
  },
  *errors(say, to) {
    yield* sefStartup(spec, plain);
    yield* asynsend(Number(to), newMessage(0x7ff0), AMF_NOTIFY_ERR);
    yield* asynsend(Number(to), newMessage(0x7ff1));
    yield* asynsend(SYSTEM, newMessage(0x7ff2), AMF_NOTIFY);
    const { message, status } = yield* sefReceive();
    yield* say(`notified ${isNotify(status)} by ${messageSource(message)}`);
    for (let error = yield* asynGetError(); error !== null; error = yield* asynGetError()) yield* say(`0x${messageType(error.message).toString(16)} to ${error.to}: ${error.error}`);
    yield* forever();
  },
  *delays(say) {
    yield* sefStartup(spec, plain);
    const start = yield* getUptime();
    yield* tickDelay(0);
    const none = (yield* getUptime()) - start;
    yield* kernel.setalarm({ expiresAt: 50, absolute: false });
    yield* tickDelay(20);
    const twenty = (yield* getUptime()) - start;
    for (;;) {
      const { message, status } = yield* sefReceive();
      if (isNotify(status) && messageSource(message) === CLOCK) break;
    }
    yield* say(`delays ${none} ${twenty} alarm ${(yield* getUptime()) - start}`);
    yield* forever();
  },
};

export const edge = {
  name: "edge", version: "1.0.0", dataBytes: 256 * 1024, stackBytes: 16 * 1024,
  *main([, what = "", more = ""]) {
    yield* behaviors[what]((text) => printf(`${what}: ${text}\n`), more);
  },
};
export const edgeFiles = { "/test/edge": "#!hosted edge\n", "/test/edge.conf": "service edge { uid 0; irq 9; system IRQCTL; };\n" };
