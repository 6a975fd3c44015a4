import { CPF_MAP, CPF_READ, CPF_WRITE, SEG_D } from "@procyon-os/contract-kernel";
import { isNotify, messageSource, messageType, newMessage, ok, type Endpoint, type GrantId, type Program, type ServiceImage } from "@procyon-os/message";
import { sefReceive, sefStartup, stateSpec } from "@procyon-os/sef";
import { grantDirect, kernel, load, mapMemory, printf, sendNb, sendrec, store } from "@procyon-os/syslib";

// The same two parts as in pair.c, hosted.
const GRANT = 0x1001;
const GET = 0x1002;
const SET = 0x1003;
const REVOKE = 0x1004;
const BUFFER = 8 * 4096;

function* print(what: string, value: number, wanted: number): Program<void> {
  yield* printf(`PAIR: ${value === wanted ? "ok" : "FAIL"} ${what} ${value}\n`);
}
function* ask(who: Endpoint, what: number, value: number): Program<number> {
  const message = newMessage(what);
  message[2] = value;
  const answer = yield* sendrec(who, message);
  return messageType(answer) !== 0 ? messageType(answer) : (answer[2] as number);
}

function* request(granter: Endpoint, buf: number): Program<void> {
  const grant = (yield* ask(granter, GRANT, 0)) as GrantId;
  const peek = function* (): Program<number> { return (yield* load(buf, 1))[0] as number; };
  const poke = (value: number): Program<void> => store(buf, Uint8Array.of(value));
  const copy = function* (bytes: number): Program<string> {
    const done = yield* kernel.safecopyfrom({ process: granter, segment: SEG_D, grant, offset: 0, address: buf as never, bytes });
    return done.ok ? "ok" : done.error;
  };
  const map = function* (): Program<number> {
    return (yield* kernel.safemap({ granter, grant, offset: 0, segment: SEG_D, address: buf, bytes: BUFFER, writable: true })).ok ? 0 : -1;
  };
  yield* print("grant", grant >= 0 ? 1 : 0, 1);
  yield* ask(granter, SET, 100);
  for (let bytes = 1; bytes <= BUFFER; bytes *= 2) {
    yield* poke(1);
    if ((yield* copy(bytes)) !== "ok" || (yield* peek()) !== 100) yield* print("safecopy", bytes, 0);
  }
  yield* print("safecopy past the end", (yield* copy(BUFFER + 1)) === "EPERM" ? -1 : 0, -1);
  yield* ask(granter, SET, 20);
  yield* print("map", yield* map(), 0);
  yield* print("MAP sees", yield* peek(), 20);
  yield* poke(10);
  yield* print("MAP is seen", yield* ask(granter, GET, 0), 10);
  yield* print("unmap", (yield* kernel.safeunmap({ segment: SEG_D, address: buf })).ok ? 0 : -1, 0);
  yield* ask(granter, SET, 20);
  yield* print("UNMAP keeps", yield* peek(), 10);
  yield* print("map again", yield* map(), 0);
  yield* print("sees", yield* peek(), 20);
  yield* print("revoke", yield* ask(granter, REVOKE, 21), 0);
  yield* print("REVOKE keeps", yield* peek(), 20);
  yield* poke(10);
  yield* print("REVOKE parts", yield* ask(granter, GET, 0), 21);
  yield* print("done", 1, 1);
}

/** Grantor, or with an endpoint as argument requestor, of the safecopy and safemap suites (reference/rs-sef-ds-syslib.md 7). */
export const pair: ServiceImage = {
  name: "@procyon-os/pair", version: "1.0.0", dataBytes: 64 * 1024, stackBytes: 8192,
  *main(args) {
    yield* sefStartup(stateSpec<object>({ name: "pair", version: 1, saved: false }), { initFresh: function* () { return ok({}); } });
    const buf = (yield* mapMemory(BUFFER)) as number;
    let grant = 0 as GrantId;
    if (args[1] !== undefined) yield* request(Number(args[1]) as Endpoint, buf);
    for (;;) {
      const { message, status } = yield* sefReceive();
      if (isNotify(status)) continue;
      const source = messageSource(message);
      const answer = newMessage(0);
      const value = message[2] as number;
      switch (messageType(message)) {
        case GRANT: answer[2] = grant = yield* grantDirect(source, buf, BUFFER, CPF_READ | CPF_WRITE | CPF_MAP); break;
        case GET: answer[2] = (yield* load(buf, 1))[0] as number; break;
        case SET: yield* store(buf, Uint8Array.of(value)); break;
        case REVOKE: answer[2] = (yield* kernel.saferevmap({ byGrant: true, what: grant })).ok ? 0 : -1; yield* store(buf, Uint8Array.of(value)); break;
      }
      yield* sendNb(source, answer);
    }
  },
};
