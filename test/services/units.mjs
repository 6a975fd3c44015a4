// A service that behaves as its first argument says: `service up /test/unit -config /test/unit.conf -label L -args WHAT`.
import { DSF_OVERWRITE, DSF_PRIV_OVERWRITE, DSF_TYPE_U32 } from "@procyon-os/contract-ds";
import { RPROCPUB_BYTES, decodeRprocPub } from "@procyon-os/contract-rs";
import { CLOCK, DS, errorCode, HARDWARE, isNotify, messageSource, messageType, newMessage, NONE, ok, PM, RS, SELF, SIGTERM, SIGUSR1, VM } from "@procyon-os/message";
import { SEF_LU_STATE_CUSTOM_BASE, sefReceive, sefStartup, stateSpec } from "@procyon-os/sef";
import { asynsend, dsCheck, dsDeleteMemory, dsDeleteU32, dsPublishLabel, dsPublishMemory, dsPublishText, dsPublishU32, dsRetrieveLabelEndpoint, dsRetrieveLabelName, dsRetrieveMemory, dsRetrieveText, dsRetrieveU32, dsSubscribe, exit, kernel, notify, panic, printf, readGrant, receive, sendNb, sendrec, vm, whoami } from "@procyon-os/syslib";

const spec = stateSpec({ name: "unit", version: 1, saved: true });
const types = ["fresh", "update", "restart"];
const outcome = (result) => (result.ok ? "OK" : result.error);
const ignore = function* () {};

/** Everything that reaches the service itself, until it ends. */
function* listen(say) {
  for (;;) {
    const { result, message, status } = yield* sefReceive();
    if (result === 0) yield* say(`gets ${isNotify(status) ? `a notification of ${messageSource(message)}` : `0x${messageType(message).toString(16)}`}`);
  }
}

