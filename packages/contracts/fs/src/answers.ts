import type { Message } from "@procyon-os/message";
import { LAST_TRANSACTION, TRANSACTION_BASE } from "./numbers.ts";

/** So many of the last transactions of VFS are remembered: a lot more than can be without an answer at one time. */
export const ANSWERS_KEPT = 64;

/** What a server remembers of its last requests, as a part of its state: plain data. */
export interface Answers {
  /** The newest transaction, 1 to LAST_TRANSACTION; 0 before the first. */
  lastTransaction: number;
  /** By transaction, the oldest first, those that must not be done twice: the request's number, then the whole answer. */
  readonly answers: Map<number, Int32Array>;
}

/** How many transactions lie between one and the newest; VFS counts round and round, so what is far behind is ahead. */
const ageOf = (memory: Answers, transaction: number): number => (memory.lastTransaction - transaction + LAST_TRANSACTION) % LAST_TRANSACTION;

/** The answer that a request already had, or null where it is new, or may be done again. */
export function recallAnswer(memory: Answers, transactionId: number, request: number): Message | null {
  const transaction = transactionId - TRANSACTION_BASE;
  const answer = memory.answers.get(transaction);
  return answer === undefined || answer[0] !== request || ageOf(memory, transaction) >= ANSWERS_KEPT ? null : answer.slice(1);
}

/**
 * Notes that a request was dealt with, and forgets what is too old to be asked again. The answer is null for what is done again
 * when it is repeated. Gives the transactions whose answers came or went.
 */
export function rememberAnswer(memory: Answers, transactionId: number, request: number, reply: Message | null): number[] {
  const transaction = transactionId - TRANSACTION_BASE;
  const touched: number[] = [];
  if (ageOf(memory, transaction) >= ANSWERS_KEPT) memory.lastTransaction = transaction;
  if (memory.answers.delete(transaction)) touched.push(transaction);
  for (const old of memory.answers.keys()) {
    if (ageOf(memory, old) < ANSWERS_KEPT) break;
    memory.answers.delete(old);
    touched.push(old);
  }
  if (reply === null) return touched;
  const answer = new Int32Array(1 + reply.length);
  answer[0] = request;
  answer.set(reply, 1);
  memory.answers.set(transaction, answer);
  touched.push(transaction);
  return touched;
}
