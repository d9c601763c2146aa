import { setTimeout as sleep } from 'node:timers/promises'
import type { ReceiverOptions } from '@postern/core'
import { expect, test } from 'vitest'
import { withPgBouncer } from '../postgres.ts'
import { listen, signed } from '../receiver.ts'

const LISTENS = /LISTEN does not work through this pooler/
const LOSES = /a connection pooler loses prepared statements/

function quiet(): {
  readonly log: NonNullable<ReceiverOptions['log']>
  readonly warnings: string[]
} {
  const warnings: string[] = []
  return { warnings, log: { warning: (_, message) => void warnings.push(message) } }
}

withPgBouncer('PgBouncer with max_prepared_statements', {}, (pooled) => {
  test('tasks of another process are found by polling, which is said once', async () => {
    const { bouncer, schema, open } = pooled()
    const options = { connectionString: bouncer.url, schema: schema() }
    const { log, warnings } = quiet()
    const { receiver, until } = listen(open(options), { log })
    receiver.on('thing.*', () => {})
    await receiver.startWorker()
    await expect.poll(() => warnings.join('\n')).toMatch(LISTENS)
    const other = listen(open(options), { worker: false }).receiver
    other.on('thing.*', () => {})
    for (let at = 0; at < 5; at++) {
      expect((await other.receive(signed(`${at}`))).status).toBe(200)
      await until((heard) => heard.includes(`done ${at}`))
    }
    expect(warnings.filter((line) => LISTENS.test(line))).toHaveLength(1)
    expect(warnings.filter((line) => LOSES.test(line))).toEqual([])
  })
})

withPgBouncer(
  'PgBouncer that loses prepared statements',
  { max_prepared_statements: 0 },
  (pooled) => {
    test.for([
      ['prepared by default: said once', {}, 1],
      ['prepare: false: nothing to say', { prepare: false }, 0],
    ] as const)('%s, and no delivery is rejected', async ([, more, said]) => {
      const { bouncer, schema, open } = pooled()
      const options = { connectionString: bouncer.url, schema: schema(), ...more }
      const { log, warnings } = quiet()
      const all = [open(options), open(options)].map((inbox) => {
        const listening = listen(inbox, { log })
        listening.receiver.on('thing.*', { orderingKey: ({ id }) => id!.slice(0, 1) }, () =>
          sleep(1),
        )
        return listening
      })
      const replies = await Promise.all(
        Array.from({ length: 200 }, (_, at) => all[at % 2]!.receiver.receive(signed(`${at}`))),
      )
      expect(new Set(replies.map(({ status }) => status))).toEqual(new Set([200]))
      const done = (): number =>
        all.flatMap(({ heard }) => heard.filter((what) => what.startsWith('done'))).length
      await Promise.race(all.map(({ until }) => until(() => done() === 200)))
      expect(warnings.filter((line) => LOSES.test(line))).toHaveLength(2 * said)
    })
  },
)
