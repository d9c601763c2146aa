import { expect, test } from 'vitest'
import { listen, signed } from '../../postgres/test/receiver.ts'
import { withMariadb } from './mariadb.ts'

withMariadb('health of mysqlInbox', (mariadb) => {
  test('outcomes are kept while a column is missing, and health says so', async () => {
    const { pool, database, open } = mariadb()
    const name = await database()
    const { receiver, until } = listen(open({ database: name, lease: '3s' }))
    const [started, gate] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    let ran = 0
    receiver.on('**', async () => {
      ran++
      started.resolve()
      await gate.promise
    })
    expect((await receiver.receive(signed('1'))).status).toBe(200)
    await started.promise
    const rename = (from: string, to: string): Promise<unknown> =>
      pool.query(`ALTER TABLE ${name}.postern_tasks RENAME COLUMN ${from} TO ${to}`)
    await rename('took', 'gone')
    gate.resolve()
    await expect.poll(() => receiver.health()).toMatchObject({ ok: false })
    await rename('gone', 'took')
    await until((heard) => heard.includes('done 1'))
    expect(ran).toBe(1)
    await expect.poll(() => receiver.health()).toMatchObject({ ok: true })
  })
})
