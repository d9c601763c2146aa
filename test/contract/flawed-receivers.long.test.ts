// Takes 40 s.
import { AssertionError } from 'node:assert'
import { testReceiver } from '@postern/testing'
import { describe, expect, test } from 'vitest'
import { effectsIn } from './receivers/effects.ts'
import { program } from './receivers/run.ts'

const BEHIND_EFFECT = 'a crash between the effect and its record: the effect happens once'

/** Name of a flawed receiver, the contract test that names its flaw, and other tests that fail for the same reason. */
const FLAWED: readonly (readonly [string, string, ...(readonly string[])])[] = [
  [
    'acknowledge-before-commit',
    'what was acknowledged is done, though the process is killed at the reply',
  ],
  ['check-then-insert', 'of many equal deliveries at once, one has its effect'],
  [
    'effect-before-dedupe',
    'a delivery that comes again while its handler runs has no second effect',
    BEHIND_EFFECT,
  ],
  ['no-record', 'a delivery that comes again after a restart has no second effect', BEHIND_EFFECT],
  ['crash-before-record', BEHIND_EFFECT],
  ['order-assumed', 'an event that comes before an older one: both have their effect'],
  ['secrets-logged', 'no log and no reply has the secret or a signature'],
  [
    'verified-after-parsing',
    'a body is verified as it came: white space, escapes and doubled keys are accepted',
  ],
  ['stale-accepted', 'a stale delivery is rejected and has no effect'],
]
const NAMING = FLAWED.map(([, title]) => title)

// Errors of a test that waits in vain for an effect or for a 2xx.
const FOUND = /^waited 10 s in vain until the effects|got no 2xx within/
const LIMIT = 180_000
const SKILLS = { durable: true, exactlyOnce: true, shared: true }

describe('of the tests that name a flaw, those fail that name the flaw of', () => {
  test.concurrent.each(FLAWED)(
    '%s',
    async (name, ...finders) => {
      expect(await failures(name)).toEqual(NAMING.filter((title) => finders.includes(title)))
    },
    LIMIT,
  )
})

async function failures(name: string): Promise<readonly string[]> {
  const tests = new Map<string, () => void | Promise<void>>()
  testReceiver(
    program(name),
    effectsIn('shop.db'),
    { describe: (_, body) => body(), test: (title, body) => void tests.set(title, body) },
    // `patience` is how long a test waits for a lost effect, in milliseconds.
    { name, patience: 10_000, ...SKILLS },
  )
  const failed: string[] = []
  for (const title of NAMING)
    try {
      await tests.get(title)!()
    } catch (error) {
      // Other errors, for example of a receiver that does not start, are not findings.
      const { message } = error as Error
      if (!(error instanceof AssertionError) && !FOUND.test(message)) throw error
      failed.push(title)
    }
  return failed
}
