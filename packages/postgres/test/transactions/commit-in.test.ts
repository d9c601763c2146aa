import { expect, test } from 'vitest'
import { pgSql } from '../../src/orm/pg.ts'
import { withPostgres } from '../postgres.ts'
import { listen, signed } from '../receiver.ts'

withPostgres('in a transaction of the app', (postgres) => {
  test('an open commit keeps its own lease and delays no other task; a handler that returns before is told', async () => {
    const { pool, schema, open } = postgres()
    const name = schema()
    const inbox = open({ schema: name, lease: '1s' })
    const client = await pool.connect()
    const warnings: string[] = []
    const { receiver, heard, until } = listen(inbox, {
      log: { warning: (_, message) => warnings.push(message) },
    })
    receiver.on('thing.*', async ({ id }, task) => {
      if (id !== 'open') return
      await client.query('BEGIN')
      await task.commit({ in: pgSql(client) })
    })
    await receiver.receive(signed('open'))
    await expect.poll(() => warnings.join()).toMatch(/await that transaction/)
    for (let at = 0; at < 20; at++) await receiver.receive(signed(`other ${at}`))
    await until(() => heard.filter((what) => what.startsWith('done other')).length === 20)
    // The transaction lasts longer than the lease, but no process releases the task.
    const over = `SELECT lease < extract(epoch FROM clock_timestamp()) * 1000 AS over FROM ${name}.postern_tasks ORDER BY id LIMIT 1`
    await expect.poll(async () => (await pool.query(over)).rows).toEqual([{ over: true }])
    await receiver.runDue({ deadline: '2s' })
    expect(heard).not.toContain('done open')
    await client.query('COMMIT')
    client.release()
    await until(() => heard.includes('done open'))
    const { rows } = await pool.query(
      `SELECT runs, cut FROM ${name}.postern_tasks ORDER BY id LIMIT 1`,
    )
    expect(rows).toEqual([{ runs: 1, cut: 0 }])
  })

  test('task.commit({ in }) after the handler has returned writes nothing, and says so to its caller and to the log', async () => {
    const { pool, schema, open } = postgres()
    const name = schema()
    const inbox = open({ schema: name })
    const client = await pool.connect()
    const warnings: string[] = []
    const { receiver, heard, until } = listen(inbox, {
      log: { warning: (_, message) => warnings.push(message) },
    })
    const late = Promise.withResolvers<unknown>()
    late.promise.catch(() => {})
    receiver.on('thing.*', (_, task) => {
      // This handler does not await the work that it starts.
      const begun = until(() => heard.includes('done 1')).then(async () => {
        await client.query('BEGIN')
        await client.query(`CREATE TABLE ${name}.effects (id text)`)
        await task.commit({ in: pgSql(client) })
      })
      begun.then(late.resolve, late.reject)
    })
    await receiver.receive(signed('1'))
    await expect(late.promise).rejects.toThrow(
      'the handler had returned already, so nothing was written; await the transaction',
    )
    expect(warnings.join()).toMatch(/task \d+: task.commit: the handler had returned/)
    // The app's transaction is still open, and the app may commit it.
    await client.query('COMMIT')
    client.release()
    const { rows } = await pool.query(`SELECT state, runs FROM ${name}.postern_tasks`)
    expect(rows).toEqual([{ state: 2, runs: 1 }])
  })
})
