import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import pg from 'pg'
import { expect, test } from 'vitest'
import type { PostgresInboxOptions } from '../../src/index.ts'
import { withPostgres } from '../postgres.ts'
import { listen, signed } from '../receiver.ts'

// Messages of the server when a session is ready, and when an administrator ends it.
const READY = Buffer.from('Z\0\0\0\x05I', 'latin1')
const FIELDS = 'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'
const ENDED = Buffer.concat([Buffer.from('E\0\0\0\0'), Buffer.from(FIELDS)])
ENDED.writeUInt32BE(ENDED.length - 1, 1)

/** Starts a proxy to PostgreSQL that can end sessions at the moment when they are ready. */
async function startProxy(port: number) {
  const sockets = new Set<Socket>()
  let ends = 0
  const server = createServer((client) => {
    const postgres = connect(port, '127.0.0.1')
    const begun = { ready: false }
    sockets.add(client)
    for (const socket of [client, postgres]) socket.on('error', () => {})
    client.on('data', (chunk) => postgres.write(chunk))
    postgres.on('data', (chunk) => {
      const first = !begun.ready && chunk.subarray(-READY.length).equals(READY)
      if (first) begun.ready = true
      if (!first || ends === 0) return void client.write(chunk)
      ends--
      client.end(Buffer.concat([chunk, ENDED]))
    })
    client.on('close', () => {
      sockets.delete(client)
      postgres.destroy()
    })
    postgres.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `postgres://postern@127.0.0.1:${(server.address() as AddressInfo).port}/postgres`,
    /** Ends the open sessions, and the next `count` new ones. */
    end(count: number) {
      ends = count
      for (const socket of sockets) socket.destroy()
    },
    left: () => ends,
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

withPostgres('sessions that are ended in the moment in which they are ready', (postgres) => {
  test.for(['its own', "the app's"])(
    'end no process, and deliveries get 503 until there are others: %s pool',
    async (whose) => {
      const { service, open } = postgres()
      const proxy = await startProxy(service.port)
      const pool = new pg.Pool({ connectionString: proxy.url })
      pool.on('error', () => {})
      const way: PostgresInboxOptions =
        whose === 'its own' ? { connectionString: proxy.url } : { pool }
      const { receiver, heard, until } = listen(open({ ...way, lease: '2s' }))
      const uncaught: unknown[] = []
      const hear = (error: unknown): void => void uncaught.push(error)
      process.prependListener('uncaughtException', hear)
      receiver.on('thing.*', () => {})
      expect((await receiver.receive(signed('before'))).status).toBe(200)
      proxy.end(20)
      const statuses = new Set<number>()
      for (let at = 0; proxy.left() > 0 || !statuses.has(200); at++)
        statuses.add((await receiver.receive(signed(`after ${at}`))).status)
      for (const status of statuses) expect([200, 503]).toContain(status)
      expect((await receiver.receive(signed('last'))).status).toBe(200)
      await until(() => heard.includes('done last'))
      process.off('uncaughtException', hear)
      expect(uncaught).toEqual([])
      await receiver.close()
      await pool.end()
      await proxy.stop()
    },
  )

  test('of a listener: it listens again by itself, and hears of tasks long before it would look', async () => {
    const { pool, schema, open } = postgres()
    const settings = { schema: schema(), pollInterval: '10m' } as const
    const worker = listen(open(settings))
    worker.receiver.on('thing.*', () => {})
    const web = listen(open(settings), { worker: false })
    web.receiver.on('thing.*', () => {})
    const listening = async (): Promise<readonly number[]> => {
      const text = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN %'"
      return (await pool.query<{ pid: number }>(text)).rows.map(({ pid }) => pid)
    }
    await web.receiver.receive(signed('1'))
    await worker.until((heard) => heard.includes('done 1'))
    await expect.poll(listening).toHaveLength(1)
    const [before] = await listening()
    await pool.query('SELECT pg_terminate_backend($1)', [before])
    await expect.poll(listening).toEqual([expect.not.toSatisfy((pid) => pid === before)])
    await web.receiver.receive(signed('2'))
    await worker.until((heard) => heard.includes('done 2'))
  })
})
