import { TRANSACTION_BASE } from "./numbers.ts";

/** The transaction in the low half of an m_type: VFS's worker, which must come back with the result. */
export function transactionId(mType: number): number {
  return mType & 0xffff;
}

/** Whether a number is a transaction id of VFS. */
export function isTransaction(id: number): boolean {
  return (id & ~0xff) === TRANSACTION_BASE;
}

/** Folds a request number or a result (16 bits, signed) and a transaction into one m_type. */
export function addTransaction(type: number, transaction: number): number {
  return (type << 16) | (transaction & 0xffff);
}

/** What an m_type with a transaction holds: the result (or request number) of the high half, and the transaction. */
export interface SplitType {
  readonly result: number; // signed
  readonly transaction: number; // 0 where the m_type carries none
}

/** Takes a reply's m_type apart. */
export function splitReply(mType: number): SplitType {
  return { result: mType >> 16, transaction: transactionId(mType) };
}

/** Takes a request's m_type apart; one without a transaction is the bare number, as older clients send it. */
export function splitRequest(mType: number): { readonly number: number; readonly transaction: number } {
  const high = mType >> 16;
  return high === 0 ? { number: transactionId(mType), transaction: 0 } : { number: high, transaction: transactionId(mType) };
}
