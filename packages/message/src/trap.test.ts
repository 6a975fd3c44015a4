import { expect, it } from "vitest";
import { newMessage, setMessage } from "./message.ts";
import { newFrame, Trap, type Frame, type Program } from "./trap.ts";

it("makes a trap as a generator that yields its frame does: once, and gives the answer", () => {
  function* program(): Program<number> {
    return (yield* new Trap(newFrame(33), ({ eax }) => eax)) + (yield* new Trap(newFrame(32), (answer) => answer)).eax;
  }
  const running = program();
  const answer = (eax: number): Frame => ({ ...newFrame(0), eax });
  expect(running.next(answer(1))).toMatchObject({ done: false, value: { vector: 33 } });
  expect(running.next(answer(2))).toMatchObject({ done: false, value: { vector: 32 } });
  expect(running.next(answer(3))).toEqual({ done: true, value: 5 });
});

it("lets go of a trap where the program that waits for it is ended or interrupted", () => {
  function* program(): Program<number> {
    try {
      return yield* new Trap(newFrame(33), ({ eax }) => eax);
    } catch {
      return 4;
    }
  }
  const [ended, interrupted] = [program(), program()];
  ended.next(newFrame(0));
  interrupted.next(newFrame(0));
  expect(ended.return(1)).toEqual({ done: true, value: 1 });
  expect(interrupted.throw(new Error("no more"))).toEqual({ done: true, value: 4 });
  expect(String(new Trap(newFrame(33), () => 0))).toBe("[object Trap]");
});

it("copies every word of a message", () => {
  const from = Int32Array.from([1, -2, 3, -4, 5, -6, 7, -8, 9]);
  const into = newMessage();
  setMessage(into, from);
  expect(into).toEqual(from);
});
