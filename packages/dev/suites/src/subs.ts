import { DSF_INITIAL, DSF_OVERWRITE, DSF_TYPE_MEM, DSF_TYPE_STR, DSF_TYPE_U32 } from "@procyon-os/contract-ds";
import { DS, errorCode, type Program } from "@procyon-os/message";
import { sefReceive } from "@procyon-os/sef";
import { dsCheck, dsRetrieveMap, dsRetrieveMemory, dsRetrieveText, dsRetrieveU32, dsSubscribe, load32, textBytes } from "@procyon-os/syslib";
import { codeOf, PAGE, pages, sumOf } from "./memory.ts";
import { conclude, nextRequest, OP, reply, type Suite } from "./suite.ts";

type Outcome = readonly [result: number, value: number];

/** What DS says of a key, by its type. */
function* retrieve(key: string, type: number): Program<Outcome> {
  if ((type & DSF_TYPE_U32) !== 0) {
    const number = yield* dsRetrieveU32(key);
    return [codeOf(number), number.ok ? number.value : 0];
  }
  if ((type & DSF_TYPE_STR) !== 0) {
    const text = yield* dsRetrieveText(key, 64);
    return [codeOf(text), text.ok ? sumOf(textBytes(text.value)) : 0];
  }
  if ((type & DSF_TYPE_MEM) === 0) return [0, 0];
  const bytes = yield* dsRetrieveMemory(key, 64);
  return [codeOf(bytes), bytes.ok ? sumOf(bytes.value) : 0];
}

/** DS's notification has come; `later`: or an earlier one stands for this too. */
function* nextKey(later: boolean): Program<Outcome> {
  if (!later) yield* sefReceive(DS);
  const due = yield* dsCheck();
  return due.ok ? yield* retrieve(due.value.key, due.value.type) : [codeOf(due), 0];
}

const subscriptions: readonly (readonly [pattern: string, flags: number])[] = [
  ["test_(u32|str|mem|one|two|initial)", DSF_INITIAL | DSF_OVERWRITE], ["test_(", DSF_OVERWRITE], ["test_.*", 0],
  ["test_[a-z0-9]+", DSF_INITIAL | DSF_OVERWRITE | DSF_TYPE_U32],
];

function* obey({ buf }: Suite, op: number, a: number): Program<Outcome> {
  const [pattern, flags] = subscriptions[a] ?? ["", 0];
  switch (op) {
    case OP.SUBSCRIBE: return [codeOf(yield* dsSubscribe(pattern, flags)), 0];
    case OP.CHECK: return yield* nextKey(a !== 0);
    case OP.RETRIEVE: return [codeOf(yield* dsRetrieveMap("test_map", buf, PAGE)), yield* load32(buf)];
    case OP.PEEK: return [0, yield* load32(buf)];
    default: return [errorCode("ENOSYS"), 0];
  }
}

/** The subscriber of the ds suite: says what it has heard of when dstest asks. */
export function* subs(suite: Suite): Program<never> {
  suite.buf = yield* pages(PAGE);
  for (let request = yield* nextRequest(suite); request !== null; request = yield* nextRequest(suite)) {
    const [result, value] = yield* obey(suite, request[0], request[1]);
    yield* reply(suite, result, value);
  }
  return yield* conclude(suite);
}
