import type { Consumer, Lane, Slot } from '@postern/core/inbox'
import type { Running } from './task.ts'
import type { Tally } from './tally.ts'

/** Subscriptions of a receiver and their numbers in the file. */
export interface Lanes {
  /** Numbers of the lanes that share order keys with the subscription: those of its former names. */
  readonly sharing: (subscription: string, lane: number) => readonly number[]
  /** A subscription of this process, by its name or a former one. */
  policy(subscription: string): Lane | undefined
  /** Numbers of all lanes whose tasks this process may run. */
  numbers(): readonly number[]
}

/** Makes them. */
export function createLanes(
  consumer: Consumer,
  tally: Tally,
  slots: () => readonly Slot<Running>[],
): Lanes {
  const byName = new Map<string, Slot<Running>>()
  let known: readonly Slot<Running>[] = []

  return {
    sharing(subscription, lane) {
      const slot = find(subscription)
      return !slot || slot.names.length === 1 ? [lane] : numbersOf(slot)
    },
    policy: (subscription) => find(subscription)?.lane,
    numbers: () => slots().flatMap(numbersOf),
  }

  function find(subscription: string): Slot<Running> | undefined {
    const all = slots()
    if (all !== known) {
      known = all
      for (const slot of all) for (const name of slot.names) byName.set(name, slot)
    }
    return byName.get(subscription)
  }

  function numbersOf({ names }: Slot<Running>): readonly number[] {
    return names.flatMap((name) => tally.find(consumer.receiver, name) ?? [])
  }
}
