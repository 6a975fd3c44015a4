import { encodeFdSet, encodeTimeval } from "@procyon-os/contract-vfs";
import { CLOCK, type Endpoint, type VirtAddr } from "@procyon-os/message";
import { expect, it } from "vitest";
import { INIT, World } from "../test/world.ts";
import { imageWith } from "./main.ts";
import { vfsState, type VfsState } from "./state.ts";

const at = (address: number): VirtAddr => address as VirtAddr;
const TICKS = 30;
const child = (number: number): Endpoint => (36_558 * 2 + 20 + number) as Endpoint;

function select(world: World, process: Endpoint, ticks: number): unknown {
  world.put(process, 0x7000, encodeFdSet([0]));
  world.put(process, 0x7100, encodeTimeval({ seconds: 0, microseconds: Math.floor((ticks * 1_000_000) / 60) }));
  return world.call(process, "select", { count: 1, read: at(0x7000), write: at(0), error: at(0), timeout: at(0x7100) });
}

/** So many processes that wait for a pipe of INIT, each some ticks longer than the one before. */
function withWaiting(count: number): World {
  const world = new World().mountRoot();
  world.call(INIT, "pipe", {});
  for (let number = 0; number < count; number++) {
    world.pm("fork", { process: child(number), parent: INIT, pid: 20 + number });
    expect(select(world, child(number), TICKS + number)).toBeNull();
  }
  return world;
}

function trapsOfUpdate(count: number): number {
  const world = withWaiting(count);
  world.update();
  return world.harness.traps;
}

it("an update takes no more traps where many calls wait, but for the larger state", () => {
  expect(trapsOfUpdate(12) - trapsOfUpdate(1)).toBeLessThan(5);
});

it("a call that waited before an update ends at its time, or when there is what it waits for, first or last", () => {
  const world = withWaiting(12);
  world.update();
  const ended = () => Array.from({ length: 12 }, (_, number) => world.late(child(number), "select")).map((outcome) => (outcome?.ok === true ? outcome.value.result : outcome));
  expect(ended()).toEqual(Array.from({ length: 12 }, () => null));
  world.harness.uptime += TICKS + 1;
  world.notify(CLOCK);
  expect(ended()).toEqual([0, 0, ...Array.from({ length: 10 }, () => null)]);
  world.update();
  world.write(INIT, 1, "x");
  expect(ended()).toEqual([null, null, ...Array.from({ length: 10 }, () => 1)]);
  expect(world.get(child(11), 0x7000, 1)).toBe("\x01");
});

it("a call that does not find its place in the new version ends with EIO, while VFS goes on", () => {
  const world = withWaiting(3);
  const lost = (old: VfsState): VfsState => {
    for (const { parked } of old.jobs.values()) if (parked !== null) Object.assign(parked, { key: "elsewhere" });
    return old;
  };
  world.update(imageWith({ ...vfsState, version: vfsState.version + 1, migrations: { [vfsState.version]: lost } }, "9.0.0"));
  const ended = () => [0, 1, 2].map((number) => world.late(child(number), "select"));
  expect(ended()).toEqual([null, null, null]);
  world.call(INIT, "umask", { mask: 0 });
  expect(ended()).toEqual([{ ok: false, error: "EIO" }, { ok: false, error: "EIO" }, null]);
  world.call(INIT, "umask", { mask: 0 });
  expect(ended()).toEqual([null, null, { ok: false, error: "EIO" }]);
  expect(world.harness.output).toMatch(/cannot go on: .*elsewhere/);
});
