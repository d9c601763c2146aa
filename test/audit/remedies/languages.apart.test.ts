// Builds a program in Go: 20 s of CPU.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { samples } from '@postern/testing'
import { untestedStacks } from '@postern/testing/audit'
import { expect, test } from 'vitest'
import { postern } from '../../../packages/cli/test/run.ts'
import { listenOn } from '../../services/temporary.ts'
import { missingFor } from '../runtimes.ts'
import { startReceiver } from '../start.ts'
import { remedyReceivers } from './receivers.ts'

const SECRET = 'a secret of the remedies'

test.for(['flask', 'php', 'go'] as const)(
  'a receiver of the lines for %s has no finding',
  { timeout: 180_000 },
  async (stack, { skip }) => {
    expect(untestedStacks).not.toContain(stack)
    const { file, source, ini } = remedyReceivers[stack]
    const missing = missingFor(file)
    if (missing !== undefined) {
      console.log(missing)
      skip(missing)
    }
    const folder = mkdtempSync(join(tmpdir(), 'postern-remedies-'))
    const effects = join(folder, 'effects')
    writeFileSync(effects, '')
    writeFileSync(join(folder, file), source)
    if (ini !== undefined) writeFileSync(join(folder, 'php.ini'), ini)
    const topics = (await samples('github')).map(({ topic }) => topic!.split('.')[0]!)
    const receiver = await startReceiver(join(folder, file), {
      WEBHOOK_SECRET: SECRET,
      EFFECTS: effects,
      TOPICS: JSON.stringify(topics),
    })
    const counter = createServer((_, response) => response.end(String(statSync(effects).size)))
    const counted = `http://127.0.0.1:${await listenOn(counter)}`
    const to = ['--provider', 'github', '--secret', SECRET, '--effect-url', counted]
    const url = new URL('/webhooks', receiver.url).href
    const { out, err } = await postern(['audit', url, ...to, '--json'])
    receiver.stop()
    await receiver.ended
    counter.closeAllConnections()
    counter.close()
    rmSync(folder, { recursive: true })
    expect(err).not.toContain('Error')
    const { grade, findings } = JSON.parse(out) as {
      readonly grade?: string
      readonly findings: readonly object[]
    }
    expect([grade, findings]).toEqual(['A', []])
  },
)
