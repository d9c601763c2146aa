export interface Heaped<T extends Heaped<T>> {
  heap: Heap<T> | undefined
  spot: number
}

export class Heap<T extends Heaped<T>> {
  readonly items: T[] = []
  readonly #order: (one: T, other: T) => number

  constructor(order: (one: T, other: T) => number) {
    this.#order = order
  }

  push(item: T): void {
    item.heap = this
    this.#rise(item, this.items.length)
  }

  pop(): T | undefined {
    const [top] = this.items
    if (top) this.remove(top)
    return top
  }

  remove(item: T): void {
    const { items } = this
    const last = items.pop()!
    item.heap = undefined
    if (last === item) return
    const at = item.spot
    this.#rise(last, at)
    if (last.spot === at) this.#sink(last, at)
  }

  #rise(item: T, from: number): void {
    const { items } = this
    let at = from
    while (at > 0) {
      const up = (at - 1) >> 1
      if (this.#order(item, items[up]!) >= 0) break
      this.#put(items[up]!, at)
      at = up
    }
    this.#put(item, at)
  }

  #sink(item: T, from: number): void {
    const { items } = this
    let at = from
    for (let next = 2 * at + 1; next < items.length; next = 2 * at + 1) {
      if (next + 1 < items.length && this.#order(items[next + 1]!, items[next]!) < 0) next++
      if (this.#order(item, items[next]!) <= 0) break
      this.#put(items[next]!, at)
      at = next
    }
    this.#put(item, at)
  }

  #put(item: T, at: number): void {
    this.items[at] = item
    item.spot = at
  }
}
