import type { Observer } from '../src/index.ts'

type Name = keyof Observer
type Args<N extends Name> = Parameters<NonNullable<Observer[N]>>

const UNHEARD = new Set(['step', 'carrier', 'around', 'replied', 'call', 'attached'])

/** An observer that remembers, and can be waited for. */
export interface Heard {
  readonly observer: Observer
  /** What was heard, in order. */
  readonly names: readonly Name[]
  /** The arguments of each call of that name so far. */
  all<N extends Name>(name: N): readonly Args<N>[]
  /** Resolves with the arguments of the nth call of that name, heard already or still to come. */
  until<N extends Name>(name: N, nth?: number): Promise<Args<N>>
}

/** Makes an observer that hears everything. */
export function hear(): Heard {
  const names: Name[] = []
  const calls = new Map<Name, unknown[][]>()
  let waiting: (() => void)[] = []
  const all = <N extends Name>(name: N): readonly Args<N>[] =>
    (calls.get(name) ?? []) as unknown as Args<N>[]
  const observer = new Proxy({} as Observer, {
    get(_, name: string) {
      // They are asked or told for each step of each delivery.
      if (UNHEARD.has(name)) return undefined
      return (...args: unknown[]) => {
        names.push(name as Name)
        calls.set(name as Name, [...(calls.get(name as Name) ?? []), args])
        const woken = waiting
        waiting = []
        for (const wake of woken) wake()
      }
    },
  })
  return {
    observer,
    names,
    all,
    async until(name, nth = 1) {
      while (all(name).length < nth) await new Promise<void>((wake) => waiting.push(wake))
      return all(name)[nth - 1]!
    },
  }
}
