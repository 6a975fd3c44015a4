import { newMessage } from "@procyon-os/message";
import { expect, it } from "vitest";
import { ANSWERS_KEPT, recallAnswer, rememberAnswer, type Answers } from "./answers.ts";
import { LAST_TRANSACTION, TRANSACTION_BASE } from "./numbers.ts";

const fresh = (): Answers => ({ lastTransaction: 0, answers: new Map() });
const id = (count: number): number => TRANSACTION_BASE + 1 + ((count - 1) % LAST_TRANSACTION);

it("a repeated request gets its answer again, another request under the same id does not", () => {
  const memory = fresh();
  expect(recallAnswer(memory, id(1), 0xa01)).toBeNull();
  expect(rememberAnswer(memory, id(1), 0xa01, newMessage(-5))).toEqual([1]);
  expect(recallAnswer(memory, id(1), 0xa01)).toEqual(newMessage(-5));
  expect(recallAnswer(memory, id(1), 0xa02)).toBeNull();
});

it("remembers the last transactions only, round and round, also where most of them leave no answer", () => {
  const memory = fresh();
  for (let count = 1; count <= 2000; count++) {
    expect(recallAnswer(memory, id(count), 0xa01)).toBeNull(); // new every time it comes round
    rememberAnswer(memory, id(count), 0xa01, count % 50 === 0 ? newMessage(count) : null);
    const backs = Array.from({ length: Math.min(200, count) }, (_, back) => back);
    const recalled = backs.filter((back) => recallAnswer(memory, id(count - back), 0xa01)?.[1] === count - back);
    expect(recalled).toEqual(backs.filter((back) => (count - back) % 50 === 0 && back < ANSWERS_KEPT));
    expect(memory.answers.size).toBeLessThanOrEqual(2);
  }
});

it("a repetition that is done again does not make the newest transaction older", () => {
  const memory = fresh();
  for (let count = 1; count <= 10; count++) rememberAnswer(memory, id(count), 0xa01, null);
  rememberAnswer(memory, id(8), 0xa01, null);
  expect(memory.lastTransaction).toBe(10);
});
