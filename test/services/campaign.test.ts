import { beforeAll, expect, it } from "vitest";
import { campaign, oneRun } from "./campaign.mjs";

let clean: ReturnType<typeof oneRun>;
beforeAll(() => {
  clean = oneRun(null, 0);
  expect(clean).toMatchObject({ ending: "", disk: expect.stringMatching(/^\d{5},\d{5}$/) as string });
});

it.each(["ds", "tty", "log", "memory", "sched", "at_wini_0", "counter", "pfs"])("[R08] [R10] [O06] ends as without the crash when %s is killed at a random moment", (victim) => {
  const failures = campaign(victim, 1, 3, clean);
  expect(failures.map(({ seed, text }: { seed: number; text: string }) => `seed ${seed}: ${text}`)).toEqual([]);
});

it.each(["pm", "vfs", "vm"])("says which core service died where nothing can replace it: %s", (victim) => {
  expect(oneRun(victim, 2000)).toMatchObject({ killed: true, ending: `panic: core system service died: ${victim}` });
});
