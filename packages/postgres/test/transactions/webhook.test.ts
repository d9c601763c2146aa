import type { IncomingMessage } from 'node:http'
import type { AcceptWithin } from '@postern/core/engine'
import { listen as serve } from '@postern/testing'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { webhook } from '../../../node/src/index.ts'
import { inTransaction, postgresInbox } from '../../src/index.ts'
import { pgSql } from '../../src/orm/pg.ts'
import { withPostgres } from '../postgres.ts'
import { listenOn, signed, type Listening } from '../receiver.ts'

withPostgres('webhook with a transaction of the app', (postgres) => {
  let opened = 0
  let listening: Listening
  let close: () => Promise<void>
  let url: string
  let work: (accept: () => Promise<void>, note: () => Promise<unknown>) => Promise<unknown>

  beforeAll(async () => {
    const { service, pool, schema } = postgres()
    const inbox = postgresInbox({
      connectionString: service.url,
      schema: schema(),
      pollInterval: 20,
    })
    listening = listenOn(inbox)
    listening.receiver.on('thing.*', () => {})
    await pool.query('CREATE TABLE notes (text text UNIQUE DEFERRABLE INITIALLY DEFERRED)')
    const transaction = async (accept: AcceptWithin, { url: path }: IncomingMessage) => {
      opened += 1
      const client = await pool.connect()
      try {
        await client.query('BEGIN')
        await work(
          () => accept(inTransaction(pgSql(client))),
          () => client.query('INSERT INTO notes VALUES ($1)', [path]),
        )
        await client.query('COMMIT')
      } catch (error) {
        await client.query('ROLLBACK')
        throw error
      } finally {
        client.release()
      }
    }
    const server = await serve(webhook(listening.receiver, { transaction }))
    url = server.url
    close = async () => {
      await server.close()
      await listening.receiver.close()
      await inbox.close()
    }
  })
  afterAll(() => close())

  test('commits event and note before the reply', async () => {
    work = async (accept, note) => {
      await accept()
      await note()
    }
    expect(await send('1')).toBe(200)
    expect(await notes()).toContain('/1')
    await listening.until((heard) => heard.includes('done 1'))
  })

  test('rolled back, neither is there, the sender is asked again, and the next time it is new', async () => {
    work = async (accept, note) => {
      await accept()
      await note()
      throw new Error('the app thinks better of it')
    }
    expect(await send('2')).toBe(503)
    expect(await notes()).not.toContain('/2')
    expect(await ids()).not.toContain('2')
    work = (accept) => accept()
    expect(await send('2')).toBe(200)
    await listening.until((heard) => heard.includes('done 2'))
    expect(listening.heard).not.toContain('duplicate 2')
  })

  test('a COMMIT that fails is no 200', async () => {
    // The second note violates a constraint that is checked only at COMMIT.
    work = async (accept, note) => {
      await accept()
      await note()
      await note()
    }
    expect(await send('3')).toBe(503)
    expect(await ids()).not.toContain('3')
    expect(listening.heard).not.toContain('accepted 3')
  })

  test('a transaction that never accepts is no 200', async () => {
    work = (_, note) => note()
    expect(await send('4')).toBe(503)
    expect(listening.heard).toContain('rejected inbox_unavailable')
  })

  test('a forged delivery opens none', async () => {
    const before = opened
    expect(await send('5', 'x')).toBe(401)
    expect(opened).toBe(before)
  })

  /** Sends a delivery, and returns the status of the reply. */
  async function send(id: string, more = ''): Promise<number> {
    const { headers, body } = signed(id)
    const whole = Buffer.concat([body, Buffer.from(more)])
    const request = { method: 'POST', headers: new Headers(headers), body: whole }
    return (await fetch(`${url}${id}`, request)).status
  }

  async function notes(): Promise<readonly string[]> {
    const { rows } = await postgres().pool.query('SELECT text FROM notes')
    return rows.map((row: { text: string }) => row.text)
  }

  async function ids(): Promise<readonly (string | undefined)[]> {
    return (await listening.receiver.tasks()).map(({ event }) => event.id)
  }
})
