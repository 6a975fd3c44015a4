import { ANY, CLOCK, DATA_START, HARDWARE, MEM, NONE, NOTIFY, PM, RECEIVE, RS, SEND, SENDA, SENDREC, SIGKSIG, SIGUSR1, SIGUSR2, STATUS_FROM_KERNEL, SYSTEM, VFS, errorCode, newMessage, type Endpoint, type GrantId, type Message, type Program } from "@procyon-os/message";
import { CPF_DIRECT, CPF_READ, CPF_USED, CPF_VALID, IRQ_ENABLE, IRQ_REENABLE, IRQ_SETPOLICY, RTS_NO_QUANTUM, SCHEDULING_NO_QUANTUM, SYS_PRIV_ALLOW, SYS_PRIV_DISALLOW, encodeGrant, kernelContract } from "@procyon-os/contract-kernel";
import { Board, Cpu } from "@procyon-os/hardware";
import { describe, expect, it } from "vitest";
import { elf } from "../src/testing/guest.ts";
import { ipc, load, store, sys } from "../src/testing/machine.ts";
import { asynTable, call, privctl, scene, wait, type Actor } from "../src/testing/scene.ts";

/** The slot that the new instance waits in; the old one is PM, and clients know only that name. */
const SPARE = 9 as Endpoint;
const TABLE = DATA_START + 0x1000;
const DATA = DATA_START + 0x2000;
const LINE = 9;
const NOTIFICATION = 0x1000;
const states = ["RECEIVING", "NO_PRIV", "SIG_PENDING"] as const;

type Label = "old" | "new";
/** Which instance is in PM's slot when all is done, which in the other, and where the old one is. */
interface Outcome {
  readonly here: Label;
  readonly there: Label;
  readonly oldIsAt: Endpoint;
}
interface Row {
  readonly what: string;
  /** What an instance does before it waits. */
  readonly prepare?: (label: Label) => Program<unknown>;
  /** What the client does before the swap, and what after it. */
  readonly client?: (log: unknown[]) => Program<unknown>;
  readonly clientLater?: (log: unknown[]) => Program<unknown>;
  /** What happens before and after the swap, done by RS. */
  readonly before?: (board: Board) => Program<unknown>;
  readonly after?: (board: Board) => Program<unknown>;
  /** What an instance does when it runs again. */
  readonly act?: (label: Label, log: unknown[]) => Program<unknown>;
  readonly expected: (outcome: Outcome) => readonly unknown[];
}

function* raise(board: Board): Program<void> {
  board.pic.irq(LINE).pulse();
  yield* wait(1);
}
function* hook(label: Label): Program<void> {
  if (label === "new") return;
  const { reply } = kernelContract.calls.irqctl;
  const answer = yield* sys("irqctl", { request: IRQ_SETPOLICY, line: LINE, policy: IRQ_REENABLE, hook: 4 });
  yield* sys("irqctl", { request: IRQ_ENABLE, line: LINE, policy: 0, hook: reply.hook.read(answer) });
}
function* grant(to: Endpoint, byte: number): Program<void> {
  yield* store(DATA, Uint8Array.of(byte));
  yield* store(TABLE, encodeGrant({ kind: "direct", flags: CPF_USED | CPF_VALID | CPF_DIRECT | CPF_READ, to, start: DATA, length: 1 }));
  yield* sys("setgrant", { table: TABLE as never, entries: 1 });
}
/** The byte behind grant 0 of a process, or the error. */
function* fetchByte(process: Endpoint): Program<number> {
  const result = yield* call("safecopyfrom", { process, segment: 1, grant: 0 as GrantId, offset: 0, address: DATA_START as never, bytes: 1 });
  return result === 0 ? ((yield* load(DATA_START, 1))[0] as number) : result;
}
function* hear(log: unknown[]): Program<void> {
  const { message, ebx } = yield* ipc(RECEIVE, ANY);
  log.push(["client", message?.[0], message?.[1], ebx]);
}
function* ownTable(label: Label): Program<void> {
  if (label === "new") return;
  yield* asynTable(TABLE, [[VFS, 15]]);
  yield* ipc(SENDA, 1 as Endpoint, null, TABLE);
}

