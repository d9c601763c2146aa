import { createReceiver } from '@postern/core'
import { catalogue } from '@postern/providers/catalogue'
import { REJECTED, TAKEN, type HostileCase } from '../case.ts'
import { vectorsOf, wireOf } from '../genuine.ts'

/** Every known answer that must be rejected. */
export function forgeries(): readonly HostileCase[] {
  const cases: HostileCase[] = []
  for (const entry of catalogue.values()) {
    for (const vector of vectorsOf(entry.name)) {
      if (vector.expect !== 'invalid') continue
      const options = {
        ...(entry.secretOption && vector.secret !== undefined
          ? { [entry.secretOption]: vector.secret }
          : {}),
        ...vector.extra,
      }
      const provider = (): ReturnType<typeof entry.create> => entry.create(options)
      try {
        void createReceiver({ provider: provider(), log: false }).close()
      } catch {
        // The factory rejects the very key: no receiver can be made that could be attacked.
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
        now: typeof vector.now === 'number' ? vector.now * 1000 : undefined,
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

// Clients of HTTP reject what RFC 9110 forbids in a value.
function isSendable(headers: readonly (readonly [string, string])[]): boolean {
  return headers.every(([, value]) => /^[\t\x20-\x7e\x80-\xff]*$/.test(value))
}
