import { memoryInbox } from '@postern/core'
import type { AcceptWithin } from '@postern/core/engine'
import { expect, test } from 'vitest'
import { inTransaction } from '../../src/index.ts'
import { withPostgres } from '../postgres.ts'
import { listen, signed } from '../receiver.ts'

withPostgres('inTransaction', (postgres) => {
  test('stores the event with what the application writes, or neither', async () => {
    const { pool, open } = postgres()
    const inbox = open()
    const { receiver, heard, until } = listen(inbox)
    receiver.on('thing.*', () => {})
    await pool.query('CREATE TABLE notes (text text)')
    const client = await pool.connect()
    const deliver = async (end: 'COMMIT' | 'ROLLBACK', id: string): Promise<number> => {
      await client.query('BEGIN')
      const { status } = await receiver.receive(signed(id), inTransaction(client))
      await client.query('INSERT INTO notes VALUES ($1)', [`${end} ${id}`])
      await client.query(end)
      return status
    }
    try {
      expect(await deliver('ROLLBACK', '1')).toBe(200)
      expect(await deliver('COMMIT', '2')).toBe(200)
      await until(() => heard.includes('done 2'))
      expect((await pool.query('SELECT text FROM notes')).rows).toEqual([{ text: 'COMMIT 2' }])
      expect((await receiver.tasks()).map(({ event }) => event.id)).toEqual(['2'])
      // The delivery that was rolled back left nothing, so the same delivery is new.
      expect(await deliver('COMMIT', '1')).toBe(200)
      await until(() => heard.includes('done 1'))
      expect(heard).not.toContain('duplicate 1')
    } finally {
      client.release()
      await receiver.close()
      await inbox.close()
    }
  })

  test('given to a receiver of another inbox is a TypeError, and nothing is stored', async () => {
    const { receiver } = listen(memoryInbox())
    receiver.on('thing.*', () => {})
    const run = () => Promise.resolve([])
    await expect(receiver.receive(signed('1'), inTransaction(run))).rejects.toThrow(
      new TypeError(
        'inTransaction belongs to postgresInbox, but this receiver uses memoryInbox; import inTransaction from the package of memoryInbox, if that package has it',
      ),
    )
    const transaction = (accept: AcceptWithin) => accept(inTransaction(run))
    expect((await receiver.receive(signed('1'), { transaction })).status).toBe(503)
    expect(await receiver.tasks()).toEqual([])
  })
})