const rows: readonly Row[] = [
  {
    what: "a queued SEND", expected: ({ here }) => [[here, VFS, 11, SEND], ["client", 0]],
    client: function* (log) {
      log.push(["client", (yield* ipc(SEND, PM, newMessage(11))).eax]);
    },
  },
  {
    what: "a queued SENDREC", expected: ({ here }) => [[here, VFS, 12, SENDREC], ["client", 0, PM, 13]],
    client: function* (log) {
      const { eax, message } = yield* ipc(SENDREC, PM, newMessage(12));
      log.push(["client", eax, message?.[0], message?.[1]]);
    },
  },
  { what: "a notification", client: () => ipc(NOTIFY, PM), expected: ({ here }) => [[here, VFS, NOTIFICATION, NOTIFY]] },
  {
    what: "an asynchronous message to it", expected: ({ here }) => [[here, VFS, 14, SENDA]],
    client: function* () {
      yield* asynTable(TABLE, [[PM, 14]]);
      yield* ipc(SENDA, 1 as Endpoint, null, TABLE);
    },
  },
  { what: "its own asynchronous message", prepare: ownTable, clientLater: hear, expected: ({ oldIsAt }) => [["client", oldIsAt, 15, SENDA]] },
  {
    what: "an alarm", after: () => wait(60), expected: ({ here }) => [[here, CLOCK, NOTIFICATION, NOTIFY]],
    prepare: (label) => sys("setalarm", { expiresAt: (label === "old" ? 40 : 0) as never, absolute: false }),
  },
  { what: "an interrupt before", prepare: hook, before: raise, expected: ({ here }) => [[here, HARDWARE, NOTIFICATION, NOTIFY, 1 << 4]] },
  { what: "an interrupt after", prepare: hook, after: raise, expected: ({ here }) => [[here, HARDWARE, NOTIFICATION, NOTIFY, 1 << 4]] },
  {
    what: "a grant that it gave", prepare: (label) => grant(VFS, label === "old" ? 1 : 2),
    clientLater: function* (log) {
      log.push(["bytes", yield* fetchByte(PM), yield* fetchByte(SPARE)]);
    },
    expected: ({ here }) => [here === "old" ? ["bytes", 1, 2] : ["bytes", 2, 1]],
  },
  {
    what: "a grant that it got", client: () => grant(PM, 7),
    act: function* (label, log) {
      log.push(["fetched", label, yield* fetchByte(VFS)]);
    },
    expected: ({ here, there }) => [["fetched", here, 7], ["fetched", there, errorCode("EPERM")]],
  },
  { what: "a signal", before: () => sys("kill", { process: PM, signal: SIGUSR2 }), expected: ({ oldIsAt }) => [["signal", oldIsAt, 1 << SIGUSR2]] },
  {
    what: "a signal of the kernel", before: () => sys("kill", { process: MEM, signal: SIGUSR1 }), // whose manager PM is
    expected: ({ here }) => [[here, SYSTEM, NOTIFICATION, NOTIFY, 1 << SIGKSIG]],
  },
];

/** An instance: prepares itself, then says whatever comes, each time RS lets it, until RS says that it is enough. */
function instance(label: Label, row: Row): Actor {
  return function* (log) {
    yield* ipc(RECEIVE, RS);
    yield* row.prepare?.(label) ?? [];
    for (let round = 0; ; round++) {
      yield* ipc(RECEIVE, RS);
      for (;;) {
        const { message, ebx } = yield* ipc(RECEIVE, ANY);
        const [from = NONE, type = 0] = message as Message;
        if (from === RS) break;
        log.push([label, from, type, ebx, ...(from === HARDWARE || from === SYSTEM ? [message?.[5]] : [])]);
        if (ebx === SENDREC) yield* ipc(SEND, from as Endpoint, newMessage(type + 1));
      }
      if (round === 0) yield* row.act?.(label, log) ?? [];
    }
  };
}

/** Lets both instances run again, whatever kept each; says which slots had signals. */
function* resume(log: unknown[]): Program<void> {
  const { reply } = kernelContract.calls.getksig;
  for (const process of [PM, SPARE]) yield* privctl(process, SYS_PRIV_ALLOW); // EPERM where it was allowed
  for (;;) {
    const answer = yield* sys("getksig", {});
    const process = reply.process.read(answer);
    if (process === NONE) return;
    log.push(["signal", process, reply.signals.read(answer)]);
    yield* sys("endksig", { process });
  }
}

