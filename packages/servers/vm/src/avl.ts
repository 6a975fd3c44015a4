/** A node of a tree. Plain data: a state can hold trees. */
export interface AvlNode<V> {
  key: number;
  value: V;
  height: number;
  left: AvlNode<V> | null;
  right: AvlNode<V> | null;
}

/** A map from numbers to values, in order of keys, balanced (Adelson-Velsky and Landis). */
export interface AvlTree<V> {
  root: AvlNode<V> | null;
  size: number;
}

export function newTree<V>(): AvlTree<V> {
  return { root: null, size: 0 };
}

const heightOf = (node: AvlNode<unknown> | null): number => (node === null ? 0 : node.height);

function measure(node: AvlNode<unknown>): void {
  const left = heightOf(node.left);
  const right = heightOf(node.right);
  node.height = 1 + (left > right ? left : right);
}

function rotateRight<V>(node: AvlNode<V>): AvlNode<V> {
  const top = node.left as AvlNode<V>;
  node.left = top.right;
  top.right = node;
  measure(node);
  measure(top);
  return top;
}

function rotateLeft<V>(node: AvlNode<V>): AvlNode<V> {
  const top = node.right as AvlNode<V>;
  node.right = top.left;
  top.left = node;
  measure(node);
  measure(top);
  return top;
}

function balance<V>(node: AvlNode<V>): AvlNode<V> {
  measure(node);
  const lean = heightOf(node.left) - heightOf(node.right);
  if (lean > 1) {
    const left = node.left as AvlNode<V>;
    if (heightOf(left.left) < heightOf(left.right)) node.left = rotateLeft(left);
    return rotateRight(node);
  }
  if (lean < -1) {
    const right = node.right as AvlNode<V>;
    if (heightOf(right.right) < heightOf(right.left)) node.right = rotateRight(right);
    return rotateLeft(node);
  }
  return node;
}

function insertBelow<V>(node: AvlNode<V> | null, fresh: AvlNode<V>): AvlNode<V> {
  if (node === null) return fresh;
  if (fresh.key === node.key) throw new Error(`avl: key ${fresh.key} is in the tree already`);
  if (fresh.key < node.key) node.left = insertBelow(node.left, fresh);
  else node.right = insertBelow(node.right, fresh);
  return balance(node);
}

/** Adds a key that is not there yet. */
export function insert<V>(tree: AvlTree<V>, key: number, value: V): void {
  tree.root = insertBelow(tree.root, { key, value, height: 1, left: null, right: null });
  tree.size++;
}

function removeFirst<V>(node: AvlNode<V>): AvlNode<V> | null {
  if (node.left === null) return node.right;
  node.left = removeFirst(node.left);
  return balance(node);
}

function removeBelow<V>(node: AvlNode<V> | null, key: number): AvlNode<V> | null {
  if (node === null) throw new Error(`avl: key ${key} is not in the tree`);
  if (key < node.key) node.left = removeBelow(node.left, key);
  else if (key > node.key) node.right = removeBelow(node.right, key);
  else {
    if (node.left === null) return node.right;
    if (node.right === null) return node.left;
    let next = node.right;
    while (next.left !== null) next = next.left;
    next.right = removeFirst(node.right);
    next.left = node.left;
    return balance(next);
  }
  return balance(node);
}

/** Removes a key that is there. */
export function remove<V>(tree: AvlTree<V>, key: number): void {
  tree.root = removeBelow(tree.root, key);
  tree.size--;
}

/** The value of the greatest key that is at most `key`, or null. */
export function atOrBelow<V>(tree: AvlTree<V>, key: number): V | null {
  let found: V | null = null;
  for (let node = tree.root; node !== null; ) {
    if (node.key === key) return node.value;
    if (node.key < key) {
      found = node.value;
      node = node.right;
    } else {
      node = node.left;
    }
  }
  return found;
}

/** The value of the least key that is at least `key`, or null. */
export function atOrAbove<V>(tree: AvlTree<V>, key: number): V | null {
  let found: V | null = null;
  for (let node = tree.root; node !== null; ) {
    if (node.key === key) return node.value;
    if (node.key > key) {
      found = node.value;
      node = node.left;
    } else {
      node = node.right;
    }
  }
  return found;
}

/** The values in order of keys. */
export function values<V>(tree: AvlTree<V>): V[] {
  const list: V[] = [];
  const walk = (node: AvlNode<V> | null): void => {
    if (node === null) return;
    walk(node.left);
    list.push(node.value);
    walk(node.right);
  };
  walk(tree.root);
  return list;
}

/** Takes everything out. */
export function clear(tree: AvlTree<unknown>): void {
  tree.root = null;
  tree.size = 0;
}

/** Says what is wrong with the order, the heights or the count; null where all is right. */
export function treeFault(tree: AvlTree<unknown>): string | null {
  let count = 0;
  let fault: string | null = null;
  const walk = (node: AvlNode<unknown> | null, low: number, high: number): number => {
    if (node === null) return 0;
    count++;
    if (node.key <= low || node.key >= high) fault = `key ${node.key} is out of order`;
    const left = walk(node.left, low, node.key);
    const right = walk(node.right, node.key, high);
    if (Math.abs(left - right) > 1) fault = `key ${node.key} is out of balance`;
    if (node.height !== 1 + Math.max(left, right)) fault = `key ${node.key} has a wrong height`;
    return node.height;
  };
  walk(tree.root, -Infinity, Infinity);
  return fault ?? (count === tree.size ? null : `the tree has ${count} nodes and says ${tree.size}`);
}
