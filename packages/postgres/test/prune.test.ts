import { Unrecoverable } from '@postern/core'
import { expect, test } from 'vitest'
import { postgresInbox } from '../src/index.ts'
import { withPostgres } from './postgres.ts'
import { listen, signed } from './receiver.ts'

withPostgres('retention', (postgres) => {
  test('done events are forgotten after keepDone, dead ones after keepDead, pending ones never', async () => {
    const { service, pool, schema } = postgres()
    const name = schema()
    const inbox = postgresInbox({
      connectionString: service.url,
      schema: name,
      window: '1ms',
      keepDone: '1ms',
      keepDead: '1h',
    })
    const { receiver, until } = listen(inbox, { onUnhandled: 'store' })
    receiver.on('thing.*', ({ id }) => {
      if (id === 'dead') throw new Unrecoverable('no such customer')
    })
    await receiver.receive(signed('done'))
    await receiver.receive(signed('dead'))
    await until((heard) => heard.includes('done done') && heard.includes('dead dead'))
    const events = async (): Promise<unknown> =>
      (await pool.query(`SELECT event_id FROM ${name}.postern_events ORDER BY event_id`)).rows
    await expect.poll(events).toEqual([{ event_id: 'dead' }])
    const left = await pool.query(`SELECT state FROM ${name}.postern_tasks`)
    expect(left.rows).toEqual([{ state: 3 }])
    await receiver.close()
    await inbox.close()
  })
})
