// Takes 25 s.
import { github } from '@postern/providers/github'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { startCollector, type CollectedSpan, type Collector } from '../services/otlp.ts'
import { needs } from '../services/needs.ts'
import { redisServer } from '../services/programs.ts'
import { startRedis, type RedisService } from '../services/redis.ts'
import {
  buildNext,
  follow,
  send,
  spawnIn,
  startNext,
  type Example,
  type Output,
} from './example.ts'

const WAIT = { timeout: 60_000, interval: 100 }
const secret = 'it is a secret'

needs(redisServer).describe('next-bullmq', () => {
  let redis: RedisService
  let web: Example
  let worker: Output | undefined
  let collector: Collector
  let env: NodeJS.ProcessEnv

  beforeAll(async () => {
    redis = await startRedis()
    collector = await startCollector()
    env = {
      GITHUB_WEBHOOK_SECRET: secret,
      REDIS_URL: redis.url,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
    }
    await buildNext('next-bullmq', env)
    web = await startNext('examples/next-bullmq', env)
  })
  afterAll(async () => {
    await worker?.stop()
    await web?.stop()
    await redis?.stop()
    await collector?.close()
  })

  test('the web side accepts without running, a worker that comes later runs, and retries', async () => {
    expect((await send(push('1'))).status).toBe(200)
    expect((await send(push('1'))).status).toBe(200)
    expect(web.lines.some((line) => line.includes('deploy'))).toBe(false)
    worker = follow(spawnIn('examples/next-bullmq', ['worker.ts'], env))
    await worker.line('working')
    await worker.line('deploy 1')
    expect((await send(sign('2', 'issues.opened', { action: 'opened' }))).status).toBe(200)
    await worker.line('triage issues.opened 2 at attempt 2')
    expect(worker.lines.filter((line) => line === 'deploy 1')).toHaveLength(1)
  })

  test("the worker's spans are linked to those of the delivery, which are in Next's trace", async () => {
    expect((await send(push('3'))).status).toBe(200)
    await worker!.line('deploy 3')
    // Both processes export their spans every five seconds.
    const find = (name: string): CollectedSpan | undefined =>
      collector.spans.find(
        (span) => span.name === name && span.attributes['messaging.message.id'] === '3',
      )
    const process = await vi.waitUntil(() => find('process github'), WAIT)
    const sent = await vi.waitUntil(() => find('send github'), WAIT)
    const receive = find('receive github')!
    expect([process.service, sent.service, receive.service]).toEqual(['worker', 'web', 'web'])
    expect(process.links).toEqual([{ traceId: sent.traceId, spanId: sent.spanId }])
    expect(sent.parentSpanId).toBe(receive.spanId)
    const above = await vi.waitUntil(
      () => collector.spans.find(({ spanId }) => spanId === receive.parentSpanId),
      WAIT,
    )
    expect(above.attributes['next.span_type']).toBeDefined()
    expect(receive.attributes).not.toHaveProperty('url.path')
  })

  function push(id: string): Parameters<typeof send>[0] {
    return sign(id, 'push', {})
  }

  function sign(id: string, topic: string, payload: object): Parameters<typeof send>[0] {
    return github({ secret }).sign!({
      id,
      topic,
      payload,
      url: `http://127.0.0.1:${web.port}/webhooks/github`,
    })
  }
})
