// Takes 45 s. On PostgreSQL: sound-on-postgres.apart.test.ts.
import { testReceiver } from '@postern/testing'
import { describe, test } from 'vitest'
import { effectsIn } from './receivers/effects.ts'
import { program } from './receivers/run.ts'

const LIMIT = 180_000
const RUNNER = {
  describe,
  test: (name: string, body: () => void | Promise<void>) => test(name, body, LIMIT),
}
const SKILLS = { durable: true, exactlyOnce: true, shared: true }

testReceiver(program('sound'), effectsIn('shop.db'), RUNNER, {
  name: 'a hand-made receiver',
  ...SKILLS,
})

testReceiver(program('postern-sqlite'), effectsIn('webhooks.db'), RUNNER, {
  name: 'Postern on node:http with SQLite',
  ...SKILLS,
})
