import { expect, it } from "vitest";
import { Lives } from "./lives.mjs";

const SEEDS = 4;
let scene: Lives | null = null;

// `node test/services/lives.mjs --service NAME --seeds 1000` is the long version.
it.each(["pm", "sched", "pm+sched", "vm+rs", "rs!"])("[R10] programs that fork, wait, exec and signal notice nothing of the death of %s, and nothing stays behind", (victims) => {
  const lives = scene ?? new Lives();
  scene = null; // after a failure the next one gets a machine that nothing has happened to
  let pages = 0;
  for (let seed = 1; seed <= SEEDS; seed++) {
    const { wrong, struck, name } = lives.one(victims.split("+"), seed);
    expect(wrong, `seed ${seed} (${name}): ${struck}`).toEqual([]);
    if (seed === 1) ({ pages } = lives.count());
  }
  expect(lives.count().pages).toBe(pages);
  scene = lives;
});
