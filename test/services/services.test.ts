import { execFileSync } from 'node:child_process'
import { connect } from 'node:net'
import { expect, test } from 'vitest'
import { startPgBouncer } from './pgbouncer.ts'
import { startPostgres } from './postgres.ts'
import { needs } from './needs.ts'
import { pgBouncer, postgresServer, prometheusServer, redisServer } from './programs.ts'
import { startPrometheus } from './prometheus.ts'
import { startRedis } from './redis.ts'

needs(redisServer).describe('startRedis', () => {
  test('answers on its own port, waits while paused, and goes with its folder', async () => {
    const redis = await startRedis()
    expect(await ask(redis.port, Buffer.from('PING\r\n'))).toBe('+PONG\r\n')
    redis.pause()
    expect(state(redis.pid)).toMatch(/^T/)
    const late = ask(redis.port, Buffer.from('PING\r\n'))
    redis.resume()
    expect(await late).toBe('+PONG\r\n')
    await redis.stop()
    await expect(ask(redis.port, Buffer.from('PING\r\n'))).rejects.toThrow('ECONNREFUSED')
  })
})

// PostgreSQL replies to an SSL request before authentication. It replies N (no), because it has no certificate.
const sslRequest = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47])

needs(postgresServer).describe('startPostgres', () => {
  test('answers on its own port, waits while paused, and goes with its folder', async () => {
    const postgres = await startPostgres()
    expect(await ask(postgres.port, sslRequest)).toBe('N')
    postgres.pause()
    expect(state(postgres.pid)).toMatch(/^T/)
    const late = ask(postgres.port, sslRequest)
    postgres.resume()
    expect(await late).toBe('N')
    await postgres.stop()
    await expect(ask(postgres.port, sslRequest)).rejects.toThrow('ECONNREFUSED')
  })
})

needs(postgresServer, pgBouncer).describe('startPgBouncer', () => {
  test('answers on its own port before its Postgres, and goes with its folder', async () => {
    const postgres = await startPostgres()
    const bouncer = await startPgBouncer(postgres)
    expect(await ask(bouncer.port, sslRequest)).toBe('N')
    await bouncer.stop()
    await expect(ask(bouncer.port, sslRequest)).rejects.toThrow('ECONNREFUSED')
    await postgres.stop()
  })
})

needs(prometheusServer).describe('startPrometheus', () => {
  test('answers queries on its own port, says why it rejects one, and goes with its folder', async () => {
    const prometheus = await startPrometheus({ targets: {} })
    expect(await prometheus.query('vector(7)')).toEqual([{ metric: {}, value: 7 }])
    await expect(prometheus.query('sum(')).rejects.toThrow('parse error')
    await prometheus.stop()
    await expect(fetch(prometheus.url)).rejects.toThrow('fetch failed')
  })
})

function ask(port: number, message: Buffer): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect(port, '127.0.0.1', () => socket.write(message))
  socket.once('error', reject)
  socket.once('data', (data) => {
    socket.destroy()
    resolve(data.toString())
  })
  return promise
}

/** Returns the process state. T means stopped by a signal. */
function state(pid: number): string {
  return execFileSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' })
}