const behaviors = {
  *failing(say) { yield* sefStartup(spec, { *initFresh() { return { ok: false, error: "EGENERIC" }; } }); yield* say("came back"); },
  *leaving() { yield* exit(); },
  *silent() { for (;;) yield* receive(HARDWARE); },
  *deaf() { yield* sefStartup(spec, { *initFresh() { return ok({}); } }); for (;;) yield* receive(HARDWARE); },
  *mute(say) { yield* sefStartup(spec, { *initFresh() { return ok({}); }, pingReply: ignore }); yield* listen(say); },
  *listening(say) { yield* sefStartup(spec, { *initFresh() { return ok({}); } }); yield* listen(say); },
  *types(say) {
    const init = function* (info, saved) {
      yield* say(`${types[info.type]} ${info.oldEndpoint === NONE ? "alone" : "after another"} with ${saved?.lives ?? "nothing"}`);
      return ok({ lives: (saved?.lives ?? 0) + 1 });
    };
    yield* sefStartup(spec, { initFresh: init, initLu: init, initRestart: init, pingReply: function* (source) { yield* say("pinged"); yield* notify(source); } });
    yield* listen(say);
  },
  *table(say) {
    yield* sefStartup(spec, {
      *initFresh(info) {
        const table = yield* readGrant(RS, info.rprocTable, 0, 64 * RPROCPUB_BYTES);
        if (!table.ok) return table;
        const entries = Array.from({ length: 64 }, (_, i) => decodeRprocPub(table.value, i * RPROCPUB_BYTES)).filter(({ inUse }) => inUse);
        yield* say(entries.map(({ label, endpoint }) => `${label}=${endpoint}`).join(" "));
        const beyond = yield* readGrant(RS, info.rprocTable, 64 * RPROCPUB_BYTES, 4);
        yield* say(`beyond ${outcome(beyond)}`);
        return ok({});
      },
    });
    yield* listen(say);
  },
  *rights(say, other) {
    yield* sefStartup(spec, { *initFresh() { return ok({}); } });
    yield* say(`privctl ${outcome(yield* kernel.privctl({ process: VM, request: 1, argument: 0, physStart: 0, physLength: 0 }))}`);
    yield* say(`port 70 ${outcome(yield* kernel.devio({ request: 0x11, port: 0x70, value: 0 }))}`);
    yield* say(`port 80 ${outcome(yield* kernel.devio({ request: 0x11, port: 0x80, value: 0 }))}`);
    yield* say(`irq 8 ${outcome(yield* kernel.irqctl({ request: 1, line: 8, policy: 1, hook: 1 }))}`);
    yield* say(`irq 9 ${outcome(yield* kernel.irqctl({ request: 1, line: 9, policy: 1, hook: 2 }))}`);
    yield* say(`vm info ${outcome(yield* vm.info({ what: 99, process: SELF, count: 0, address: 0, next: 0 }))}`);
    yield* say(`vm fork ${outcome(yield* vm.fork({ parent: SELF, slot: 99, flags: 0 }))}`);
    yield* say(`to pm ${messageType(yield* sendrec(PM, newMessage(0x7fff)))}`);
    yield* say(`to the other ${messageType(yield* sendrec(Number(other), newMessage(0x7fff)))}`);
    yield* say(`to ds ${messageType(yield* sendrec(DS, newMessage(0x7fff)))}`);
    yield* listen(say);
  },
  *signals(say) {
    yield* sefStartup(spec, {
      *initFresh() { return ok({}); },
      *signalHandler(_state, signal) {
        yield* say(`signal ${signal}`);
        if (signal === SIGTERM) yield* exit();
      },
    });
    yield* listen(say);
  },
  *states(say) {
    const state = yield* sefStartup(spec, {
      *initFresh() { return ok({ asked: 0, busy: 2 }); },
      *initLu(_info, saved) { yield* say(`update with asked ${saved.asked}`); return ok({ ...saved, busy: 2 }); },
      luStateIsValid: (number) => number === 1 || number === SEF_LU_STATE_CUSTOM_BASE || number === 9,
      *luStateChanged(from, to) { yield* say(`state ${from} to ${to}`); },
      *luPrepare(current, number) {
        current.asked++;
        if (number === 9 || --current.busy > 0) { yield* kernel.setalarm({ expiresAt: 6, absolute: false }); return errorCode("ENOTREADY"); }
        return 0;
      },
    });
    for (;;) { yield* sefReceive(); void state; }
  },
  *panicking(say) {
    yield* sefStartup(spec, { *initFresh() { return ok({}); }, *signalHandler(_state, signal) { if (signal === SIGUSR1) yield* panic("as it was told"); } });
    yield* listen(say);
  },
  *publishing(say) {
    yield* sefStartup(spec, { *initFresh() { return ok({}); } });
    const tell = function* (what, result) { yield* say(`${what} ${result.ok ? JSON.stringify(result.value instanceof Uint8Array ? [...result.value] : (result.value ?? "OK")) : result.error}`); };
    const done = function* (what, result) { yield* tell(what, result.ok ? ok("done") : result); };
    yield* done("publish", yield* dsPublishU32("test.a", 1234));
    yield* tell("retrieve", yield* dsRetrieveU32("test.a"));
    yield* done("again", yield* dsPublishU32("test.a", 4321));
    yield* done("over", yield* dsPublishU32("test.a", 4321, DSF_OVERWRITE));
    yield* tell("retrieve", yield* dsRetrieveU32("test.a"));
    yield* tell("as text", yield* dsRetrieveText("test.a"));
    yield* done("text", yield* dsPublishText("test.a", "a text of more than sixteen characters"));
    yield* tell("as text", yield* dsRetrieveText("test.a"));
    yield* done("memory", yield* dsPublishMemory("test.m", Uint8Array.of(1, 2, 3, 4)));
    yield* tell("memory", yield* dsRetrieveMemory("test.m", 3));
    yield* done("elsewhere", yield* dsPublishU32("xtest.a", 1));
    yield* done("long key", yield* dsPublishU32("k".repeat(80), 1));
    yield* tell("own label", yield* dsRetrieveLabelName((yield* whoami()).endpoint));
    yield* done("label", yield* dsPublishLabel("mine", 5));
    yield* done("delete", yield* dsDeleteU32("test.a"));
    yield* tell("retrieve", yield* dsRetrieveU32("test.a"));
    yield* done("delete memory", yield* dsDeleteMemory("test.m"));
    yield* done("kept", yield* dsPublishU32("test.kept", 77, DSF_PRIV_OVERWRITE));
    yield* listen(say);
  },
  *strange(say) {
    yield* sefStartup(spec, { *initFresh() { return ok({}); } });
    yield* say(`over ${outcome(yield* dsPublishU32("test.kept", 1, DSF_OVERWRITE))}`);
    yield* say(`delete ${outcome(yield* dsDeleteU32("test.kept"))}`);
    yield* say(`retrieve ${(yield* dsRetrieveU32("test.kept")).value ?? "nothing"}`);
    yield* listen(say);
  },
  *subscribing(say) {
    yield* sefStartup(spec, { *initFresh() { return ok({}); } });
    yield* say(`bad ${outcome(yield* dsSubscribe("test(", DSF_OVERWRITE))}`);
    yield* say(`subscribe ${outcome(yield* dsSubscribe("test\\.[a-z]+", DSF_TYPE_U32 | DSF_OVERWRITE))}`);
    for (;;) {
      const { message, status } = yield* sefReceive();
      if (!isNotify(status) || messageSource(message) !== DS) continue;
      for (;;) {
        const due = yield* dsCheck();
        yield* say(due.ok ? `due ${due.value.key}` : due.error);
        if (!due.ok) break;
      }
    }
  },
  *retrieving(say) {
    yield* sefStartup(spec, { *initFresh() { return ok({}); } });
    const kept = yield* dsRetrieveU32("test.kept");
    yield* say(`kept ${kept.ok ? kept.value : kept.error}`);
    const label = yield* dsRetrieveLabelEndpoint("retrieving");
    yield* say(`label ${label.ok && label.value === (yield* whoami()).endpoint}`);
    yield* listen(say);
  },
  *sending(say) {
    yield* sefStartup(spec, { *initFresh() { return ok({}); } });
    const me = (yield* kernel.getinfo({ what: 19, address: 0, maxBytes: 0, process: SELF })).value?.endpoint;
    yield* say(`to itself ${yield* sendNb(me, newMessage(1))}`);
    yield* kernel.setalarm({ expiresAt: 6, absolute: false });
    const first = yield* sefReceive();
    yield* say(`alarm ${isNotify(first.status) && messageSource(first.message) === CLOCK}`);
    yield* asynsend(DS, newMessage(0x7fff)); // DS answers what it does not know
    const second = yield* sefReceive();
    yield* say(`answer of ${messageSource(second.message)}: ${messageType(second.message)}`);
    yield* listen(say);
  },
};
export const unit = {
  name: "unit", version: "1.0.0", dataBytes: 64 * 1024, stackBytes: 16 * 1024,
  *main([, what = "", more = ""]) {
    const behavior = behaviors[what];
    if (behavior === undefined) throw new Error(`no behavior ${what}`);
    yield* behavior((text) => printf(`${what}: ${text}\n`), more);
  },
};

export const unitFiles = {
  "/test/unit": "#!hosted unit\n",
  "/test/unit.conf": "service unit { uid 0; };\n",
  "/test/rights.conf": "service unit { uid 0; io 70:2; irq 8; system DEVIO IRQCTL; vm INFO; ipc SYSTEM rs vm ds; };\n",
  "/test/other.conf": "service unit { uid 0; ipc rs; };\n",
  "/test/policy.sh": "echo $1 $2 $3 >>/tmp/policy\n[ $3 -lt 2 ] && exec service restart $1\nexec service down $1\n",
};
