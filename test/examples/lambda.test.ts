import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { gzipSync } from 'node:zlib'
import type { SignableRequest } from '@postern/core/scheme'
import { stripe } from '@postern/providers/stripe'
import pg from 'pg'
import { expect, test } from 'vitest'
import { must } from '../pack/must.ts'
import { root } from '../run/report.ts'
import { needs } from '../services/needs.ts'
import { startPostgres } from '../services/postgres.ts'
import { postgresServer } from '../services/programs.ts'

const secret = 'whsec_of the example'
const example = join(root, 'examples/lambda')
const bundle = join(example, 'dist', 'handler.mjs')

/** Calls a function of the bundle as a cold start does: in a new process, which ends right after the reply. */
async function called(
  name: 'handler' | 'cron',
  event: object,
  env: Readonly<Record<string, string>>,
): Promise<{ readonly result: any; readonly ms: number }> {
  const program = `
    const started = performance.now()
    const { ${name} } = await import(process.env.BUNDLE)
    const result = await ${name}(JSON.parse(process.env.EVENT), { getRemainingTimeInMillis: () => 30_000 })
    process.stdout.write(JSON.stringify({ result, ms: performance.now() - started }), () => process.exit())`
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--input-type=module', '--eval', program],
    { env: { ...process.env, ...env, BUNDLE: bundle, EVENT: JSON.stringify(event) } },
  )
  return JSON.parse(stdout) as { readonly result: any; readonly ms: number }
}

function eventOf({ url, headers, body }: SignableRequest): object {
  const { pathname, host } = new URL(url)
  return {
    version: '2.0',
    rawPath: pathname,
    rawQueryString: '',
    headers: { host, ...headers },
    requestContext: { http: { method: 'POST' }, domainName: host },
    body: Buffer.from(body).toString('base64'),
    isBase64Encoded: true,
  }
}

needs(postgresServer).describe('lambda', () => {
  test('a bundle takes a delivery, and the schedule runs its handler once', async () => {
    await must('rolldown', BUNDLE, { cwd: example })
    const postgres = await startPostgres()
    const pool = new pg.Pool({ connectionString: postgres.url })
    pool.on('error', () => {})
    const env = { DATABASE_URL: postgres.url, STRIPE_WEBHOOK_SECRET: secret }
    try {
      await pool.query(readFileSync(join(example, 'credits.sql'), 'utf8'))
      const paid = stripe({ secret }).sign!({
        url: 'https://hooks.example.com/',
        topic: 'invoice.paid',
        payload: { id: 'evt_1', data: { object: { customer: 'cus_1', amount_paid: 1000 } } },
      })
      const first = await called('handler', eventOf(paid), env)
      expect(first.result).toMatchObject({ statusCode: 200 })
      expect((await called('handler', eventOf(paid), env)).result.statusCode).toBe(200)
      const forged = { ...paid, body: Buffer.from('{}') }
      expect((await called('handler', eventOf(forged), env)).result.statusCode).toBe(401)
      expect((await called('cron', {}, env)).result).toMatchObject({ ran: 1, done: 1, left: 0 })
      expect((await called('cron', {}, env)).result).toMatchObject({ ran: 0 })
      const { rows } = await pool.query('SELECT customer, cents::int FROM credits')
      expect(rows).toEqual([{ customer: 'cus_1', cents: 1000 }])
      console.log(`lambda: ${sizes()}; from import to the first 200: ${first.ms.toFixed(0)} ms`)
    } finally {
      await pool.end()
      await postgres.stop()
      rmSync(join(example, 'dist'), { recursive: true })
    }
  })
})

/** Returns the compressed size of the function's module and of the whole upload. */
function sizes(): string {
  const all = readdirSync(join(example, 'dist')).map((name) =>
    readFileSync(join(example, 'dist', name)),
  )
  const kilobytes = (files: readonly Buffer[]): string =>
    `${(files.reduce((sum, file) => sum + gzipSync(file).length, 0) / 1000).toFixed(0)} kB`
  return `${kilobytes([readFileSync(bundle)])} compressed in handler.mjs, ${kilobytes(all)} in all`
}

const BUNDLE = readFileSync(join(example, 'package.json'), 'utf8')
  .match(/"bundle": "rolldown (.+)"/)![1]!
  .split(' ')
