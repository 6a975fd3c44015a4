// A service that says, each time it gets SIGUSR1, what it may do: `service up /test/rights -config FILE -label L`.
import { DS, newMessage, messageSource, messageType, ok, PM, SELF, SIGTERM, SIGUSR1, VM } from "@procyon-os/message";
import { sefReceive, sefStartup, stateSpec } from "@procyon-os/sef";
import { exit, kernel, printf, rsLookup, rsRequest, sendNb, sendrec, vm } from "@procyon-os/syslib";

const spec = stateSpec({ name: "rights", version: 1, saved: true });
const outcome = (result) => (result.ok ? "OK" : result.error);
const DENIED = -104;
const GETUID = 24;

const answered = function* (to) {
  return messageType(yield* sendrec(to, newMessage(0x7fff))) === DENIED ? "denied" : "OK";
};

const probes = {
  *uid() { return `${messageType(yield* sendrec(PM, newMessage(GETUID)))}`; },
  *privctl() { return outcome(yield* kernel.privctl({ process: VM, request: 99, argument: 0, physStart: 0, physLength: 0 })); },
  *times() { return outcome(yield* kernel.times({ process: SELF })); },
  *"port 70"() { return outcome(yield* kernel.devio({ request: 0x11, port: 0x70, value: 0 })); },
  *"port 80"() { return outcome(yield* kernel.devio({ request: 0x11, port: 0x80, value: 0 })); },
  *"irq 9"() {
    const hook = yield* kernel.irqctl({ request: 1, line: 9, policy: 1, hook: 1 });
    if (hook.ok) yield* kernel.irqctl({ request: 2, line: 0, policy: 0, hook: hook.value.hook });
    return outcome(hook);
  },
  *"irq 11"() {
    const hook = yield* kernel.irqctl({ request: 1, line: 11, policy: 1, hook: 1 });
    if (hook.ok) yield* kernel.irqctl({ request: 2, line: 0, policy: 0, hook: hook.value.hook });
    return outcome(hook);
  },
  *"vm info"() { return outcome(yield* vm.info({ what: 99, process: SELF, count: 0, address: 0, next: 0 })); },
  *"vm getref"() { return outcome(yield* vm.getref({ process: SELF, address: 0 })); },
  *"to ds"() { return yield* answered(DS); },
};

export const rights = {
  name: "rights", version: "1.0.0", dataBytes: 64 * 1024, stackBytes: 16 * 1024,
  *main([, ...args]) {
    const [name = "", ...words] = args;
    yield* sefStartup(spec, {
      *initFresh() { return ok({}); },
      *signalHandler(_state, signal) {
        if (signal === SIGTERM) yield* exit();
        if (signal !== SIGUSR1) return;
        for (const word of words) {
          const probe = word.replaceAll("_", " ");
          if (probe.startsWith("sends ")) {
            const to = yield* rsLookup(probe.slice(6));
            yield* printf(`${name}: ${probe} ${to.ok ? yield* answered(to.value) : to.error}\n`);
          } else if (probe.startsWith("refresh ")) yield* printf(`${name}: ${probe} ${outcome(yield* rsRequest("refresh", probe.slice(8)))}\n`);
          else yield* printf(`${name}: ${probe} ${yield* probes[probe]()}\n`);
        }
      },
    });
    for (;;) {
      const { message } = yield* sefReceive();
      yield* sendNb(messageSource(message), newMessage(0)); // whoever asks has an answer
    }
  },
};
