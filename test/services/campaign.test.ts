import { beforeAll, expect, it } from "vitest";
import { fsck, prepare, tryOne } from "./campaign.mjs";

// Those that survive; `node test/services/campaign.mjs --service NAME --seeds 1000` is the long version.
const survivors = ["ds", "sched", "tty", "log", "memory", "at_wini_0", "vm", "vfs", "pm", "pfs", "fs_imgrd", "counter"];
const SEEDS = [1, 2];
let scene: ReturnType<typeof prepare> | null;

beforeAll(() => {
  scene = prepare(survivors);
});

it.each(survivors)("[R08] [R10] [O06] everything ends as without the death of %s, whenever it comes", (label) => {
  for (const seed of SEEDS) {
    scene ??= prepare(survivors);
    const { wrong, struck } = tryOne(scene, label, seed);
    if (wrong.length > 0) scene = null; // the next one gets a machine that nothing has happened to
    expect(wrong, `seed ${seed}: ${struck}`).toEqual([]);
  }
});

it("leaves disks in which Linux finds nothing wrong", () => {
  expect(fsck((scene ??= prepare(survivors)).rounds)).toBe("");
});
