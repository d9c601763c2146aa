/** Stands for lru-cache: at most `max` entries, and the one that was not used for longest is dropped. */
export class LRUCache<Key, Value> extends Map<Key, Value> {
  readonly #max: number
  constructor({ max }: { readonly max: number }) {
    super()
    this.#max = max
  }

  override get(key: Key): Value | undefined {
    const value = super.get(key)
    if (value !== undefined) this.set(key, value)
    return value
  }

  override set(key: Key, value: Value): this {
    this.delete(key)
    super.set(key, value)
    if (this.size > this.#max) this.delete(this.keys().next().value!)
    return this
  }
}
