import { isContract } from "@procyon-os/contract-is";
import { FKEY_EVENTS, FKEY_MAP, FKEY_UNMAP, ttyContract } from "@procyon-os/contract-tty";
import { isNotify, messageSource, messageType, ok, SIGTERM, TTY, type Program, type Result, type ServiceImage } from "@procyon-os/message";
import { queueReply, saveState, sefReceive, sefStartup, type InitInfo } from "@procyon-os/sef";
import { client, dispatch, exit, isCallOf, panic, printf } from "@procyon-os/syslib";
import { dumps } from "./dumps/all.ts";
import { handlers } from "./handlers.ts";
import { keysIn, keyWords } from "./key.ts";
import { printPage } from "./print-page.ts";
import { freshState, isState, type IsState } from "./state.ts";

const tty = client(ttyContract, TTY);

/** Whatever instance it is: the keys are its own now. */
function* init(_info: InitInfo, saved: IsState | null = null): Program<Result<IsState>> {
  const mapped = yield* tty.fkeyControl({ request: FKEY_MAP, ...keyWords(dumps.keys()) });
  if (!mapped.ok) yield* printf(`IS: TTY gives no keys: ${mapped.error}\n`);
  return ok(saved ?? freshState());
}

function* signalHandler(_state: IsState, signal: number): Program<void> {
  if (signal !== SIGTERM) return;
  yield* tty.fkeyControl({ request: FKEY_UNMAP, ...keyWords(dumps.keys()) });
  yield* exit();
}

/** TTY has a key for us. What was pressed stands in the state before it is printed: TTY tells it once. */
function* keysPressed(state: IsState): Program<void> {
  const events = yield* tty.fkeyControl({ request: FKEY_EVENTS, fkeys: 0, sfkeys: 0 });
  if (!events.ok) return yield* printf(`IS: TTY does not say which keys: ${events.error}\n`);
  state.due.push(...keysIn(events.value));
  yield* saveState();
}

function* printDue(state: IsState): Program<void> {
  for (let key = state.due[0]; key !== undefined; key = state.due[0]) {
    yield* printPage(state, key);
    state.due.shift();
  }
}

/** IS: prints tables of the system when a function key is pressed (reference/rs-sef-ds-syslib.md 6). */
function* main(): Program<never> {
  const state = yield* sefStartup(isState, { initFresh: init, initRestart: init, initLu: init, signalHandler });
  for (;;) {
    yield* printDue(state);
    const received = yield* sefReceive();
    if (received.result !== 0) return yield* panic(`receive failed: ${received.result}`);
    const { message, status } = received;
    if (isNotify(status)) {
      if (messageSource(message) === TTY) yield* keysPressed(state);
      continue;
    }
    if (!isCallOf(isContract, message)) yield* printf(`IS: unknown request ${messageType(message)} of ${messageSource(message)}\n`);
    const answer = yield* dispatch(isContract, handlers, state, received);
    if (answer !== null) queueReply(received, answer);
  }
}

/** The information server as a hosted service. Its data hold the kernel's process table. */
export const image: ServiceImage = { name: "@procyon-os/is", version: "0.1.0", dataBytes: 1024 * 1024, stackBytes: 16 * 1024, contract: isContract, state: isState, main };
