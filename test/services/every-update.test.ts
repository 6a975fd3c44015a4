import { beforeAll, expect, it } from "vitest";
import { judge } from "./campaign.mjs";
import { Rounds } from "./rounds.mjs";
import { badVersions, nextShape, presentShape } from "./versions.mjs";

// Every service of the machine: to a version with another shape of the state and back, and to versions that fail, under load.
// Not here: pfs and fs_imgrd, which hand over no state yet, and vm and rs, which make the swap and have tests of their own.
const labels = ["ds", "sched", "tty", "log", "memory", "at_wini_0", "vfs", "pm"];
const all = Object.fromEntries(labels.map((label) => [label, { next: nextShape(label), present: presentShape(label), bad: badVersions(label) }]));
const fails = Object.keys(badVersions("ds")).filter((what) => what !== "never answers"); // twenty seconds each: services.test.ts has one
let rounds: any;
let clean: any;

beforeAll(() => {
  const packages = Object.values(all).flatMap(({ next, present, bad }) => [next, present, ...Object.values(bad)]);
  rounds = new Rounds({ packages } as never);
  rounds.round();
  clean = rounds.round();
  expect(clean).toMatchObject({ ending: "", problems: [] });
});

const update = (label: string, { name, version }: { name: string; version: string }): number =>
  rounds.machine.run(`service update ${label} --package ${name}@${version}`).status;

/** Runs the job beside something else: what both come to. */
function beside<T>(act: () => T): { value: T; output: string } {
  rounds.machine.must("sh /test/job.sh 0 >/tmp/out 2>&1 &");
  const value = act();
  rounds.machine.must("wait");
  rounds.machine.must("grep -v '^0$' /tmp/journal >/tmp/j; cp /tmp/j /tmp/journal; grep -v '^0$' /mnt/journal >/tmp/j; cp /tmp/j /mnt/journal; rm /tmp/j");
  const output = rounds.machine.must("cat /tmp/out; rm /tmp/out");
  return { value, output };
}
const unharmed = (): void => expect(judge(rounds.round(0), clean)).toEqual({ wrong: [], errors: [] });

it.each(labels)("[R07] [S07] updates %s to a version whose state has another shape, and back, under load", (label) => {
  const { next, present } = all[label] as (typeof all)[string];
  const before = rounds.machine.service(label);
  const { value, output } = beside(() => [update(label, next), update(label, present), update(label, next), update(label, present)]);
  expect(value).toEqual([0, 0, 0, 0]);
  expect(output).toBe(clean.output);
  expect(rounds.machine.service(label)).toEqual(before);
  unharmed();
});

it.each(labels)("[R07] the old version of %s goes on where the new one refuses, crashes, does not know its state or breaks a call", (label) => {
  const before = rounds.machine.service(label);
  // The disk driver keeps no state: what it is depends on the disk alone, so any version knows its way.
  const possible = label === "at_wini_0" ? fails.filter((what) => what !== "knows no way from the state") : fails;
  const versions = Object.entries((all[label] as (typeof all)[string]).bad).filter(([what]) => possible.includes(what));
  const { value, output } = beside(() => versions.filter(([, image]) => update(label, image) === 0).map(([what]) => what));
  expect(value).toEqual([]); // none has got in
  expect(output).toBe(clean.output);
  expect(rounds.machine.service(label)).toEqual(before);
});

it("and after that everything is as it was", () => {
  unharmed();
});
