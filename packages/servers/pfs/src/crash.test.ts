import { addTransaction, fsContract, LAST_TRANSACTION, TRANSACTION_BASE } from "@procyon-os/contract-fs";
import { RS_INIT, SEF_INIT_LU, SEF_INIT_RESTART } from "@procyon-os/contract-rs";
import {
  DS, encodeRequest, messageType, newMessage, PFS, RS, SENDA, VFS, type Call, type Endpoint, type GrantId, type Message, type Request,
} from "@procyon-os/message";
import { checkSavedState } from "@procyon-os/sef";
import { ServiceHarness, type HarnessOptions } from "@procyon-os/service-harness";
import { afterAll, beforeAll, expect, it } from "vitest";
import { image } from "./main.ts";

type Calls = typeof fsContract.calls;
const DEAD = 555 as Endpoint;
const FIFO = 0o010600;

beforeAll(() => checkSavedState(true));
afterAll(() => checkSavedState(false));

/** PFS, and VFS as the test plays it: where an instance dies, the next one takes over, and what has no answer is sent again. */
class Pipes {
  harness: ServiceHarness;
  private readonly kills: number[];
  private transaction = 0;
  private before: ServiceHarness | null = null;

  constructor(kills: readonly number[] = []) {
    this.kills = [...kills];
    this.harness = this.start({});
  }

  takeOver(initType = SEF_INIT_RESTART): void {
    if (this.harness.sent.some(({ to, message }) => to === RS && messageType(message) === RS_INIT)) this.before = this.harness;
    this.harness = this.start({ initType, oldEndpoint: DEAD, predecessor: this.before ?? this.harness });
  }

  private start(options: Partial<HarnessOptions>): ServiceHarness {
    const mostTraps = this.kills.shift();
    return new ServiceHarness(image, {
      endpoint: PFS, partners: new Map([[DS, () => newMessage(0)]]), ...options, ...(mostTraps === undefined ? {} : { mostTraps }),
    });
  }

  /** A request and its answer. Every third request is sent twice, as by VFS after its own death. */
  call<Name extends keyof Calls>(name: Name, request: Request<Calls[Name]>): number[] {
    this.transaction = (this.transaction % LAST_TRANSACTION) + 1;
    const message = encodeRequest(fsContract.base, fsContract.calls[name] as Call, request as never);
    message[1] = addTransaction(messageType(message), TRANSACTION_BASE + this.transaction);
    const answer = this.ask(message);
    if (this.transaction % 3 === 0) expect([...this.ask(message).slice(1)]).toEqual([...answer.slice(1)]);
    return [...answer.slice(1)];
  }

  private ask(message: Message): Message {
    for (let tries = 0; tries < 20; tries++) {
      const seen = tries === 0 ? this.harness.sent.length : 0;
      this.harness.post(VFS, message, SENDA);
      this.harness.run();
      const answer = (): Message | undefined =>
        this.harness.sent.slice(seen).find((one) => one.to === VFS && (messageType(one.message) & 0xffff) === (messageType(message) & 0xffff))?.message;
      const found = answer();
      while (this.harness.ended !== null) {
        expect(this.harness.ended).toBe("killed");
        this.takeOver();
      }
      if (found !== undefined) return found;
    }
    throw new Error(`no answer; printed: ${this.harness.output}`);
  }

  make(): number {
    return this.call("newNode", { mode: FIFO, device: 0, uid: 1, gid: 2 })[1] as number;
  }
  write(inode: number, position: number, content: Uint8Array): number[] {
    return this.call("write", { inode, grant: this.harness.grant(VFS, content), positionHigh: 0, position, bytes: content.length });
  }
  read(inode: number, position: number, bytes: number): [number[], string] {
    const grant: GrantId = this.harness.grant(VFS, new Uint8Array(bytes));
    const answer = this.call("read", { inode, grant, positionHigh: 0, position, bytes });
    return [answer, Buffer.from(this.harness.clients.bytes(VFS, grant) as Uint8Array).toString("base64")];
  }
}

/** Pipes that are made, written, read in pieces, emptied and dropped; what every request gave. */
function run(kills: readonly number[], update = false): { results: unknown[]; traps: number } {
  const pipes = new Pipes(kills);
  let state = 1;
  const random = (below: number): number => ((state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8) % below;
  const open: { inode: number; written: number; read: number }[] = [];
  const results: unknown[] = [];
  for (let step = 0; step < 60; step++) {
    if (update) pipes.takeOver(SEF_INIT_LU);
    const one = open[random(4)];
    const choice = random(8);
    if (one === undefined) {
      open.push({ inode: pipes.make(), written: 0, read: 0 });
      results.push(open.length);
    } else if (choice < 4 && one.written < 32_000) {
      const content = Uint8Array.from({ length: 1 + random(700) }, () => random(256));
      results.push(pipes.write(one.inode, one.written, content));
      one.written += content.length;
    } else if (choice < 7 && one.read < one.written) {
      const bytes = 1 + random(one.written - one.read);
      results.push(pipes.read(one.inode, one.read, bytes));
      one.read += bytes;
      if (one.read === one.written) one.read = one.written = 0;
    } else if (choice === 7) {
      results.push(pipes.call("putNode", { inode: one.inode, count: 1 }));
      open.splice(open.indexOf(one), 1);
    }
  }
  return { results, traps: pipes.harness.traps };
}

it("what pipes hold is there whenever PFS dies, and every request is done once", () => {
  const boot = new Pipes().harness.traps;
  const whole = run([]);
  expect(whole.traps).toBeGreaterThan(boot + 300);
  for (let at = boot + 1; at < whole.traps; at += 3) expect({ at, results: run([at]).results }).toEqual({ at, results: whole.results });
});

it("also when the next instance dies while it takes over, and the one after it later", () => {
  const whole = run([]);
  for (let at = 1; at < 60; at += 2) expect({ at, results: run([250, at, 100, 130]).results }).toEqual({ at, results: whole.results });
});

it("updates between any two requests change nothing", () => {
  expect(run([], true).results).toEqual(run([]).results);
});
