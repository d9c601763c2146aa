import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const here = import.meta.dirname
const guide = readFileSync(join(here, '../../packages/core/guides/logs.md'), 'utf8')

interface Line {
  readonly level: string | number
  readonly trace_id?: string
  readonly span_id?: string
  readonly [field: string]: unknown
}

interface Span {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly attributes: Readonly<Record<string, unknown>>
}

async function run(logger: string): Promise<{ lines: readonly Line[]; spans: readonly Span[] }> {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [join(here, 'run.ts'), logger],
    { env: { ...process.env, GITHUB_WEBHOOK_SECRET: 'the secret of the example' } },
  )
  const lines = stdout.trim().split('\n')
  return {
    lines: lines.map((line) => JSON.parse(line) as Line),
    spans: JSON.parse(stderr.trim().split('\n').at(-1)!) as Span[],
  }
}

describe.each([
  { logger: 'pino', text: 'msg', info: 30, warn: 40, error: 50 },
  { logger: 'winston', text: 'message', info: 'info', warn: 'warn', error: 'error' },
])('$logger', ({ logger, text, info, warn, error }) => {
  test('writes each line inside the span it is about, at the level of its kind', async () => {
    const { lines, spans } = await run(logger)
    const spanOf = (line: Line): string => {
      const span = spans.find(({ spanId }) => spanId === line.span_id)
      expect(span?.traceId).toBe(line.trace_id)
      const { 'postern.topic': topic, 'postern.task.attempt': attempt } = span!.attributes
      return [
        span!.name,
        ...[topic, attempt].filter((part) => part !== undefined).map(String),
      ].join(' ')
    }
    const told = lines.map((line) => [
      line.level,
      String(line[text]).split(/[:\n]/)[0],
      spanOf(line),
    ])
    expect(told).toHaveLength(7)
    expect(told).toEqual(
      expect.arrayContaining([
        [info, 'acknowledged watch', 'receive github watch'],
        [warn, 'rejected POST /webhooks', 'receive github'],
        [info, 'builds, attempt 1', 'process github push 1'],
        [warn, 'build on push push, attempt 1, failed', 'process github push 1'],
        [info, 'builds, attempt 2', 'process github push 2'],
        [warn, 'pong on ping ping, attempt 1, failed', 'process github ping 1'],
        [error, 'pong on ping ping, attempt 1, is dead', 'process github ping 1'],
      ]),
    )
    const rejected = lines.find((line) => line['code'] !== undefined)
    expect(rejected).toMatchObject({ receiver: 'github', code: 'signature_mismatch' })
  })

  test('is in the guide as it is here', () => {
    const code = readFileSync(join(here, `${logger}.ts`), 'utf8').replaceAll(
      'export const',
      'const',
    )
    expect(guide).toContain(`\`\`\`ts\n${code}\`\`\``)
  })
})
