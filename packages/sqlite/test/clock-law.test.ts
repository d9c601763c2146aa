import fc from 'fast-check'
import { afterEach, test } from 'vitest'
import { acts, keepsClockLaw } from '../../../test/clocks/law.ts'
import { sqliteInbox } from '../src/index.ts'
import { temporaryFile } from './file.ts'

const { now } = Date
afterEach(() => void (Date.now = now))

test('whatever the clock does, all that was accepted runs soon and once', async () => {
  await fc.assert(
    fc.asyncProperty(acts, async (plan) => {
      const file = temporaryFile()
      try {
        await keepsClockLaw(
          {
            open: () => sqliteInbox({ path: file.path, pollInterval: 5, lease: '1s' }),
            set: (ahead) => void (Date.now = () => now() + ahead),
          },
          plan,
        )
      } finally {
        file.remove()
      }
    }),
    { numRuns: 12, seed: 39, endOnFailure: true },
  )
}, 120_000)
