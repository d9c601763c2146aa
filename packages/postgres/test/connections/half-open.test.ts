import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { withPostgres } from '../postgres.ts'
import { listen, signed } from '../receiver.ts'

/**
 * Starts a proxy to PostgreSQL that can make its open connections half-open: bytes get lost, unknown to both sides.
 */
async function startProxy(port: number) {
  const sockets = new Set<Socket>()
  const lost = new WeakSet<Socket>()
  let ended = 0
  const server = createServer((client) => {
    const postgres = connect(port, '127.0.0.1')
    sockets.add(client)
    for (const [from, to] of [
      [client, postgres],
      [postgres, client],
    ] as const) {
      from.on('error', () => {})
      from.on('data', (chunk) => void (lost.has(client) || to.write(chunk)))
    }
    client.on('close', () => {
      sockets.delete(client)
      if (lost.has(client)) ended++
      postgres.destroy()
    })
    // On a half-open connection, the client does not learn that the server has closed.
    postgres.on('close', () => void (lost.has(client) || client.destroy()))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `postgres://postern@127.0.0.1:${(server.address() as AddressInfo).port}/postgres`,
    /** Makes all open connections half-open, and returns their number. */
    swallow(): number {
      for (const socket of sockets) lost.add(socket)
      return sockets.size
    },
    /** Returns how many half-open connections the client has ended. */
    ended: () => ended,
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

withPostgres('half-open connections', (postgres) => {
  test('are dropped after the deadline: what was acknowledged runs, and deliveries are taken again', async () => {
    const { service, pool, schema, open } = postgres()
    const name = schema()
    const proxy = await startProxy(service.port)
    const inbox = open({
      connectionString: proxy.url,
      schema: name,
      deadline: '1s',
      lease: '2s',
    })
    const { receiver, heard, until } = listen(inbox)
    const release = Promise.withResolvers<void>()
    receiver.on('thing.*', { concurrency: 100 }, ({ id }) =>
      id!.startsWith('before') ? release.promise : undefined,
    )
    // The first delivery creates the tables, so it may miss the deadline.
    for (let at = 0; at < 20;)
      if ((await receiver.receive(signed(`before ${at}`))).status === 200) at++
    expect(proxy.swallow()).toBeGreaterThan(1)
    // Outcomes of these tasks get lost on the half-open connections.
    release.resolve()
    const statuses = new Set<number>()
    for (let at = 0; ; at++) {
      const { status } = await receiver.receive(signed(`after ${at}`))
      statuses.add(status)
      if (status === 200) break
    }
    for (const status of statuses) expect([200, 503]).toContain(status)
    await until(() => heard.filter((what) => what.startsWith('done before')).length >= 20)
    const left = `SELECT count(*)::int AS open FROM ${name}.postern_tasks WHERE state < 2`
    await expect.poll(async () => (await pool.query(left)).rows).toEqual([{ open: 0 }])
    expect(proxy.ended()).toBeGreaterThan(0)
    await receiver.close()
    await inbox.close()
    await proxy.stop()
  })
})
