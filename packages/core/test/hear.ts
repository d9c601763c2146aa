import type { Observer } from '../src/index.ts'

type Name = keyof Observer
type Args<N extends Name> = Parameters<NonNullable<Observer[N]>>

const UNHEARD = new Set(['step', 'carrier', 'around', 'replied', 'call', 'attached'])

/** An observer that records its calls. */
export interface Heard {
  readonly observer: Observer
  /** Names of all calls, in order. */
  readonly names: readonly Name[]
  /** Returns the arguments of each past call of this method. */
  all<N extends Name>(name: N): readonly Args<N>[]
  /** Resolves with the arguments of the nth call of this method, past or future. */
  until<N extends Name>(name: N, nth?: number): Promise<Args<N>>
}

export function hear(): Heard {
  const names: Name[] = []
  const calls = new Map<Name, unknown[][]>()
  let waiting: (() => void)[] = []
  const all = <N extends Name>(name: N): readonly Args<N>[] =>
    (calls.get(name) ?? []) as unknown as Args<N>[]
  const observer = new Proxy({} as Observer, {
    get(_, name: string) {
      // The receiver calls the methods of UNHEARD at each step of each delivery, so they are not recorded.
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