function* drain(): Program<void> {
  for (const process of [PM, SPARE]) {
    yield* ipc(SEND, process, newMessage(1));
    yield* wait(2);
    yield* ipc(SEND, process, newMessage(2));
    yield* wait(1);
  }
}

function run(row: Row, state: (typeof states)[number], back: boolean, lookBetween = false): unknown[] {
  const board = new Board({ memoryBytes: 0x1000000, cpus: 1, disks: [], rtcStart: { year: 2012, month: 2, day: 29, hour: 12, minute: 0, second: 0 } as never });
  const client: Actor = function* (log) {
    yield* ipc(RECEIVE, RS);
    yield* row.client?.(log) ?? [];
    yield* ipc(RECEIVE, RS);
    yield* row.clientLater?.(log) ?? [];
  };
  const { log } = scene([[PM, instance("old", row)], [VFS, client], [SPARE, instance("new", row)], [MEM, function* () {}]], function* (log) {
    for (const process of [PM, SPARE, VFS]) yield* ipc(SEND, process, newMessage(1));
    yield* wait(2);
    yield* row.before?.(board) ?? [];
    if (state === "NO_PRIV") yield* privctl(PM, SYS_PRIV_DISALLOW);
    if (state === "SIG_PENDING") yield* sys("kill", { process: PM, signal: SIGUSR1 });
    yield* privctl(SPARE, SYS_PRIV_DISALLOW);
    log.push(yield* call("update", { source: PM, target: SPARE }));
    if (lookBetween) yield* ipc(SEND, VFS, newMessage(2));
    yield* wait(1);
    if (back) log.push(yield* call("update", { source: SPARE, target: PM }));
    yield* row.after?.(board) ?? [];
    yield* resume(log);
    yield* drain();
    if (!lookBetween) yield* ipc(SEND, VFS, newMessage(2));
    yield* wait(1);
    yield* drain(); // nothing comes twice
  }, { board, cpus: [new Cpu(board.memory, board.ports, 0)], privileges: { [MEM]: { signalManager: PM } }, cycles: 4e8 });
  return log;
}

describe.each(states)("an update of an instance that is %s", (state) => {
  it.each(rows.flatMap((row) => [[row.what, "swapped", row], [row.what, "swapped and back", row]] as const))("[K29] takes %s where it belongs (%s)", (_what, way, row) => {
    const back = way !== "swapped";
    const outcome: Outcome = { here: back ? "old" : "new", there: back ? "new" : "old", oldIsAt: back ? PM : SPARE };
    const expected: unknown[] = [...row.expected(outcome)];
    if (state === "SIG_PENDING") {
      // One stop of the process for all its signals.
      const other = expected.findIndex((one) => Array.isArray(one) && one[0] === "signal");
      const signals = (1 << SIGUSR1) | (other === -1 ? 0 : 1 << SIGUSR2);
      expected.splice(other === -1 ? 0 : other, other === -1 ? 0 : 1, ["signal", outcome.oldIsAt, signals]);
    }
    expect(run(row, state, back)).toEqual([0, ...(back ? [0] : []), ...expected]);
  });
});

it("[K29] an asynchronous message of the old instance that is taken between an update and its rollback comes once", () => {
  const row = rows.find(({ prepare }) => prepare === ownTable) as Row;
  // A dead one's is held until it goes on: what comes from its place after the update is the successor's.
  for (const state of states) {
    const from = state === "SIG_PENDING" ? PM : SPARE;
    expect(run(row, state, true, true).filter((one) => Array.isArray(one) && one[0] === "client")).toEqual([["client", from, 15, SENDA]]);
  }
});

