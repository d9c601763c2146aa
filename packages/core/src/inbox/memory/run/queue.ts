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
  let items: (T | undefined)[] = []
  let head = 0
  return {
    push(item) {
      items.push(item)
    },
    shift() {
      const item = items[head]
      if (head === items.length) return undefined
      items[head++] = undefined
      if (head > 1024 && head * 2 > items.length) {
        items = items.slice(head)
        head = 0
      }
      return item
    },
    remove(item) {
      const at = items.indexOf(item, head)
      if (at >= 0) items.splice(at, 1)
    },
    get size() {
      return items.length - head
    },
  }
}
