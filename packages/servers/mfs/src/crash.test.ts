import { decodeStat } from "@procyon-os/contract-fs";
import { SEF_INIT_LU } from "@procyon-os/contract-rs";
import { errorCode, messageType } from "@procyon-os/message";
import { checkSavedState } from "@procyon-os/sef";
import { afterAll, beforeAll, expect, it } from "vitest";
import { disk, expectClean, MEGABYTE, pattern } from "../test/disk.ts";
import { MountedFs } from "../test/scripted-vfs.ts";
import { everyCall, randomSteps, treeOf, type Step } from "../test/storm.ts";

/** Every how many traps an instance is killed: 1 for each (the long way). */
const STRIDE = Number(process.env["CRASH_STRIDE"] ?? 19);

beforeAll(() => checkSavedState(true));
afterAll(() => checkSavedState(false));

interface Run {
  readonly results: unknown[];
  readonly tree: string[];
  readonly traps: number;
}

/** Runs the steps on one disk. Instances are stopped after so many traps each, one after the other, and the next takes over. */
function run(steps: readonly Step[], kills: readonly number[], megabytes = 1): Run {
  const store = disk(1024, megabytes);
  const left = [...kills];
  const most = (): { mostTraps?: number } => (left.length > 0 ? { mostTraps: left.shift() as number } : {});
  const fs = new MountedFs(store, most());
  fs.revive = () => {
    do fs.takeOver(most());
    while (fs.harness.ended === "killed"); // it died while it took over
  };
  const results = steps.map((step) => step(fs));
  if (kills.length === 0) expectClean(store);
  return { results, tree: treeOf(store), traps: fs.harness.traps };
}

function expectSame(steps: readonly Step[], whole: Run, kills: readonly number[], megabytes = 1): void {
  const { results, tree } = run(steps, kills, megabytes);
  expect({ kills, results, tree }).toEqual({ kills, results: whole.results, tree: whole.tree });
}

/** The traps of an instance until it waits for its first request. */
const boot = new MountedFs(disk(1024, 1)).harness.traps;

it("every call of the contract does the same, whenever the server dies in it, with what is on disk at that moment", () => {
  const whole = run(everyCall, []);
  expect(whole.traps).toBeGreaterThan(boot + 500);
  for (let at = boot + 1; at < whole.traps; at += STRIDE) expectSame(everyCall, whole, [at]);
});

it("a write that is larger than the cache, and files that fill the disk", () => {
  const steps: Step[] = [
    (fs) => fs.mount(0),
    (fs) => fs.create(1, "large"),
    (fs) => fs.write(2, 0, pattern(700_000, 1)),
    (fs) => fs.write(2, 100, pattern(500_000, 2)),
    (fs) => fs.create(1, "more"),
    (fs) => fs.write(3, 0, pattern(2 * MEGABYTE, 3)),
    (fs) => fs.call("truncate", { inode: 2, start: 300_000, startHigh: 0, end: 0, endHigh: 0 }),
    (fs) => fs.write(3, 1_200_000, pattern(100_000, 4)),
    (fs) => [2, 3].map((inode) => fs.put(inode)),
    (fs) => fs.call("unmount", {}),
  ];
  const whole = run(steps, [], 2);
  for (let at = boot + 5; at < whole.traps; at += STRIDE * 8) expectSame(steps, whole, [at], 2);
});

it.each([1, 2, 3])("random files and directories, and instances that die again and again, seed %i", (seed) => {
  const steps = randomSteps(seed, 120);
  const whole = run(steps, []);
  let state = seed;
  const random = (): number => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 8;
  for (let round = 0; round < 40 / STRIDE; round++) expectSame(steps, whole, Array.from({ length: 40 }, () => 150 + (random() % 300)));
});

it("an instance that dies while it takes over is followed by another one, which finds everything", () => {
  const steps = randomSteps(5, 40);
  const whole = run(steps, []);
  for (let at = 1; at < 150; at += STRIDE) expectSame(steps, whole, [Math.floor(whole.traps / 2), at]);
});

it.each([
  ["get ready before", (fs: MountedFs) => expect(fs.update()).toEqual([])], // nothing is left to ask when nobody serves
  ["do not", (fs: MountedFs) => fs.takeOver({ initType: SEF_INIT_LU })],
] as const)("updates between any two requests change nothing where new versions %s", (_how, replace) => {
  const update = (step: Step): Step => (fs) => {
    replace(fs);
    return step(fs);
  };
  for (const steps of [everyCall, randomSteps(7, 60)]) {
    const whole = run(steps, []);
    const { results, tree } = run(steps.map(update), []);
    expect({ results, tree }).toEqual({ results: whole.results, tree: whole.tree });
  }
});

it("gives a repeated request the answer that it had, and does not do it twice", () => {
  const fs = new MountedFs(disk(1024, 1));
  fs.mount(0);
  const make = fs.request("mkdir", { ...fs.named(1, "d"), mode: 0o40755, uid: 0, gid: 0 });
  const [first, again] = [fs.send(make), fs.repeat(make)];
  expect([messageType(first), messageType(again)]).toEqual([0, 0]);
  expect(messageType(fs.send(make))).toBe(errorCode("EEXIST"));
  const inode = fs.open("d");
  const put = fs.request("putNode", { inode, count: 1 });
  expect([fs.send(put), fs.repeat(put), fs.repeat(put)].map(messageType)).toEqual([0, 0, 0]);
  // What only gives data fills the grant that comes with the repetition.
  fs.stat(1);
  const grant = fs.lendBytes(new Uint8Array(100));
  expect(messageType(fs.repeat(fs.request("stat", { inode: 1, grant })))).toBe(0);
  expect(decodeStat(fs.bytesOf(grant)).links).toBe(3);
  expect(fs.call("unmount", {})).toEqual({ ok: true, value: {} });
});
