import { beforeAll, expect, it } from "vitest";
import { fsck, groupsOf, isRepeated, prepare, trySeeds, victims } from "./campaign.mjs";

// `node test/services/campaign.mjs --service NAME --seeds 1000` is the long version.
const DEATHS = 3;
const fresh = (): ReturnType<typeof prepare> => prepare(victims, { deaths: DEATHS });
let scene: ReturnType<typeof prepare> | null;

beforeAll(() => {
  scene = fresh();
});

it.each(victims)("[R08] [R10] [O06] everything ends as without the deaths of %s, whenever they come", (label) => {
  scene ??= fresh();
  const { own } = scene.victims.get(label) as { own: number };
  for (const seeds of groupsOf(0, 2 * DEATHS, own, DEATHS).slice(0, 2)) {
    const { wrong, errors, where, struck } = trySeeds((scene ??= fresh()), label, seeds);
    if (wrong.length > 0) scene = null; // the next one gets a machine that nothing has happened to
    expect(wrong, `seeds ${seeds.join()}: ${where}`).toEqual([]);
    expect(errors.filter((text: string) => text !== "console output that came twice")).toEqual([]);
    expect(struck.length).toBeGreaterThan(0);
  }
});

it("leaves disks in which Linux finds nothing wrong", () => {
  expect(fsck((scene ??= fresh()).rounds)).toBe("");
});

it.each([
  ["one\ntwo\n", true], ["one\none\ntwo\n", true], ["one\n\ntwo\n", true], ["one\ntwon\ntwo\n", false], ["one\ntwone\ntwo\n", true], ["onetwo\n", false], ["one\n", false],
  ["one\ntwo\none\ntwo\n", false], ["oneone\ntwotwo\n", true],
])("tells output of which a line at most came twice from output that is wrong: %j", (output, right) => {
  expect(isRepeated(output, "one\ntwo\n")).toBe(right);
});
