import type { Consumer } from '../inbox.ts'
import type { Orphan } from '../view.ts'

/** Of the pending tasks by subscription, those that no consumer has under its name or a former one. */
export function orphansOf(
  rows: readonly Orphan[],
  consumers: readonly Consumer[],
): readonly Orphan[] {
  const known = new Set(
    consumers.flatMap((consumer) =>
      consumer
        .lanes()
        .flatMap(({ name, formerly }) =>
          [name, ...formerly].map((each) => key(consumer.receiver, each)),
        ),
    ),
  )
  return rows.filter(
    ({ receiver, subscription, pending }) => pending > 0 && !known.has(key(receiver, subscription)),
  )
}

function key(receiver: string, subscription: string): string {
  return JSON.stringify([receiver, subscription])
}
