import { beforeAll, expect, it } from "vitest";
import { Rollback, updated } from "./rollback.mjs";

// `node test/services/rollback.mjs` is the long version: every trap of the new version, and hangs and kills at many moments.
const once = (label: string): boolean => label === "ds"; // a hang is twenty seconds of the machine
let scene: any;

beforeAll(() => {
  scene = new Rollback();
});

it.each(updated)("[R07] an update of %s that fails, at whichever step, leaves the old version going, the load unharmed and nothing behind", (label) => {
  const failures = scene.failures(label, { crashes: 2, hangs: once(label) ? 1 : 0, kills: 1, late: 1 });
  expect(scene.tryAll(label, failures).wrong).toEqual([]);
});
