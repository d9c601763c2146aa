import type { IncomingMessage } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { createReceiver } from '@postern/core'
import type { AcceptWithin } from '@postern/core/engine'
import { acme, listen } from '@postern/testing'
import { expect, test } from 'vitest'
import { webhook } from '../../node/src/index.ts'
import { inTransaction } from '../src/index.ts'
import { sqliteScene } from './scene.ts'

const scene = sqliteScene()
const provider = acme({ secret: 'a secret of these tests' })

test('webhooks of one moment are each accepted in a transaction of the app, on its one connection', async () => {
  const receiver = createReceiver({ provider, inbox: scene.open(), log: false })
  receiver.on('thing.*', () => {})
  const app = new DatabaseSync(scene.file.path)
  app.exec('CREATE TABLE notes (text TEXT)')
  // A connection has only one transaction at a time, so each transaction waits for the previous one.
  let before: Promise<unknown> = Promise.resolve()
  const transaction = (accept: AcceptWithin, { url }: IncomingMessage): Promise<void> => {
    const own = before.then(() => write(accept, url!))
    before = own.catch(() => {})
    return own
  }
  const write = async (accept: AcceptWithin, url: string): Promise<void> => {
    app.exec('BEGIN IMMEDIATE')
    try {
      await accept(inTransaction(app))
      app.prepare('INSERT INTO notes VALUES (?)').run(url)
      if (Number(url.slice(1)) % 2 === 0) throw new Error('the app thinks better of it')
      app.exec('COMMIT')
    } catch (error) {
      app.exec('ROLLBACK')
      throw error
    }
  }
  const server = await listen(webhook(receiver, { transaction }))
  try {
    const ids = Array.from({ length: 20 }, (_, at) => String(at))
    const statuses = await Promise.all(ids.map((id) => send(`${server.url}${id}`, id)))
    expect(statuses).toEqual(ids.map((id) => (Number(id) % 2 === 0 ? 503 : 200)))
    const odd = ids.filter((id) => Number(id) % 2 === 1).map((id) => `/${id}`)
    const notes = app.prepare('SELECT text FROM notes').all()
    expect(new Set(notes.map(({ text }) => text))).toEqual(new Set(odd))
    expect(notes).toHaveLength(odd.length)
    const tasks = await receiver.tasks()
    expect(tasks.map(({ event }) => `/${event.id}`).toSorted()).toEqual(odd.toSorted())
  } finally {
    await server.close()
    app.close()
    await receiver.close()
  }
})

/** Sends a delivery, and returns the status of the reply. */
async function send(url: string, id: string): Promise<number> {
  const { headers, body } = provider.sign!({ id, topic: 'thing.happened', payload: {} })
  const request = { method: 'POST', headers: new Headers(headers), body }
  return (await fetch(url, request)).status
}