describe("an update of an instance that sends", () => {
  /** PM sends to MEM, which listens after the update; the spare instance waits for RS. */
  const sending = (primitive: typeof SEND | typeof SENDREC, rs: Actor): ReturnType<typeof scene> =>
    scene([
      [PM, function* (log) {
        log.push(["sent", (yield* ipc(primitive, MEM, newMessage(21))).eax]);
        yield* ipc(SEND, MEM, newMessage(22)); // which is an ordinary message
      }],
      [MEM, function* (log) {
        yield* ipc(RECEIVE, RS);
        const { message, ebx } = yield* ipc(RECEIVE, ANY);
        log.push(["heard", message?.[0], message?.[1], ebx]);
      }],
      [SPARE, function* () {}],
    ], rs);

  it.each([SEND, SENDREC] as const)("[K29] is EBUSY while it is only that, both ways round (primitive %i)", (primitive) => {
    const { log } = sending(primitive, function* (log) {
      yield* wait(1);
      log.push(yield* call("update", { source: PM, target: SPARE }), yield* call("update", { source: SPARE, target: PM }));
    });
    expect(log).toEqual([errorCode("EBUSY"), errorCode("EBUSY")]);
  });

  it.each([[SEND, "NO_PRIV"], [SENDREC, "NO_PRIV"], [SEND, "SIG_PENDING"], [SENDREC, "SIG_PENDING"]] as const)(
    "[K29] takes the message back where it was stopped, and the sender hears of it (primitive %i, %s)", (primitive, state) => {
      const { log, kernel } = sending(primitive, function* (log) {
        yield* wait(1);
        if (state === "NO_PRIV") yield* privctl(PM, SYS_PRIV_DISALLOW);
        else yield* sys("kill", { process: PM, signal: SIGUSR1 });
        log.push(yield* call("update", { source: PM, target: SPARE }));
        yield* ipc(SEND, MEM, newMessage(1));
        yield* wait(1);
        yield* resume(log);
      });
      const signal = state === "NO_PRIV" ? [] : [["signal", SPARE, 1 << SIGUSR1]];
      expect(log.slice(0, 2 + signal.length)).toEqual([0, ...signal, ["sent", errorCode("ENOTREADY")]]);
      expect(log.slice(2 + signal.length)).toEqual([["heard", SPARE, 22, SEND]]);
      expect(kernel.processes.at(MEM).callerQueue).toBeNull();
    },
  );
});

it("[K29] an instance that can run is EBUSY, as the one that goes and as the one that comes", () => {
  const { log } = scene([[PM, function* () {}], [SPARE, function* () {}]], function* (log) {
    yield* wait(1);
    for (const process of [PM, SPARE]) {
      yield* ipc(SEND, process, newMessage(1)); // it will run after RS
      log.push(yield* call("update", { source: PM, target: SPARE }), yield* call("update", { source: SPARE, target: PM }));
      yield* wait(1);
    }
    log.push(yield* call("update", { source: PM, target: SPARE }));
  });
  const EBUSY = errorCode("EBUSY");
  expect(log).toEqual([EBUSY, EBUSY, EBUSY, EBUSY, 0]);
});

it("[K29] the kernel's own message for a guest that is stopped is taken back too, and made anew after a rollback", () => {
  const { log, kernel } = scene([
    [PM, elf([0xeb, 0xfe])],
    [VFS, function* (log) {
      yield* sys("schedctl", { flags: 0, process: PM, quantumMs: 0, priority: 0, cpu: 0 });
      yield* sys("schedule", { process: PM, quantumMs: 5, priority: 15, cpu: -1 });
      yield* ipc(RECEIVE, RS);
      const { message, ebx } = yield* ipc(RECEIVE, ANY);
      log.push([message?.[0], message?.[1], ebx]);
    }],
    [SPARE, function* () {}],
  ], function* (log) {
    yield* sys("schedctl", { flags: 1, process: PM, quantumMs: 200, priority: 15, cpu: -1 }); // the others come first
    yield* wait(5);
    yield* privctl(PM, SYS_PRIV_DISALLOW);
    log.push(yield* call("update", { source: PM, target: SPARE }));
    yield* ipc(SEND, VFS, newMessage(1));
    yield* wait(1);
    log.push(yield* call("update", { source: PM, target: SPARE }), "back");
    yield* privctl(PM, SYS_PRIV_ALLOW);
    yield* wait(3);
  });
  expect(log).toEqual([0, 0, "back", [PM, SCHEDULING_NO_QUANTUM, SEND | STATUS_FROM_KERNEL]]);
  expect(kernel.processes.at(PM).rts).toBe(RTS_NO_QUANTUM);
});
