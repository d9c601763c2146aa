import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import express from 'express'
import { samples } from '@postern/testing'
import { remedies, untestedStacks } from '@postern/testing/audit'
import { expect, test } from 'vitest'
import { postern } from '../../packages/cli/test/run.ts'
import { listenOn } from '../services/temporary.ts'

const SECRET = 'a secret of the remedies'

/** Returns the source of a GitHub receiver that consists only of the remedies' lines for Express. */
function source(): string {
  const line = (id: keyof typeof remedies, ...at: readonly number[]): string =>
    at.map((one) => remedies[id].lines.express[one]).join('\n')
  return `
${line('secret', 0, 1)}
${line('compare', 0, 1)}
const app = express()
${line('stack', 0)}
${line('raw-body', 0)}
async function deliver(request, response) {
  ${line('raw-body', 1)}
  ${line('algorithm', 0, 1)}
  ${line('verify', 0, 1)}
  ${line('odd-bodies', 0, 1)}
  const [id, topic] = [request.get('x-github-delivery'), request.get('x-github-event')]
  ${line('ignore-topics', 0, 1)}
  ${line('dedupe', 0, 1)}
  ${line('after-verify', 0, 1)}
  response.sendStatus(200)
}
${line('crash', 0)}
${line('route', 0, 1)}
${line('crash', 1)}
return app`
}

test('a receiver of the lines for Express has no finding', async () => {
  expect(untestedStacks).not.toContain('express')
  let effects = 0
  const db = new DatabaseSync(':memory:')
  db.exec('CREATE TABLE seen (id TEXT PRIMARY KEY)')
  const topics = (await samples('github')).map(({ topic }) => topic!.split('.')[0]!)
  const handlers = new Map(topics.map((topic) => [topic, () => void effects++]))
  const parsed = (raw: Buffer): unknown => {
    try {
      return JSON.parse(raw.toString())
    } catch {
      return undefined
    }
  }
  const given = { express, createHash, createHmac, timingSafeEqual, db, handlers, parsed }
  // oxlint-disable-next-line typescript/no-implied-eval
  const make = new Function(...Object.keys(given), 'process', source())
  const app = make(...Object.values(given), { env: { WEBHOOK_SECRET: SECRET } }) as express.Express
  const server = createServer(app)
  const counter = createServer((_, response) => response.end(String(effects)))
  const [url, counted] = await Promise.all(
    [server, counter].map(async (one) => `http://127.0.0.1:${await listenOn(one)}`),
  )
  const to = ['--provider', 'github', '--secret', SECRET, '--effect-url', counted!]
  const { out, err } = await postern(['audit', `${url}/webhooks`, ...to, '--json'])
  server.closeAllConnections()
  server.close()
  counter.close()
  db.close()
  expect(err).not.toContain('Error')
  const { grade, findings } = JSON.parse(out) as {
    readonly grade?: string
    readonly findings: readonly object[]
  }
  expect([grade, findings]).toEqual(['A', []])
})
