export { BDEV_BASE, BDEV_FORCEWRITE, BDEV_REPLY, BDEV_R_BIT, BDEV_W_BIT, NR_IOREQS, blockContract, blockPosition, blockPositionFields } from "./block-contract.ts";
export { blockReply, readBlockReply } from "./block-reply.ts";
export { BLOCK_VECTOR_ELEMENT_BYTES, decodeBlockVector, encodeBlockVector } from "./block-vector.ts";
export type { BlockVectorElement } from "./block-vector.ts";
export { BIOCTRACEBUF, BIOCTRACECTL, DIOCEJECT, DIOCFLUSH, DIOCGETP, DIOCGETWC, DIOCOPENCT, DIOCSETP, DIOCSETWC, DIOCTIMEOUT, MIOCRAMSIZE, PARTITION_BYTES, decodePartition, encodePartition } from "./partition.ts";
export type { Partition } from "./partition.ts";
