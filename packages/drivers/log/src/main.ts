import { charContract, encodeCharReply, SEL_NOTIFY, SEL_RD, SEL_WR } from "@procyon-os/contract-char";
import { announceDriver, charDriverTask, type CharDriver, type CharTransfer } from "@procyon-os/driver";
import { errorCode, ok, SIGKMESS, type Endpoint, type Program, type Result, type ServiceImage } from "@procyon-os/message";
import { sefStartup, type InitInfo } from "@procyon-os/sef";
import { asynsend, readGrant, writeGrant } from "@procyon-os/syslib";
import { newKernelMessages } from "./kernel-messages.ts";
import { appendText, emptyLog, LOG_BYTES, logState, takeText, type LogState } from "./log-state.ts";

const KLOG_MINOR = 0;

/** Gives a reader what there is: a count, or a negative error. */
function* giveText(state: LogState, reader: { endpoint: Endpoint; grant: CharTransfer["grant"]; count: number }): Program<number> {
  const bytes = state.text.slice(0, reader.count);
  const copied = yield* writeGrant(reader.endpoint, reader.grant, 0, bytes);
  if (!copied.ok) return errorCode(copied.error);
  return takeText(state, bytes.length).length;
}

/** After new text: answers whoever has waited for it. */
function* wake(state: LogState): Program<void> {
  const { reader } = state;
  if (reader !== null && state.text.length > 0) {
    state.reader = null;
    const status = yield* giveText(state, reader);
    yield* asynsend(reader.endpoint, encodeCharReply({ kind: "revive", user: reader.user, status, grant: reader.grant }));
  }
  const { select } = state;
  if (select !== null && state.text.length > 0) {
    state.select = null;
    yield* asynsend(select.endpoint, encodeCharReply({ kind: "select2", minor: select.minor, operations: select.operations & SEL_RD }));
  }
}

function* takeKernelMessages(state: LogState): Program<void> {
  const news = yield* newKernelMessages(state.kernelNext);
  if (news === null) return;
  state.kernelNext = news.next;
  appendText(state, news.text);
  yield* wake(state);
}

const driver: CharDriver<LogState> = {
  keepsOpen: true,
  *open(_state, { minor }) {
    return minor === KLOG_MINOR ? 0 : errorCode("ENXIO");
  },
  *close() {
    return 0;
  },
  *read(state, { minor, endpoint, user, grant, count }) {
    if (minor !== KLOG_MINOR) return errorCode("ENXIO");
    if (count < 1 || state.reader !== null) return 0; // one reader waits, and no more
    if (state.text.length > 0) return yield* giveText(state, { endpoint, grant, count });
    state.reader = { endpoint, user, grant, count };
    return null;
  },
  *write(state, { minor, endpoint, grant, count }) {
    if (minor !== KLOG_MINOR) return errorCode("ENXIO");
    for (let done = 0; done < count; ) {
      const bytes = yield* readGrant(endpoint, grant, done, Math.min(count - done, LOG_BYTES));
      if (!bytes.ok) return errorCode(bytes.error);
      appendText(state, bytes.value);
      done += bytes.value.length;
    }
    yield* wake(state);
    return count;
  },
  *select(state, { minor, operations }, endpoint) {
    if (minor !== KLOG_MINOR) return errorCode("ENXIO");
    const ready = operations & ((state.text.length > 0 ? SEL_RD : 0) | SEL_WR);
    if (ready === 0 && (operations & SEL_NOTIFY) !== 0) state.select = { endpoint, minor, operations };
    return ready;
  },
  *cancel(state, { user, grant }) {
    const { reader } = state;
    if (reader === null || reader.user !== user || reader.grant !== grant) return 0; // it has its answer already
    state.reader = null;
    yield* asynsend(reader.endpoint, encodeCharReply({ kind: "revive", user, status: errorCode("EINTR"), grant }));
    return 0;
  },
};

function* start(state: LogState): Program<Result<LogState>> {
  yield* takeKernelMessages(state);
  return ok(state);
}

/** After a crash: requests that the dead instance had are lost, and VFS asks again for all that it waits for when it hears of us. */
function* initRestart(_info: InitInfo, saved: LogState | null): Program<Result<LogState>> {
  const started = yield* start({ ...(saved ?? emptyLog()), reader: null, select: null });
  yield* announceDriver("chr");
  return started;
}

/** A new version has what the one before had; of what the kernel has said since, the signal is still to come. */
function* goOn(_info: InitInfo, saved: LogState | null): Program<Result<LogState>> {
  return saved === null ? yield* start(emptyLog()) : ok(saved);
}

/** LOG: keeps what kernel and services print for whoever reads /dev/klog (reference/posix-abi.md 6.9). */
export function* main(): Program<never> {
  const state = yield* sefStartup(logState, {
    initFresh: () => start(emptyLog()),
    initRestart,
    initLu: goOn,
    *signalHandler(current, signal) {
      if (signal === SIGKMESS) yield* takeKernelMessages(current);
    },
  });
  return yield* charDriverTask(driver, state, "async");
}

/** The driver as a hosted service. */
export const image: ServiceImage = { name: "@procyon-os/log", version: "0.1.0", dataBytes: 512 * 1024, stackBytes: 16 * 1024, contract: charContract, state: logState, main };
