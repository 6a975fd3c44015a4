import { beforeAll, expect, it } from "vitest";
import { judge } from "./campaign.mjs";
import { Rounds } from "./rounds.mjs";
import { nextShape, presentShape } from "./versions.mjs";

// Every service of the machine: to a version with another shape of the state and back, under load. `rollback.test.ts` has those that fail.
// `node test/services/updates.mjs` is the long version. Not here: rs, which makes the swap.
const labels = ["ds", "sched", "tty", "log", "memory", "at_wini_0", "pfs", "fs_imgrd", "vfs", "pm", "vm", "is"];
const all = Object.fromEntries(labels.map((label) => [label, { next: nextShape(label), present: presentShape(label) }]));
let rounds: any;
let clean: any;

beforeAll(() => {
  const packages = Object.values(all).flatMap(({ next, present }) => [next, present]);
  rounds = new Rounds({ packages } as never);
  rounds.round();
  clean = rounds.round();
  expect(clean).toMatchObject({ ending: "", problems: [] });
});

const update = (label: string, { name, version }: { name: string; version: string }): number =>
  rounds.machine.run(`service update ${label} --package ${name}@${version}`).status;

const unharmed = (): void => expect(judge(rounds.round(0), clean)).toEqual({ wrong: [], errors: [] });

it.each(labels)("[R07] [S07] updates %s to a version whose state has another shape, and back, under load", (label) => {
  const { next, present } = all[label] as (typeof all)[string];
  const before = rounds.machine.service(label);
  const { value, output } = rounds.beside(() => [update(label, next), update(label, present), update(label, next), update(label, present)]);
  expect(value).toEqual([0, 0, 0, 0]);
  expect(output).toBe(clean.output);
  expect(rounds.machine.service(label)).toEqual(before);
  unharmed();
});

it("and after that everything is as it was", () => {
  unharmed();
});
