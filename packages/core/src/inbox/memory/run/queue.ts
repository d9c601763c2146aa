/** First in, first out, at constant cost whatever its length. */
export interface Queue<T> {
  push(item: T): void
  shift(): T | undefined
  /** Takes an item out, at a cost that grows with the length. */
  remove(item: T): void
  readonly size: number
}

/** Makes a queue. An array's own `shift` moves every item behind the first once it is long. */
export function createQueue<T>(): Queue<T> {
  return new PlainQueue()
}

// A class: V8 looks each member of an object literal with a getter up in a table, and makes no call to it inline.
class PlainQueue<T> implements Queue<T> {
  #items: (T | undefined)[] = []
  #head = 0

  push(item: T): void {
    this.#items.push(item)
  }

  shift(): T | undefined {
    const head = this.#head
    if (head === this.#items.length) return undefined
    const item = this.#items[head]
    this.#items[head] = undefined
    this.#head = head + 1
    if (head > 1024 && head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  remove(item: T): void {
    const at = this.#items.indexOf(item, this.#head)
    if (at >= 0) this.#items.splice(at, 1)
  }

  get size(): number {
    return this.#items.length - this.#head
  }
}
