import { createReceiver } from '@postern/core'
import { catalogue } from '@postern/providers/catalogue'
import { vectorClock, vectorOptions } from '../../../packages/testing/src/provider/vector.ts'
import { REJECTED, TAKEN, type HostileCase } from '../case.ts'
import { vectorsOf, wireOf } from '../genuine.ts'

/** One case per test vector that must be rejected. */
export function forgeries(): readonly HostileCase[] {
  const cases: HostileCase[] = []
  for (const entry of catalogue.values()) {
    for (const vector of vectorsOf(entry.name)) {
      if (vector.expect !== 'invalid') continue
      const options = vectorOptions(vector, entry.secretOption)
      const provider = (): ReturnType<typeof entry.create> => entry.create(options)
      try {
        void createReceiver({ provider: provider(), log: false }).close()
      } catch {
        // The provider's factory rejects this key, so an app cannot create such a receiver.
        continue
      }
      const headers = Object.entries(vector.headers).flatMap(([name, value]) =>
        (typeof value === 'string' ? [value] : value).map((line) => [name, line] as const),
      )
      if (!isSendable(headers)) continue
      const status = vector.reply?.status
      cases.push({
        name: `${entry.name}: ${vector.name}`,
        class: 'forgery',
        provider,
        now: vectorClock(vector),
        steps: [
          {
            wire: { ...wireOf(vector), headers },
            status:
              status !== undefined
                ? [status].flat()
                : vector.mayDrop
                  ? [...REJECTED, ...TAKEN]
                  : REJECTED,
          },
        ],
        runs: [],
      })
    }
  }
  return cases
}

// HTTP clients cannot send header values that RFC 9110 forbids.
function isSendable(headers: readonly (readonly [string, string])[]): boolean {
  return headers.every(([, value]) => /^[\t\x20-\x7e\x80-\xff]*$/.test(value))
}
